import type { DatabaseSync } from 'node:sqlite'
import { type Filter, isSearch } from '../filter.ts'
import type { FindQuery, Found } from './activities.ts'
import { createSqliteCounted } from './sqlite-counted.ts'
import { createSqliteNames } from './sqlite-names.ts'
import { createSqliteRows } from './sqlite-rows.ts'
import { entriesIn, rangeOf, type Source, sourceOf, statementCache } from './sqlite-scan.ts'
import { createSqliteSnapshots } from './sqlite-snapshot.ts'
import { createSqliteSteps } from './sqlite-steps.ts'
import type { Unchanged } from './sqlite-unchanged.ts'

/**
 * The limits of a read that is answered immediately: rows examined, rows fetched, rows of a moment, prefixes looked up
 * and ranges merged. Whoever writes records can give all of them the same moment.
 * Merging 200 ranges takes 20 times as long as reading one, however few rows are in them.
 */
const maxLookedAt = 20_000
const maxFetched = 101
const maxTied = 500
const maxPrefixes = 10
const maxScans = 20

const always: Unchanged = (_name, compute) => compute()

export type SqliteQueries = ReturnType<typeof createSqliteQueries>

/** The reads that an index and a limit keep too short to delay anything else. */
export function createSqliteQueries(
  db: DatabaseSync,
  { unchanged = always, maxChanges }: { unchanged?: Unchanged; maxChanges?: number } = {},
) {
  const prepare = statementCache(db)
  const names = createSqliteNames(db)
  const rows = createSqliteRows(db)
  const steps = createSqliteSteps(db, rows)
  const withoutNeedlessSnapshot = createSqliteSnapshots(db)
  const counted = createSqliteCounted(db, names, maxChanges)

  /** The source that contains exactly the matches, or undefined if each row must be examined. */
  function wholeSourceOf(filter: Filter): Source | undefined {
    if (isSearch(filter)) return undefined
    const { snapshot, ...others } = withoutNeedlessSnapshot(filter)
    if (snapshot) return undefined
    const prefixes = filter.actions?.filter((action) => 'prefix' in action) ?? []
    if (prefixes.length > maxPrefixes) return undefined
    const source = sourceOf(names, others)
    return source.match || source.scans.length > maxScans ? undefined : source
  }

  /**
   * Gives each step of a long read its source. A snapshot is dropped for one step at a time, within one view of the
   * database, since others go on writing between the steps.
   */
  function sourcesOf(filter: Filter): <Result>(step: (source: Source, filter: Filter) => Result) => Result {
    let now = withoutNeedlessSnapshot(filter)
    let source = sourceOf(names, now)
    return (step) => {
      if (!filter.snapshot || now.snapshot) return step(source, now)
      return counted.atOnce(() => {
        const then = withoutNeedlessSnapshot(filter)
        if (then.snapshot) {
          now = then
          source = sourceOf(names, now)
        }
        return step(source, now)
      })
    }
  }

  return {
    /** Undefined if it might take long. */
    find({ filter, order, limit, after, skip = 0 }: FindQuery): Found[] | undefined {
      const source = limit <= maxFetched ? wholeSourceOf(filter) : undefined
      if (!source || (skip + limit) * source.scans.length > maxLookedAt) return undefined
      if (source.scans.length === 0) return []
      const { places, areWhole } = steps.places(source, rangeOf(filter, order, after), order, limit, skip, maxTied)
      if (!areWhole) return undefined
      return rows.found(places.slice(0, limit))
    },
    /** Undefined if it might take long. */
    count(filter: Filter, max = Number.POSITIVE_INFINITY): number | undefined {
      const source = max <= maxLookedAt ? wholeSourceOf(filter) : undefined
      if (!source) return undefined
      if (source.scans.length === 0) return 0
      const range = rangeOf(filter)
      const entries = entriesIn(source.scans, range)
      return unchanged(`${entries.text} ${entries.values} ${max}`, () => {
        // the edges of a range may take longer than counting up to the maximum
        const parts = range.from || range.to ? undefined : counted.count(filter, range)
        if (parts) return Math.min(parts.n, max)
        const row = prepare(`SELECT count(*) AS n FROM (${entries.text} LIMIT ?)`).get(...entries.values, max)
        return (row as { n: number }).n
      })
    },
    tenants: (after: string, limit: number): string[] =>
      prepare('SELECT name FROM tenants WHERE name > ? ORDER BY name LIMIT ?')
        .all(after, limit)
        .map(({ name }) => name as string),
    get: rows.foundById,
    sourceOf: (filter: Filter) => sourceOf(names, filter),
    rows,
    steps,
    withoutNeedlessSnapshot,
    sourcesOf,
    counted,
    names,
  }
}
