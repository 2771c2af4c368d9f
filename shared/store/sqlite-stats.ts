import type { DatabaseSync } from 'node:sqlite'
import type { Filter } from '../filter.ts'
import { firstKeyAt, keyTimeMs } from '../key.ts'
import type { CalendarStatsQuery, NameStatsQuery, Stats, StatsQuery } from './activities.ts'
import { calendarOf } from './calendar.ts'
import { type Matching, tallyMatching } from './metadata-search.ts'
import { createNameCounter, type NameCounter } from './name-counter.ts'
import type { SqliteQueries } from './sqlite-query.ts'
import { type Range, rangeBehind, rangeOf, rowsIn, type Source, sourceOf, statementCache } from './sqlite-scan.ts'
import { isInSnapshot } from './sqlite-snapshot.ts'
import { createSqliteSteps, stepRows } from './sqlite-steps.ts'
import type { TimeSlicer } from './sqlite-time-slicer.ts'

/** From this share of the whole time on, reading a complete index of names is faster. */
const groupsFrom = 0.2

type Group = { name: string; n: number; looked: number; last: string }

/**
 * Counts what an index contains. Anything else is looked up row by row, such as the names of users in the order of
 * time. With a metadata filter it counts everything that `matching` finds.
 */
export function createSqliteStats(
  db: DatabaseSync,
  { actionsOf }: Pick<SqliteQueries, 'actionsOf'>,
  matching: Matching<string>,
  workMs: number,
) {
  const prepare = statementCache(db)
  const steps = createSqliteSteps(db)

  return async function stats(query: StatsQuery, timeSlicer: TimeSlicer): Promise<Stats> {
    const { filter } = query
    if (filter.metadata) return tallyMatching(matching, query, { timeMs: keyTimeMs, name }, workMs)
    const counter = createNameCounter(query)
    const source = sourceOf(filter, await actionsOf(filter))
    if ('timezone' in query) await byCalendar(query, source, counter, timeSlicer)
    else if (isForGroups(filter)) await byGroups(query, counter, timeSlicer)
    else await byName(query, source, counter, timeSlicer)
    return counter.stats()
  }

  /**
   * Whether to read the whole index of names: if all activities count, or so many that looking up their names takes
   * longer. This is estimated from the times of the first and the last activity.
   */
  function isForGroups({ tenant, userId, actions, from, to }: Filter): boolean {
    if (userId !== undefined || actions) return false
    if (from === undefined && to === undefined) return true
    const ends = ['min', 'max'].map((end) =>
      prepare(`SELECT ${end}(key) AS key FROM activities INDEXED BY byTime WHERE tenant = ?`).get(tenant),
    )
    const [first, last] = ends.map((end) => keyTimeMs((end as { key: string | null }).key ?? ''))
    const [begin = 0, end = 0] = [first, last]
    return Math.min(to ?? end, end) - Math.max(from ?? begin, begin) > (end - begin) * groupsFrom
  }

  /** Each span of time is a range of keys, and it takes one index step to reach the next span with an activity. */
  async function byCalendar(
    { filter, by, timezone }: CalendarStatsQuery,
    { scans, ...others }: Source,
    counter: NameCounter,
    timeSlicer: TimeSlicer,
  ) {
    const spanAt = calendarOf(by, timezone)
    for (const scan of scans) {
      const source = { scans: [scan], ...others }
      for (let range = rangeOf(filter); ; ) {
        await timeSlicer()
        const first = firstKeyIn(source, range)
        if (first === undefined) break
        const { key, endMs } = spanAt(keyTimeMs(first))
        const end = firstKeyAt(endMs)
        for (let span: Range = { from: first, to: end < range.to ? end : range.to }; ; await timeSlicer()) {
          const { n, last } = steps.count(source, span, 'asc')
          counter.add(key, n)
          if (last === undefined) break
          span = rangeBehind(span, 'asc', last)
        }
        range = { ...range, from: end }
      }
    }
  }

  function firstKeyIn({ scans }: Source, range: Range): string | undefined {
    const rows = rowsIn(scans, range)
    const first = prepare(`${rows.text} ORDER BY key LIMIT 1`).get(...rows.values)
    return first?.['key'] as string | undefined
  }

  async function byName(
    { filter, by }: NameStatsQuery,
    { scans, match }: Source,
    counter: NameCounter,
    timeSlicer: TimeSlicer,
  ) {
    const isMatch = match?.text ?? 'true'
    for (const scan of scans) {
      const known = scan.known[by]
      const beside = {
        text: `, ${isMatch} AS isMatch, ${known === undefined ? by : "''"} AS name`,
        values: match?.values ?? [],
      }
      for (let range = rangeOf(filter); ; ) {
        await timeSlicer()
        const rows = rowsIn([scan], range, beside)
        const statement = prepare(
          `SELECT name, sum(isMatch) AS n, count(*) AS looked, max(key) AS last
           FROM (${rows.text} ORDER BY key LIMIT ?) GROUP BY name`,
        )
        const groups = statement.all(...rows.values, stepRows) as Group[]
        for (const { name, n } of groups) counter.add(known ?? name, n)
        if (groups.reduce((sum, { looked }) => sum + looked, 0) < stepRows) break
        range = rangeBehind(
          range,
          'asc',
          groups.reduce((end, { last }) => (last > end ? last : end), ''),
        )
      }
    }
  }

  /** Counts all activities in the order of names, so a name is complete when the next one begins. */
  async function byGroups({ filter, by }: NameStatsQuery, counter: NameCounter, timeSlicer: TimeSlicer) {
    const index = by === 'userId' ? 'byUser' : 'byAction'
    const inSnapshot = filter.snapshot ? isInSnapshot(filter.snapshot) : { text: 'true', values: [] }
    const { from, to } = rangeOf(filter)
    const statement = prepare(
      `SELECT name, count(*) FILTER (WHERE key >= ? AND key < ? AND ${inSnapshot.text}) AS n, count(*) AS looked,
         max(key) AS last
       FROM (SELECT ${by} AS name, key, partition, offset FROM activities INDEXED BY ${index}
             WHERE tenant = ? AND (${by}, key) > (?, ?) ORDER BY ${by}, key LIMIT ?)
       GROUP BY name ORDER BY name`,
    )
    let group = { name: '', n: 0, last: '' }
    for (let looked = stepRows; looked === stepRows; ) {
      await timeSlicer()
      const groups = statement.all(
        from,
        to,
        ...inSnapshot.values,
        filter.tenant,
        group.name,
        group.last,
        stepRows,
      ) as Group[]
      looked = 0
      for (const next of groups) {
        if (next.name !== group.name) counter.addWhole(group.name, group.n)
        group = { name: next.name, n: next.n + (next.name === group.name ? group.n : 0), last: next.last }
        looked += next.looked
      }
    }
    counter.addWhole(group.name, group.n)
  }

  function name(key: string, by: NameStatsQuery['by']): string {
    return (prepare(`SELECT ${by} AS name FROM activities WHERE key = ?`).get(key) as { name: string }).name
  }
}
