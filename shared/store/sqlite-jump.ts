import type { Filter, Order } from '../filter.ts'
import { type ActionSet, quartersIn, type Span, startOfQuarter, type View, wholeDaysIn } from './sqlite-counted.ts'
import { quartersPerDay, unit } from './sqlite-counters.ts'
import type { SqliteQueries } from './sqlite-query.ts'
import { type Range, rangeBehind, rangeOf } from './sqlite-scan.ts'
import type { TimeSlicer } from './sqlite-time-slicer.ts'

/** The part of a range in which a page begins, and how many of its activities come before the page. */
export type Place = { range: Range; toSkip: number }
type Cells = { of: 0 | 1; span: Span }

/**
 * Finds the quarter of an hour in which a distant page begins, from the counters of days and then of quarters. So only
 * activities of one quarter are skipped one by one. Undefined if the counters do not tell.
 */
export function createSqliteJump({ counted, sourceOf, steps }: Pick<SqliteQueries, 'counted' | 'sourceOf' | 'steps'>) {
  /** Skips the part of a range before its first whole quarter, or finds the step of it in which the page begins. */
  async function skipEdge(filter: Filter, edge: Range, order: Order, skip: number, timeSlicer: TimeSlicer) {
    const source = sourceOf(filter)
    let toSkip = skip
    for (let rest = edge; ; ) {
      await timeSlicer()
      const { n, last } = steps.count(source, rest, order)
      if (n > toSkip) return { toSkip, rest }
      toSkip -= n
      if (last === undefined) return { toSkip }
      rest = rangeBehind(rest, order, last)
    }
  }

  /** The quarter or day in which so many activities have been skipped, and how many are left to be skipped in it. */
  function walk(view: View, actions: ActionSet, { of, span }: Cells, order: Order, skip: number) {
    const sign = order === 'asc' ? 1 : -1
    const cells = [...counted.cells(view, of, actions, span)].sort(([one], [other]) => sign * (one - other))
    let toSkip = skip
    for (const [time, n] of cells) {
      if (n > toSkip) return { toSkip, time }
      toSkip -= n
    }
    return { toSkip }
  }

  return async (filter: Filter, order: Order, skip: number, timeSlicer: TimeSlicer): Promise<Place | undefined> => {
    if (filter.userId !== undefined) return undefined
    const range = rangeOf(filter)
    const { quarters, edges } = quartersIn(range)
    if (quarters.first >= quarters.end || sourceOf(filter).scans.length === 0) return undefined
    /** The part of the range from one of its quarters on. */
    const from = (quarter: number): Range =>
      order === 'asc' ? { ...range, from: startOfQuarter(quarter) } : { ...range, to: startOfQuarter(quarter + 1) }
    const isNear = (edge: Range) => (order === 'asc' ? edge.from === range.from : edge.to === range.to)
    const edge = edges.find(isNear)
    const near = edge ? await skipEdge(filter, edge, order, skip, timeSlicer) : { toSkip: skip }
    if (near.rest) {
      const { from, to } = near.rest
      return { toSkip: near.toSkip, range: order === 'asc' ? { ...range, from } : { ...range, to } }
    }
    await timeSlicer()
    return counted.atOnce(() => {
      const view = counted.view(filter)
      if (!view) return undefined
      const actions = counted.actionsOf(view.tenant, filter)
      let { toSkip } = near
      for (const cells of order === 'asc' ? cellsIn(quarters) : cellsIn(quarters).reverse()) {
        const at = walk(view, actions, cells, order, toSkip)
        if (at.time === undefined) {
          toSkip = at.toSkip
          continue
        }
        if (cells.of === unit.quarter) return { range: from(at.time), toSkip: at.toSkip }
        const first = at.time * quartersPerDay
        const day = { of: unit.quarter, span: { first, end: first + quartersPerDay } }
        const { time, toSkip: left } = walk(view, actions, day, order, at.toSkip)
        // counters of days and of quarters change together, so the quarter is there
        return time === undefined ? undefined : { range: from(time), toSkip: left }
      }
      return { toSkip, range: from(order === 'asc' ? quarters.end : quarters.first - 1) }
    })
  }
}

/** Whole days, and the quarters before and after them. */
function cellsIn({ first, end }: Span): Cells[] {
  const days = wholeDaysIn({ first, end })
  if (days.first >= days.end) return [{ of: unit.quarter, span: { first, end } }]
  const cells: Cells[] = [
    { of: unit.quarter, span: { first, end: days.first * quartersPerDay } },
    { of: unit.day, span: days },
    { of: unit.quarter, span: { first: Math.min(days.end * quartersPerDay, end), end } },
  ]
  return cells.filter(({ span }) => span.first < span.end)
}
