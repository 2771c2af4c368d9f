import type { DatabaseSync } from 'node:sqlite'
import { type ActionPattern, type Filter, isMeant, isSearch } from '../filter.ts'
import type { CalendarStatsQuery, NameStatsQuery, Stats, StatsQuery } from './activities.ts'
import { type CalendarSpan, calendarOf } from './calendar.ts'
import { createNameCounter, type NameCounter } from './name-counter.ts'
import { type ActionSet, everything, quartersIn, type Span, type View } from './sqlite-counted.ts'
import { allActions, quarterMs, quartersPerDay, unit } from './sqlite-counters.ts'
import type { SqliteQueries } from './sqlite-query.ts'
import { beforeMs, type Range, rangeBehind, rangeOf, type Source, scanOf, statementCache } from './sqlite-scan.ts'
import type { TimeSlicer } from './sqlite-time-slicer.ts'

/** How many names, actions within a time, or quarters or days to count in one step. */
const atOnce = { names: 1000, actionsWithin: 100, cells: 4000 }

export type CountSpans = (
  source: Source,
  range: Range,
  spanAt: (ms: number) => CalendarSpan,
  counter: NameCounter,
  timeSlicer: TimeSlicer,
) => Promise<void>
type Named = { number: number; name: string }

const all: ActionSet = { plus: [allActions], minus: [], has: () => true }

/**
 * Answers stats from counters; undefined if they do not tell, as for those of a user. The parts of a range that are not
 * whole quarters of an hour are counted from the index.
 */
export function createSqliteCountedStats(
  db: DatabaseSync,
  { counted, names, sourceOf, steps }: Pick<SqliteQueries, 'counted' | 'names' | 'sourceOf' | 'steps'>,
  countSpans: CountSpans,
) {
  const prepare = statementCache(db)

  /** Reads counters that agree with each other; undefined if they do not tell. */
  const viewed = <Result>(filter: Filter, read: (view: View) => Result): Result | undefined =>
    counted.atOnce(() => {
      const view = counted.view(filter)
      return view && read(view)
    })

  async function byAction(query: NameStatsQuery, timeSlicer: TimeSlicer): Promise<Stats | undefined> {
    const { filter, prefix = '' } = query
    const counter = createNameCounter(query)
    const { quarters, edges } = quartersIn(rangeOf(filter))
    const isAsked = meantBy(filter)
    const isEver = filter.from === undefined && filter.to === undefined
    const max = isEver ? atOnce.names : atOnce.actionsWithin
    const inSnapshot = sourceOf({ tenant: filter.tenant, ...(filter.snapshot && { snapshot: filter.snapshot }) })
    const after = (page: readonly Named[]) => namesAfter('actions', filter, page, max)
    for (let page = namesFrom('actions', filter, prefix, max); page.length > 0; page = after(page)) {
      await timeSlicer()
      const asked = page.filter(({ name }) => name.startsWith(prefix) && isAsked(name))
      const numbers = asked.map(({ number }) => number)
      const counts = viewed(filter, (view) => counted.ofEach(view, numbers, quarters))
      if (!counts) return undefined
      const tenant = names.tenant(filter.tenant) as number
      for (const { name, number } of asked) {
        let whole = counts.get(number) ?? 0
        const source = { ...inSnapshot, scans: [scanOf(tenant, undefined, number)] }
        for (const edge of edges) whole += await countIn(source, edge, timeSlicer)
        counter.addWhole(name, whole)
      }
      if (!page.at(-1)?.name.startsWith(prefix)) break
    }
    return counter.stats()
  }

  async function countIn(source: Source, edge: Range, timeSlicer: TimeSlicer): Promise<number> {
    let counted = 0
    for (let range = edge; ; ) {
      await timeSlicer()
      const { n, last } = steps.count(source, range, 'asc')
      counted += n
      if (last === undefined) return counted
      range = rangeBehind(range, 'asc', last)
    }
  }

  const namesFrom = (table: 'actions' | 'users', { tenant }: Filter, prefix: string, max = atOnce.names) =>
    prepare(`SELECT number, name FROM ${table} WHERE tenant = ? AND name >= ? ORDER BY name LIMIT ?`).all(
      names.tenant(tenant) as number,
      prefix,
      max,
    ) as Named[]

  function namesAfter(
    table: 'actions' | 'users',
    { tenant }: Filter,
    page: readonly Named[],
    max = atOnce.names,
  ): Named[] {
    if (page.length < max) return []
    const statement = `SELECT number, name FROM ${table} WHERE tenant = ? AND name > ? ORDER BY name LIMIT ?`
    return prepare(statement).all(names.tenant(tenant) as number, page.at(-1)?.name as string, max) as Named[]
  }

  /** The users with the most activities are the first of an index, except those whose numbers are changing. */
  function mostActive(query: NameStatsQuery): Stats | undefined {
    const { filter, limit, after } = query
    return viewed(filter, (view) => {
      const counter = createNameCounter(query)
      const changes = changesOf(view)
      for (const { number, name, n } of counted.mostActive(view.tenant, after, limit + changes.size)) {
        if (!changes.has(number)) counter.add(name, n)
      }
      for (const [number, change] of changes) {
        const { name, n } = counted.user(number)
        counter.add(name, n + change)
      }
      return { data: counter.stats().data, total: counted.inQuarters(view, all, everything) }
    })
  }

  async function byUserWithPrefix(query: NameStatsQuery, timeSlicer: TimeSlicer): Promise<Stats | undefined> {
    const { filter, prefix = '' } = query
    const counter = createNameCounter(query)
    for (let page = namesFrom('users', filter, prefix); page.length > 0; page = namesAfter('users', filter, page)) {
      await timeSlicer()
      const counts = viewed(filter, (view) => {
        const changes = changesOf(view)
        return page.map(({ number, name }) => ({ name, n: counted.user(number).n + (changes.get(number) ?? 0) }))
      })
      if (!counts) return undefined
      for (const { name, n } of counts) if (name.startsWith(prefix)) counter.addWhole(name, n)
      if (!page.at(-1)?.name.startsWith(prefix)) break
    }
    return counter.stats()
  }

  async function byCalendar(query: CalendarStatsQuery, timeSlicer: TimeSlicer): Promise<Stats | undefined> {
    const { filter, by, timezone } = query
    const counter = createNameCounter(query)
    const spanAt = calendarOf(by, timezone)
    const range = rangeOf(filter)
    const source = sourceOf(filter)
    const { quarters, edges } = quartersIn(range)
    // days in UTC are parts of its days and months, but no days elsewhere
    const unitOf = timezone === 'UTC' && by !== 'hour' ? unit.day : unit.quarter
    const per = unitOf === unit.day ? quartersPerDay : 1
    const cells = { first: Math.ceil(quarters.first / per), end: endOf(quarters, per) }
    const rest: Range[] = [...edges]
    if (cells.first >= cells.end) rest.splice(0, edges.length, range)
    else if (per > 1) rest.splice(0, edges.length, ...partsBeside(range, cells, per))
    let span = { key: '', endMs: 0 }
    for (let first = cells.first; first < cells.end; ) {
      await timeSlicer()
      const read = viewed(filter, (view) => {
        const end = Math.min(cells.end, counted.endOfCells(view.tenant, unitOf, first, atOnce.cells))
        return { end, cells: counted.cells(view, unitOf, counted.actionsOf(view.tenant, filter), { first, end }) }
      })
      if (!read) return undefined
      for (const [time, n] of [...read.cells].sort(([one], [other]) => one - other)) {
        const [startMs, endMs] = [time * per * quarterMs, (time + 1) * per * quarterMs]
        if (startMs >= span.endMs) span = spanAt(startMs)
        if (endMs <= span.endMs) counter.add(span.key, n)
        // the offset of the time zone is no multiple of a quarter of an hour
        else rest.push({ from: beforeMs(startMs), to: beforeMs(endMs) })
      }
      first = read.end
    }
    for (const part of rest) await countSpans(source, part, spanAt, counter, timeSlicer)
    return counter.stats()
  }

  return async (query: StatsQuery, timeSlicer: TimeSlicer): Promise<Stats | undefined> => {
    const { filter } = query
    if (isSearch(filter) || filter.userId !== undefined) return undefined
    if ('timezone' in query) return byCalendar(query, timeSlicer)
    if (query.by === 'action') return byAction(query, timeSlicer)
    const { actions, excluded, from, to } = filter
    if (actions || excluded || from !== undefined || to !== undefined) return undefined
    if (query.prefix !== undefined) return byUserWithPrefix(query, timeSlicer)
    await timeSlicer()
    return mostActive(query)
  }
}

/** Compares names, since looking up all actions that a filter means would take as long for each page. */
function meantBy({ actions, excluded = [] }: Filter): (name: string) => boolean {
  const isAny = (patterns: readonly ActionPattern[], name: string) => patterns.some((pattern) => isMeant(pattern, name))
  return (name) => (!actions || isAny(actions, name)) && !isAny(excluded, name)
}

function changesOf({ changes }: View): Map<number, number> {
  const byUser = new Map<number, number>()
  for (const { user, sign } of changes) byUser.set(user, (byUser.get(user) ?? 0) + sign)
  return byUser
}

const endOf = ({ end }: Span, per: number) => (end === everything.end ? end : Math.floor(end / per))

/** The parts of a range before and after whole days. */
function partsBeside(range: Range, days: Span, per: number): Range[] {
  const startOf = (day: number) => beforeMs(day * per * quarterMs)
  return [
    ...(range.from ? [{ from: range.from, to: startOf(days.first) }] : []),
    ...(range.to ? [{ from: startOf(days.end), to: range.to }] : []),
  ]
}
