import type { DatabaseSync } from 'node:sqlite'
import type { Gone } from '../aborted.ts'
import { type Filter, isSearch } from '../filter.ts'
import { toMs } from '../timestamp.ts'
import type { CalendarStatsQuery, NameStatsQuery, Stats, StatsQuery } from './activities.ts'
import { type CalendarSpan, calendarOf } from './calendar.ts'
import { type Matching, tallyMatching } from './metadata-search.ts'
import { createNameCounter, type NameCounter } from './name-counter.ts'
import { createSqliteCountedStats } from './sqlite-counted-stats.ts'
import type { SqliteQueries } from './sqlite-query.ts'
import {
  beforeMs,
  boundsOf,
  compare,
  entriesIn,
  inOrder,
  momentColumns,
  type Range,
  rangeBehind,
  rangeOf,
  rangeThrough,
  type Source,
  statementCache,
} from './sqlite-scan.ts'
import { stepRows } from './sqlite-steps.ts'
import type { TimeSlicer } from './sqlite-time-slicer.ts'

/** From this share of the whole time on, reading a complete index of names is faster. */
const groupsFrom = 0.2

const traits = {
  userId: { column: 'user', table: 'users', index: 'byUser' },
  action: { column: 'action', table: 'actions', index: 'byAction' },
} as const

type Group = { number: number; name: string; n: number }

/**
 * Counts what an index contains. Anything else is looked up row by row, such as the names of users in the order of
 * time. With a filter by metadata or text it counts everything that `matching` finds.
 */
export function createSqliteStats(
  db: DatabaseSync,
  queries: Pick<SqliteQueries, 'sourceOf' | 'steps' | 'counted' | 'names'>,
  matching: Matching<number>,
  workMs: number,
) {
  const { sourceOf, steps } = queries
  const prepare = statementCache(db)
  const fromCounters = createSqliteCountedStats(db, queries, countSpans)

  return async function stats(query: StatsQuery, timeSlicer: TimeSlicer, gone?: Gone): Promise<Stats> {
    const { filter } = query
    if (isSearch(filter)) return tallyMatching(matching, query, { timeMs, name }, { withinMs: workMs, gone })
    const counter = createNameCounter(query)
    const source = sourceOf(filter)
    if (source.scans.length === 0) return counter.stats()
    const known = await fromCounters(query, timeSlicer)
    if (known) return known
    if ('timezone' in query) await byCalendar(query, source, counter, timeSlicer)
    else if (isForGroups(filter, source)) await byGroups(query, source, counter, timeSlicer)
    else await byName(query, source, counter, timeSlicer)
    return counter.stats()
  }

  /**
   * Whether to read the whole index of names: if all activities count, or so many that looking up their names takes
   * longer. This is estimated from the times of the first and the last activity.
   */
  function isForGroups({ userId, actions, from, to }: Filter, { scans }: Source): boolean {
    if (userId !== undefined || actions) return false
    if (from === undefined && to === undefined) return true
    const [first = 0, last = 0] = ['min', 'max'].map((end) => {
      const text = `SELECT ${end}(timestampMs) AS ms FROM activities INDEXED BY byTime WHERE tenant = ?`
      return prepare(text).get(...(scans[0]?.start.values ?? []))?.['ms'] as number
    })
    const end = to === undefined ? last : Math.min(toMs(to), last)
    return end - (from === undefined ? first : Math.max(toMs(from), first)) > (last - first) * groupsFrom
  }

  /** Each span of time is a range, and it takes one index step to reach the next span with an activity. */
  async function byCalendar(
    { filter, by, timezone }: CalendarStatsQuery,
    source: Source,
    counter: NameCounter,
    timeSlicer: TimeSlicer,
  ) {
    await countSpans(source, rangeOf(filter), calendarOf(by, timezone), counter, timeSlicer)
  }

  async function countSpans(
    { scans, ...others }: Source,
    whole: Range,
    spanAt: (ms: number) => CalendarSpan,
    counter: NameCounter,
    timeSlicer: TimeSlicer,
  ) {
    for (const scan of scans) {
      const source = { scans: [scan], ...others }
      for (let range = whole; ; ) {
        await timeSlicer()
        const first = firstMsIn(source, range)
        if (first === undefined) break
        const { key, endMs } = spanAt(first)
        const end = beforeMs(endMs)
        const to = range.to && compare(range.to, end) < 0 ? range.to : end
        for (let span: Range = { from: range.from, to }; ; await timeSlicer()) {
          const { n, last } = steps.count(source, span, 'asc')
          counter.add(key, n)
          if (last === undefined) break
          span = rangeBehind(span, 'asc', last)
        }
        range = { ...range, from: end }
      }
    }
  }

  function firstMsIn({ scans }: Source, range: Range): number | undefined {
    const entries = entriesIn(scans, range)
    const first = prepare(`${entries.text} ${inOrder.asc} LIMIT 1`).get(...entries.values)
    return first?.['timestampMs'] as number | undefined
  }

  async function byName(
    { filter, by }: NameStatsQuery,
    { scans, match }: Source,
    counter: NameCounter,
    timeSlicer: TimeSlicer,
  ) {
    const { column, table } = traits[by]
    for (const scan of scans) {
      const known = scan.known[column]
      const beside = {
        text: `, ${match?.text ?? 'true'} AS isMatch, ${known ?? column} AS number`,
        values: match?.values ?? [],
      }
      for (let range = rangeOf(filter); ; ) {
        await timeSlicer()
        const end = steps.end({ scans: [scan] }, range, 'asc')
        const entries = entriesIn([scan], end ? rangeThrough(range, 'asc', end) : range, beside)
        const statement = prepare(
          `SELECT name, n FROM (SELECT number, sum(isMatch) AS n FROM (${entries.text}) GROUP BY number)
           JOIN ${table} USING (number)`,
        )
        for (const { name, n } of statement.all(...entries.values) as Group[]) counter.add(name, n)
        if (!end) break
        range = rangeBehind(range, 'asc', end)
      }
    }
  }

  /** Counts all activities in the order of the names' numbers, so a name is complete when the next one begins. */
  async function byGroups(
    { filter, by }: NameStatsQuery,
    source: Source,
    counter: NameCounter,
    timeSlicer: TimeSlicer,
  ) {
    const { column, table, index } = traits[by]
    const bounds = boundsOf(rangeOf(filter))
    const match = source.match ?? { text: 'true', values: [] }
    const columns = [column, ...momentColumns].join(', ')
    const from = `FROM activities INDEXED BY ${index} WHERE tenant = ? AND (${columns}) > (?, ?, ?, ?, ?)`
    const endOf = prepare(`SELECT ${columns} ${from} ORDER BY ${columns} LIMIT 1 OFFSET ${stepRows - 1}`)
    const groupsTo = (isLast: boolean) =>
      prepare(
        `SELECT number, name, n FROM (
           SELECT ${column} AS number, count(*) FILTER (WHERE ${match.text}${bounds.text}) AS n
           ${from}${isLast ? '' : ` AND (${columns}) <= (?, ?, ?, ?, ?)`} GROUP BY ${column}
         ) JOIN ${table} USING (number) ORDER BY number`,
      )
    const tenant = source.scans[0]?.start.values[0] as number
    let group: Group = { number: 0, name: '', n: 0 }
    for (let place: number[] | undefined = [0, 0, 0, 0, 0]; place; ) {
      await timeSlicer()
      const row: object | undefined = endOf.get(tenant, ...place)
      const end: number[] = row ? (Object.values(row) as number[]) : []
      const groups = groupsTo(!row).all(...match.values, ...bounds.values, tenant, ...place, ...end) as Group[]
      for (const next of groups) {
        if (next.number === group.number) next.n += group.n
        else counter.addWhole(group.name, group.n)
        group = next
      }
      place = row && end
    }
    counter.addWhole(group.name, group.n)
  }

  function timeMs(place: number): number {
    return prepare('SELECT timestampMs FROM activities WHERE place = ?').get(place)?.['timestampMs'] as number
  }

  function name(place: number, by: NameStatsQuery['by']): string {
    const { column, table } = traits[by]
    const statement = prepare(`SELECT name FROM activities JOIN ${table} ON number = ${column} WHERE place = ?`)
    return statement.get(place)?.['name'] as string
  }
}
