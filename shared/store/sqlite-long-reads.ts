import type { DatabaseSync } from 'node:sqlite'
import type { Gone } from '../aborted.ts'
import { createFairLock } from '../fair-lock.ts'
import { type Filter, isSearch } from '../filter.ts'
import {
  type Activities,
  type ArrivalsQuery,
  type FindQuery,
  type Found,
  type Lines,
  type LinesQuery,
  type Stats,
  type StatsQuery,
  TooBroad,
} from './activities.ts'
import type { DeadLetterQuery } from './dead-letters.ts'
import { createLines, withoutSearch } from './lines.ts'
import { countMatching, findMatching, type Part, totalTimeoutMs, wholeOf } from './metadata-search.ts'
import { createSqliteArrivals } from './sqlite-arrivals.ts'
import { createDeadLetterSearch } from './sqlite-dead-letter-search.ts'
import { type DeadLetterRow, toFoundDeadLetter } from './sqlite-dead-letters.ts'
import { createSqliteJump } from './sqlite-jump.ts'
import { createSqliteMatching } from './sqlite-metadata.ts'
import { createSqliteQueries } from './sqlite-query.ts'
import type { Moment } from './sqlite-rows.ts'
import { keyBehind, rangeBehind, rangeOf, type Source } from './sqlite-scan.ts'
import { createSnapshotStart } from './sqlite-snapshot-start.ts'
import { createSqliteStats } from './sqlite-stats.ts'
import { stepRows } from './sqlite-steps.ts'
import { createPaces, type Pace, readLimits, type TimeSlicer } from './sqlite-time-slicer.ts'

/**
 * Reads that may take long. They run in steps, with others in between; createPaces limits their time. When nobody waits
 * for one any more, it rejects with Aborted before its next step.
 */
export type LongReads = {
  find(query: FindQuery, gone?: Gone): Promise<readonly Found[]>
  findLines: Activities['findLines']
  count(filter: Filter, max?: number, gone?: Gone): Promise<number>
  stats(query: StatsQuery, gone?: Gone): Promise<Stats>
  arrivals(query: ArrivalsQuery, gone?: Gone): Promise<readonly Found[]>
  findDeadLetters(query: DeadLetterQuery, gone?: Gone): Promise<readonly DeadLetterRow[]>
}

/** The memory of each of the two connections: enough for the part of an index that a count or a distant page reads. */
export const cacheMiB = 32

/** How many rows to fetch in one step: they may be large. */
const rowsAtOnce = 100

export function createLongReads(db: DatabaseSync, limits = readLimits): LongReads {
  const queries = createSqliteQueries(db)
  const { rows, steps } = queries
  const paces = createPaces(limits)
  const matching = createSqliteMatching(queries, paces)
  const stats = createSqliteStats(db, queries, matching, limits.workMs)
  const arrivals = createSqliteArrivals(db)
  const deadLetters = createDeadLetterSearch(db)
  const jump = createSqliteJump(queries)
  const snapshotStart = createSnapshotStart(db, queries.names)
  /** Rows take many times the memory of their places, so only one read at a time has some of its rows, but not all. */
  const turnToFetch = createFairLock()

  async function placesOf(
    { order, limit, after, skip = 0, ...query }: FindQuery,
    timeSlicer: TimeSlicer,
  ): Promise<Part<number>> {
    const filter = queries.withoutNeedlessSnapshot(query.filter, true)
    const inStep = queries.sourcesOf(filter)
    if (inStep(({ scans }) => scans.length === 0)) return { found: [] }
    const found: number[] = []
    const place = skip >= stepRows ? await jump(filter, order, skip, timeSlicer) : undefined
    let toSkip = place?.toSkip ?? skip
    let examined: Moment | undefined
    let hadMatches = false
    let last: Moment | undefined
    for (let range = place?.range ?? rangeOf(filter, order, after); ; ) {
      try {
        await timeSlicer()
      } catch (error) {
        if (!(error instanceof TooBroad) || !examined) throw error
        return { found, through: keyBehind(examined, order) }
      }
      const isOver = inStep((source, filter) => {
        const start = hadMatches ? range : snapshotStart(filter, range, order)
        if (!start) return true
        range = start
        // this many entries contain no more matches than must be skipped, unless ties are added to them
        const skipped = toSkip >= stepRows && !range.ties ? steps.count(source, range, order, toSkip) : undefined
        last = skipped?.last
        if (skipped && skipped.n <= toSkip) {
          toSkip -= skipped.n
          hadMatches = skipped.n > 0
        } else {
          const wanted = toSkip + limit - found.length
          const step = steps.places(source, range, order, source.match ? stepRows : Math.min(stepRows, wanted))
          found.push(...step.places.slice(toSkip, wanted))
          hadMatches = step.places.length > 0
          toSkip = Math.max(0, toSkip - step.places.length)
          last = step.last
        }
        return false
      })
      if (isOver) return { found }
      if (last === undefined || found.length === limit) return { found }
      examined = last
      range = rangeBehind(range, order, last)
    }
  }

  /** What fits into one step need not wait for others. */
  async function fetch<Place, Row>(
    places: readonly Place[],
    of: Pace,
    rowsOf: (places: readonly Place[]) => readonly Row[],
  ): Promise<Row[]> {
    const timeSlicer = paces.pace(of)
    const release = places.length > rowsAtOnce ? await turnToFetch(of.tenant) : undefined
    try {
      const found: Row[] = []
      for (let at = 0; at < places.length; at += rowsAtOnce) {
        await timeSlicer()
        found.push(...rowsOf(places.slice(at, at + rowsAtOnce)))
      }
      return found
    } finally {
      release?.()
    }
  }

  /** Undefined if more than one part of an index has the lines, each row must be examined, or the next ones tie. */
  async function linesOfScan(query: LinesQuery, timeSlicer: TimeSlicer): Promise<Lines | undefined> {
    const { order, after, limit, filter } = query
    const inStep = queries.sourcesOf(withoutSearch(filter))
    const isScan = ({ match, scans }: Source) => !match && scans.length === 1
    if (!inStep(isScan)) return undefined
    const lines = createLines(query)
    let place: number | undefined
    for (let range = rangeOf(filter, order, after); lines.examined() < limit; ) {
      await timeSlicer()
      const max = Math.min(rowsAtOnce, limit - lines.examined())
      const step = inStep((source) => (isScan(source) ? steps.rows(source, range, order, max) : undefined))
      if (!step) break
      const end = step.rows.findIndex((row) => !lines.add(rows.toListed(row)))
      place = step.rows.at(end)?.[4] ?? place
      if (end >= 0) break
      if (!step.last) return lines.end(undefined)
      range = rangeBehind(range, order, step.last)
    }
    return place === undefined ? undefined : lines.end(rows.keyAt(place))
  }

  async function countAll(filter: Filter, max: number, timeSlicer: TimeSlicer): Promise<number> {
    const range = rangeOf(filter)
    if (queries.counted.tells(filter)) await timeSlicer()
    const { n, edges } = queries.counted.count(filter, range) ?? { n: 0, edges: [range] }
    if (n >= max) return max
    const inStep = queries.sourcesOf(filter)
    const { scans } = inStep((source) => source)
    let counted = n
    try {
      for (const scan of scans) {
        for (const edge of edges) {
          for (let range = edge; ; ) {
            await timeSlicer()
            const { n, last } = inStep((source) => steps.count({ ...source, scans: [scan] }, range, 'asc'))
            counted += n
            if (counted >= max) return max
            if (last === undefined) break
            range = rangeBehind(range, 'asc', last)
          }
        }
      }
      return counted
    } catch (error) {
      throw error instanceof TooBroad ? new TooBroad(error.message, { counted }) : error
    }
  }

  return {
    async find(query, gone) {
      const { filter, withinMs } = query
      const of = { tenant: filter.tenant, gone }
      const part = await (isSearch(filter)
        ? findMatching(matching, query, gone)
        : placesOf(query, paces.pace({ ...of, withinMs })))
      return wholeOf({ ...part, found: await fetch(part.found, of, rows.found) })
    },
    async findLines(query, gone) {
      const { filter, format: _format, maxBytes: _maxBytes, ...place } = query
      const of = { tenant: filter.tenant, gone }
      const scanned = await linesOfScan(query, paces.pace(of))
      if (scanned) return scanned
      const { found: places, through } = await placesOf({ ...place, filter: withoutSearch(filter) }, paces.pace(of))
      const lines = createLines(query)
      const timeSlicer = paces.pace(of)
      let isWhole = true
      for (let at = 0; isWhole && at < places.length; at += rowsAtOnce) {
        await timeSlicer()
        isWhole = rows.listed(places.slice(at, at + rowsAtOnce)).every(lines.add)
      }
      const isEnd = isWhole && places.length < query.limit
      const last = places[lines.examined() - 1]
      return lines.end((isWhole ? through : undefined) ?? (isEnd || last === undefined ? undefined : rows.keyAt(last)))
    },
    async count(filter, max = Number.POSITIVE_INFINITY, gone) {
      if (isSearch(filter)) return countMatching(matching, filter, max, gone)
      const isHasty = filter.excluded !== undefined && Number.isFinite(max)
      const withinMs = isHasty ? totalTimeoutMs : undefined
      const bounded = queries.withoutNeedlessSnapshot(filter, true)
      return countAll(bounded, max, paces.pace({ tenant: filter.tenant, withinMs, gone }))
    },
    stats: (query, gone) => stats(query, paces.pace({ tenant: query.filter.tenant, gone }), gone),
    arrivals: async (query, gone) => {
      const of = { tenant: query.tenant, gone }
      return fetch(await arrivals(query, paces.pace(of)), of, rows.found)
    },
    async findDeadLetters({ filter, limit, ...query }, gone) {
      const of = { tenant: filter.tenant, gone }
      const timeSlicer = paces.pace(of)
      const found: DeadLetterRow[] = []
      for (let place = query; ; ) {
        const wanted = limit - found.length
        const ids = await deadLetters.ids({ ...place, filter, limit: wanted }, timeSlicer)
        const rows = await fetch(ids, of, deadLetters.rows)
        found.push(...rows.filter((row) => deadLetters.isStill(row, filter)))
        const last = rows.at(-1)
        if (!last || ids.length < wanted || found.length === limit) return found
        place = { ...query, after: toFoundDeadLetter(last).key }
      }
    },
  }
}
