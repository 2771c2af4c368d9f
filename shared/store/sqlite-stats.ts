import type { DatabaseSync } from 'node:sqlite'
import type { Filter } from '../filter.ts'
import { firstKeyAt, keyTimeMs } from '../key.ts'
import { openTurns } from '../turns.ts'
import { type CalendarStatsQuery, type NameStatsQuery, type Stats, type StatsQuery, TooBroad } from './activities.ts'
import { calendarOf } from './calendar.ts'
import type { Matching } from './metadata-search.ts'
import { type createSqliteQueries, type Sql, statementCache } from './sqlite-query.ts'
import { isInSnapshot } from './sqlite-snapshot.ts'
import { StoreUnavailable } from './store.ts'
import { openTally, type Tally } from './tally.ts'

/** SQLite answers in our own thread: after so long it lets others in. */
const sliceMs = 8
const firstStepRows = 500
const minStepRows = 100
const maxStepRows = 20_000

/** How long it may work on one answer, and how long that may take where others have turns as well. */
const limits = { workMs: 4000, answerMs: 5000 }

/** Of the time from the first to the last: from there on an index of names is read whole. */
const groupsFrom = 0.2

/** The part of an index in which what matches is: those of a user, of an action, or all. */
type Scan = { index: 'byUser' | 'byAction' | 'byTime'; start: Sql; known: { userId?: string; action?: string } }
/** From a key, inclusive, to another, exclusive. */
type Range = { from: string; to: string }
type Step = { name: string; n: number; looked: number; last: string }
type Queries = Pick<ReturnType<typeof createSqliteQueries>, 'actionsOf'>

const lastKey = '~'

/**
 * Counts in steps of so many rows of an index that none takes long. What is not in that index is looked up row by row: the
 * names of users in the order of time, for instance. With metadata it is all that `matching` finds.
 */
export function createSqliteStats(
  db: DatabaseSync,
  { actionsOf }: Queries,
  matching: Matching<string>,
  { workMs, answerMs } = limits,
) {
  const prepare = statementCache(db)
  const nextTurn = openTurns()

  return async function stats(query: StatsQuery): Promise<Stats> {
    const tally = openTally(query)
    const pace = openPace(nextTurn, { workMs, answerMs })
    if (query.filter.metadata) await countMatching(query, tally)
    else {
      const actions = await actionsOf(query.filter)
      if ('timezone' in query) await byCalendar(query, actions, tally, pace)
      else if (isForGroups(query.filter)) await byGroups(query, tally, pace)
      else await byName(query, actions, tally, pace)
    }
    return tally.stats()
  }

  /**
   * Whether all are to be counted, or so many of them that it takes longer to look up their names than to read the whole index
   * of the names; by the times of the first and the last.
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

  /** Each span of time is a range of keys; from one that has something to the next it is one step in the index. */
  async function byCalendar(
    { filter, by, timezone }: CalendarStatsQuery,
    actions: readonly string[] | undefined,
    tally: Tally,
    pace: Pace,
  ) {
    const spanAt = calendarOf(by, timezone)
    const { from, to } = rangeOf(filter)
    for (const scan of scansOf(filter, actions)) {
      const next = prepare(`SELECT key FROM activities ${where(scan)} ORDER BY key LIMIT 1`)
      for (let at = from; at < to; ) {
        await pace.wait()
        const found = next.get(...scan.start.values, at, to) as { key: string } | undefined
        if (!found) break
        const { key, endMs } = spanAt(keyTimeMs(found.key))
        at = earlier(firstKeyAt(endMs), to)
        for await (const { n } of stepsOf(scan, filter, actions, undefined, { from: found.key, to: at }, pace))
          tally.add(key, n)
      }
    }
  }

  async function byName(
    { filter, by }: NameStatsQuery,
    actions: readonly string[] | undefined,
    tally: Tally,
    pace: Pace,
  ) {
    for (const scan of scansOf(filter, actions)) {
      const known = scan.known[by]
      const column = known === undefined ? by : undefined
      for await (const { name, n } of stepsOf(scan, filter, actions, column, rangeOf(filter), pace))
        tally.add(known ?? name, n)
    }
  }

  /** What there is of a range, in steps; by the column, or all as one. */
  async function* stepsOf(
    scan: Scan,
    filter: Filter,
    actions: readonly string[] | undefined,
    column: string | undefined,
    range: Range,
    pace: Pace,
  ): AsyncGenerator<Step> {
    const also = restOf(scan, filter, actions)
    const rows = `SELECT ${['key', column && `${column} AS name`, ...also.columns].filter(Boolean).join()}`
    const statement = prepare(
      `SELECT ${column ? 'name' : "'' AS name"}, count(*) FILTER (WHERE ${also.text}) AS n, count(*) AS looked, max(key) AS last
       FROM (${rows} FROM activities ${where(scan)} ORDER BY key LIMIT ?) ${column ? 'GROUP BY name' : ''}`,
    )
    for (let from = range.from; ; ) {
      await pace.wait()
      const limit = pace.rows()
      const steps = statement.all(...also.values, ...scan.start.values, from, range.to, limit) as Step[]
      yield* steps
      const looked = steps.reduce((sum, step) => sum + step.looked, 0)
      pace.took(looked)
      if (looked < limit) return
      from = keyAfter(steps.reduce((last, step) => (step.last > last ? step.last : last), ''))
    }
  }

  /** All of them, in the order of the names: so each name is whole when the next one comes. */
  async function byGroups({ filter, by }: NameStatsQuery, tally: Tally, pace: Pace) {
    const index = by === 'userId' ? 'byUser' : 'byAction'
    const then = filter.asOf ? isInSnapshot(filter.asOf) : { text: 'true', values: [] }
    const { from, to } = rangeOf(filter)
    const statement = prepare(
      `SELECT name, count(*) FILTER (WHERE key >= ? AND key < ? AND ${then.text}) AS n, count(*) AS looked, max(key) AS last
       FROM (SELECT ${by} AS name, key, partition, offset FROM activities INDEXED BY ${index}
             WHERE tenant = ? AND (${by}, key) > (?, ?) ORDER BY ${by}, key LIMIT ?)
       GROUP BY name ORDER BY name`,
    )
    let group = { name: '', n: 0, last: '' }
    for (;;) {
      await pace.wait()
      const limit = pace.rows()
      const steps = statement.all(from, to, ...then.values, filter.tenant, group.name, group.last, limit) as Step[]
      let looked = 0
      for (const step of steps) {
        if (step.name !== group.name) tally.addWhole(group.name, group.n)
        group = { name: step.name, n: step.n + (step.name === group.name ? group.n : 0), last: step.last }
        looked += step.looked
      }
      pace.took(looked)
      if (looked < limit) break
    }
    tally.addWhole(group.name, group.n)
  }

  async function countMatching(query: StatsQuery, tally: Tally) {
    const keyOf = 'timezone' in query ? spanOf(query.by, query.timezone) : nameOf(query.by)
    for await (const keys of matching({ filter: query.filter, order: 'asc' }, workMs)) {
      for (const key of keys) tally.add(keyOf(key), 1)
    }
  }

  function nameOf(by: NameStatsQuery['by']) {
    const row = prepare(`SELECT ${by} AS name FROM activities WHERE key = ?`)
    return (key: string) => (row.get(key) as { name: string }).name
  }
}

/** Of keys in order. */
function spanOf(...calendar: Parameters<typeof calendarOf>): (key: string) => string {
  const spanAt = calendarOf(...calendar)
  let span = { key: '', endMs: 0 }
  return (key) => {
    const ms = keyTimeMs(key)
    if (ms >= span.endMs) span = spanAt(ms)
    return span.key
  }
}

function rangeOf({ from, to }: Filter): Range {
  return { from: from === undefined ? '' : firstKeyAt(from), to: to === undefined ? lastKey : firstKeyAt(to) }
}

const earlier = (one: string, other: string) => (one < other ? one : other)
/** The least text that is greater. */
const keyAfter = (key: string) => `${key}\0`

const where = ({ index, start }: Scan) => `INDEXED BY ${index} WHERE ${start.text} AND key >= ? AND key < ?`

function scansOf({ tenant, userId }: Filter, actions: readonly string[] | undefined): Scan[] {
  if (actions?.length === 0) return []
  if (userId !== undefined) {
    const start = { text: 'tenant = ? AND userId = ?', values: [tenant, userId] }
    return [{ index: 'byUser', start, known: { userId } }]
  }
  if (!actions) return [{ index: 'byTime', start: { text: 'tenant = ?', values: [tenant] }, known: {} }]
  return actions.map((action) => ({
    index: 'byAction',
    start: { text: 'tenant = ? AND action = ?', values: [tenant, action] },
    known: { action },
  }))
}

/** What the part of the index does not decide, and the columns that this is about. */
function restOf(scan: Scan, { asOf }: Filter, actions: readonly string[] | undefined): Sql & { columns: string[] } {
  const rest = { text: 'true', values: [] as Sql['values'], columns: [] as string[] }
  if (asOf) {
    const then = isInSnapshot(asOf)
    rest.text += ` AND ${then.text}`
    rest.values.push(...then.values)
    rest.columns.push('partition', 'offset')
  }
  if (actions && scan.index === 'byUser') {
    rest.text += ` AND action IN (${actions.map(() => '?').join()})`
    rest.values.push(...actions)
    rest.columns.push('action')
  }
  return rest
}

type Pace = { wait(): Promise<void>; rows(): number; took(looked: number): void }

/**
 * How many rows a step may have, by how long the ones before took. Rejects with TooBroad after so much work, and with
 * StoreUnavailable where others have so many turns that it does not come to that.
 */
function openPace(nextTurn: () => Promise<unknown>, { workMs, answerMs }: typeof limits): Pace {
  const late = performance.now() + answerMs
  let worked = 0
  let sliceAt = Number.NaN
  let stepAt = Number.NaN
  let rows = firstStepRows

  async function turn() {
    if (worked >= workMs) throw new TooBroad('There are too many activities to count them like this')
    await nextTurn()
    sliceAt = performance.now()
    if (sliceAt > late) throw new StoreUnavailable('There is too much to count at once')
  }

  return {
    async wait() {
      const now = performance.now()
      if (Number.isNaN(sliceAt)) await turn()
      else if (now - sliceAt >= sliceMs) {
        worked += now - sliceAt
        await turn()
      }
      stepAt = performance.now()
    },
    rows: () => rows,
    took(looked) {
      const tookMs = performance.now() - stepAt
      if (tookMs > sliceMs) rows = Math.max(minStepRows, Math.floor(rows / 2))
      else if (looked === rows && tookMs < sliceMs / 2) rows = Math.min(maxStepRows, 2 * rows)
    },
  }
}
