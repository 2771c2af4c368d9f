import type { DatabaseSync } from 'node:sqlite'
import type { Filter } from '../filter.ts'
import { type ArrivalsQuery, type FindQuery, type Stats, type StatsQuery, TooBroad } from './activities.ts'
import type { DeadLetterQuery } from './dead-letters.ts'
import { countMatching, findMatching } from './metadata-search.ts'
import { createSqliteArrivals } from './sqlite-arrivals.ts'
import { createDeadLetterSearch } from './sqlite-dead-letter-search.ts'
import type { DeadLetterRow } from './sqlite-dead-letters.ts'
import { createSqliteMatching } from './sqlite-metadata.ts'
import { createSqliteQueries, type Row } from './sqlite-query.ts'
import { rangeBehind, rangeOf, sourceOf } from './sqlite-scan.ts'
import { createSqliteStats } from './sqlite-stats.ts'
import { createSqliteSteps, stepRows } from './sqlite-steps.ts'
import { createPaces, readLimits, type TimeSlicer } from './sqlite-time-slicer.ts'

/** Reads that may take long. They run in steps, with others in between; createPaces limits their time. */
export type LongReads = {
  find(query: FindQuery): Promise<readonly Row[]>
  count(filter: Filter, max?: number): Promise<number>
  stats(query: StatsQuery): Promise<Stats>
  arrivals(query: ArrivalsQuery): Promise<readonly Row[]>
  findDeadLetters(query: DeadLetterQuery): Promise<readonly DeadLetterRow[]>
}

/** How many rows to fetch in one step: they may be large. */
const rowsAtOnce = 100

export function createLongReads(db: DatabaseSync, limits = readLimits): LongReads {
  const queries = createSqliteQueries(db)
  const matching = createSqliteMatching(db, queries)
  const stats = createSqliteStats(db, queries, matching, limits.workMs)
  const arrivals = createSqliteArrivals(db)
  const findDeadLetters = createDeadLetterSearch(db)
  const steps = createSqliteSteps(db)
  const byKey = db.prepare('SELECT * FROM activities WHERE key = ?')
  const newPace = createPaces(limits)

  const sourceFor = async (filter: Filter) => sourceOf(filter, await queries.actionsOf(filter))

  async function keysOf(
    { order, limit, after, skip = 0, ...query }: FindQuery,
    timeSlicer: TimeSlicer,
  ): Promise<string[]> {
    const filter = queries.withoutNeedlessSnapshot(query.filter)
    const source = await sourceFor(filter)
    if (source.scans.length === 0) return []
    const found: string[] = []
    let toSkip = skip
    for (let range = rangeOf(filter, order, after); ; ) {
      await timeSlicer()
      let last: string | undefined
      if (toSkip >= stepRows) {
        // this many rows contain no more matches than must be skipped
        const step = steps.count(source, range, order, toSkip)
        toSkip -= step.n
        last = step.last
      } else {
        const wanted = toSkip + limit - found.length
        const step = steps.keys(source, range, order, source.match ? stepRows : Math.min(stepRows, wanted))
        found.push(...step.keys.slice(toSkip, wanted))
        toSkip = Math.max(0, toSkip - step.keys.length)
        last = step.last
      }
      if (last === undefined || found.length === limit) return found
      range = rangeBehind(range, order, last)
    }
  }

  async function fetch(keys: readonly string[], timeSlicer: TimeSlicer): Promise<Row[]> {
    const rows: Row[] = []
    for (let at = 0; at < keys.length; at += rowsAtOnce) {
      await timeSlicer()
      for (const key of keys.slice(at, at + rowsAtOnce)) rows.push(byKey.get(key) as Row)
    }
    return rows
  }

  async function countAll(filter: Filter, max: number, timeSlicer: TimeSlicer): Promise<number> {
    const { scans, ...others } = await sourceFor(filter)
    let counted = 0
    try {
      for (const scan of scans) {
        for (let range = rangeOf(filter); ; ) {
          await timeSlicer()
          const { n, last } = steps.count({ scans: [scan], ...others }, range, 'asc')
          counted += n
          if (counted >= max) return max
          if (last === undefined) break
          range = rangeBehind(range, 'asc', last)
        }
      }
      return counted
    } catch (error) {
      throw error instanceof TooBroad ? new TooBroad(error.message, counted) : error
    }
  }

  return {
    async find(query) {
      const timeSlicer = newPace()
      return fetch(
        query.filter.metadata ? await findMatching(matching, query) : await keysOf(query, timeSlicer),
        timeSlicer,
      )
    },
    async count(filter, max = Number.POSITIVE_INFINITY) {
      if (filter.metadata) return countMatching(matching, filter, max)
      return countAll(queries.withoutNeedlessSnapshot(filter), max, newPace())
    },
    stats: (query) => stats(query, newPace()),
    arrivals: async (query) => {
      const timeSlicer = newPace()
      return fetch(await arrivals(query, timeSlicer), timeSlicer)
    },
    findDeadLetters: (query) => findDeadLetters(query, newPace()),
  }
}
