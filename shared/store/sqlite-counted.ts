import type { DatabaseSync } from 'node:sqlite'
import { type Filter, isSearch, usersOf } from '../filter.ts'
import { hasRecord, type Snapshot } from '../snapshot.ts'
import { allActions, createPartitions, quarterMs, quartersPerDay, unit } from './sqlite-counters.ts'
import type { SqliteNames } from './sqlite-names.ts'
import { endOfCounted, placesOf, positionOf } from './sqlite-places.ts'
import type { Moment } from './sqlite-rows.ts'
import { beforeMs, type Range, statementCache } from './sqlite-scan.ts'

/** How many activities may differ from the counters: each of them is looked at. */
export const maxChanges = 10_000

/** A range with more places than this for each change is not looked at. */
const maxGap = 4

/** An activity that a filter has although it is not counted, or that it lacks although it is. */
export type Change = { sign: 1 | -1; user: number; action: number; moment: Moment }
/** The counters of a tenant, and in what they differ from what is asked for. */
export type View = { tenant: number; changes: readonly Change[] }
/** The actions whose numbers are added, and those whose numbers are subtracted. */
export type ActionSet = { plus: readonly number[]; minus: readonly number[]; has: (action: number) => boolean }
/** How many activities there are in whole quarters, and the parts of the range that the index has to count. */
export type Parts = { n: number; edges: readonly Range[] }
/** Numbers of quarters or days; `first` is inclusive, `end` exclusive. */
export type Span = { first: number; end: number }

export const everything: Span = { first: 0, end: Number.MAX_SAFE_INTEGER }

/** In SQL: one action or a JSON array of some, and a time. */
const [one, some] = ['action = ?', 'action IN (SELECT value FROM json_each(?))']
const during = 'time >= ? AND time < ?'

type ActiveUser = { number: number; name: string; n: number }
type Row = [place: number, tenant: number, user: number, action: number, ...moment: Moment]

export type SqliteCounted = ReturnType<typeof createSqliteCounted>

/**
 * Reads counters. Everything here is undefined if too many activities are not counted yet, or came after the snapshot;
 * the index then has to count them all.
 */
export function createSqliteCounted(db: DatabaseSync, names: SqliteNames, max = maxChanges) {
  const prepare = statementCache(db)
  const partitions = createPartitions(db)
  const columns = 'place, tenant, user, action, timestampMs, timestampNs, delayMs, sequence'
  const between = db.prepare(`SELECT ${columns} FROM activities WHERE place BETWEEN ? AND ? LIMIT ?`)
  between.setReturnArrays(true)
  const newestIn = db.prepare('SELECT max(place) AS place FROM activities WHERE place BETWEEN ? AND ?')
  const [begin, commit] = [db.prepare('BEGIN'), db.prepare('COMMIT')]
  const user = db.prepare('SELECT name, activities AS n FROM users WHERE number = ?')
  const elsewhere = db.prepare('SELECT partition, offset FROM positions WHERE place = ?')

  /** One view of the database for all statements of `read`, even while others write to it. */
  function atOnce<Result>(read: () => Result): Result {
    begin.run()
    try {
      return read()
    } finally {
      commit.run()
    }
  }

  const isIn = (snapshot: Snapshot, place: number): boolean =>
    hasRecord(snapshot, place < 0 ? ({ ...elsewhere.get(place) } as ReturnType<typeof positionOf>) : positionOf(place))

  /** Call it within `atOnce`, together with what reads counters. */
  function view({ tenant: name, snapshot }: Filter): View | undefined {
    const tenant = names.tenant(name)
    if (tenant === undefined) return undefined
    const changes: Change[] = []
    let left = max
    /** Looks at the activities between two places, and returns whether they were not too many. */
    function look(first: number, last: number, sign: 1 | -1): boolean {
      const newest = first > last ? null : (newestIn.get(first, last) as { place: number | null }).place
      if (newest === null) return true
      // so many places hardly have few activities
      if (newest - first > maxGap * max) return false
      const rows = between.all(first, last, left + 1) as unknown[] as Row[]
      left -= rows.length
      if (left < 0) return false
      for (const [place, owner, user, action, ...moment] of rows) {
        if (owner !== tenant || (snapshot && isIn(snapshot, place) !== sign > 0)) continue
        changes.push({ sign, user, action, moment })
      }
      return true
    }
    for (const { partition, first, last } of partitions()) {
      const ends =
        partition < 0 ? { first: Number.MIN_SAFE_INTEGER, last: -1 } : placesOf(partition, 0, Number.POSITIVE_INFINITY)
      const uncounted: [number, number] = partition < 0 ? [ends.first, first - 1] : [last + 1, ends.last]
      if (!look(...uncounted, 1)) return undefined
      if (!snapshot || first >= endOfCounted) continue
      const absent = partition < 0 ? [ends] : absentFrom(snapshot, partition)
      for (const range of absent) {
        if (!look(Math.max(first, range.first), Math.min(last, range.last), -1)) return undefined
      }
    }
    return { tenant, changes }
  }

  /** The actions of a filter; undefined without a condition on them. */
  function actionsOf(tenant: number, { actions, excluded }: Filter): ActionSet {
    const without = new Set(excluded ? names.allActions(tenant, excluded) : [])
    if (!actions) return { plus: [allActions], minus: [...without], has: (action) => !without.has(action) }
    const meant = new Set(names.allActions(tenant, actions).filter((action) => !without.has(action)))
    return { plus: [...meant], minus: [], has: (action) => meant.has(action) }
  }

  function numbersIn(tenant: number, unitOf: number, actions: readonly number[], { first, end }: Span): number {
    if (actions.length === 0 || first >= end) return 0
    const isOne = actions.length === 1
    const sum = prepare(
      `SELECT coalesce(sum(n), 0) AS n FROM counts WHERE tenant = ? AND unit = ? AND ${isOne ? one : some} AND ${during}`,
    )
    const row = sum.get(tenant, unitOf, isOne ? (actions[0] as number) : JSON.stringify(actions), first, end)
    return (row as { n: number }).n
  }

  const difference = (tenant: number, unitOf: number, { plus, minus }: ActionSet, span: Span) =>
    numbersIn(tenant, unitOf, plus, span) - numbersIn(tenant, unitOf, minus, span)

  /** The number of activities in whole quarters. */
  function inQuarters({ tenant, changes }: View, actions: ActionSet, span: Span): number {
    const changed = changes.reduce(
      (sum, change) => (actions.has(change.action) && isWithin(span, quarterOf(change)) ? sum + change.sign : sum),
      0,
    )
    return partsOf(span).reduce((sum, [unitOf, part]) => sum + difference(tenant, unitOf, actions, part), changed)
  }

  /** The number of each of these actions in whole quarters. To ask for them one by one would take ten times as long. */
  function ofEach({ tenant, changes }: View, actions: readonly number[], span: Span): Map<number, number> {
    const numbers = new Map(actions.map((action) => [action, 0]))
    const add = (action: number, n: number) => {
      const known = numbers.get(action)
      if (known !== undefined) numbers.set(action, known + n)
    }
    for (const { action, sign, moment } of changes) if (isWithin(span, quarterOf({ moment }))) add(action, sign)
    const sums = prepare(
      `SELECT action, sum(n) FROM counts WHERE tenant = ? AND unit = ? AND ${some} AND ${during} GROUP BY action`,
    )
    sums.setReturnArrays(true)
    for (const [unitOf, { first, end }] of partsOf(span)) {
      const rows = sums.all(tenant, unitOf, JSON.stringify(actions), first, end)
      for (const [action, n] of rows as unknown[] as [number, number][]) add(action, n)
    }
    return numbers
  }

  return {
    atOnce,
    view,
    actionsOf,
    tells,
    /** The number of matches within the range of the filter. */
    count(filter: Filter, range: Range): Parts | undefined {
      if (!tells(filter)) return undefined
      const users = usersOf(filter)
      return atOnce(() => {
        const seen = view(filter)
        if (!seen) return undefined
        if (users) return { n: countUsers(seen, users), edges: [] }
        const { quarters, edges } = quartersIn(range)
        return { n: inQuarters(seen, actionsOf(seen.tenant, filter), quarters), edges }
      })
    },
    inQuarters,
    ofEach,
    /** The numbers of each quarter or day in a span that has any. */
    cells({ tenant, changes }: View, unitOf: 0 | 1, actions: ActionSet, { first, end }: Span): Map<number, number> {
      const cells = new Map<number, number>()
      const add = (time: number, n: number) => cells.set(time, (cells.get(time) ?? 0) + n)
      for (const [sign, some] of [[1, actions.plus] as const, [-1, actions.minus] as const]) {
        if (some.length === 0) continue
        const isOne = some.length === 1
        const among = isOne ? 'action = ?' : 'action IN (SELECT value FROM json_each(?))'
        const statement = prepare(
          `SELECT time, ${isOne ? 'n' : 'sum(n)'} AS n FROM counts WHERE tenant = ? AND unit = ? AND ${among}
             AND time >= ? AND time < ?${isOne ? '' : ' GROUP BY time'}`,
        )
        statement.setReturnArrays(true)
        const rows = statement.all(tenant, unitOf, isOne ? (some[0] as number) : JSON.stringify(some), first, end)
        for (const [time, n] of rows as unknown[] as [number, number][]) add(time, sign * n)
      }
      for (const change of changes) {
        const time = unitOf === unit.day ? dayOf(quarterOf(change)) : quarterOf(change)
        if (actions.has(change.action) && isWithin({ first, end }, time)) add(time, change.sign)
      }
      return cells
    },
    /** The end of a span that begins with `first` and has at most so many quarters or days with activities. */
    endOfCells(tenant: number, unitOf: 0 | 1, first: number, max: number): number {
      const statement = prepare(
        `SELECT time FROM counts WHERE tenant = ? AND unit = ? AND action = ${allActions} AND time >= ?
         ORDER BY time LIMIT 1 OFFSET ?`,
      )
      const row = statement.get(tenant, unitOf, first, max)
      return (row?.['time'] as number | undefined) ?? everything.end
    },
    /** The users with the most activities, in this order, after a place in it. */
    mostActive(tenant: number, after: { key: string; count: number } | undefined, limit: number): ActiveUser[] {
      const users = (condition: string) =>
        prepare(
          `SELECT number, name, activities AS n FROM users INDEXED BY usersByActivities WHERE tenant = ? AND ${condition}
           ORDER BY activities DESC, name LIMIT ?`,
        )
      const { key = '', count = Number.MAX_SAFE_INTEGER } = after ?? {}
      const tied = users('activities = ? AND name > ?').all(tenant, count, key, limit)
      const fewer = users('activities < ? AND activities > 0').all(tenant, count, limit)
      return [...tied, ...fewer].slice(0, limit) as ActiveUser[]
    },
    user: (number: number) => user.get(number) as Omit<ActiveUser, 'number'>,
  }

  /** Whether there are counters for a filter: not for metadata and text, nor for users with other conditions. */
  function tells(filter: Filter): boolean {
    const { userId, actions, excluded, from, to } = filter
    return (
      !isSearch(filter) && (userId === undefined || [actions, excluded, from, to].every((each) => each === undefined))
    )
  }

  function countUsers({ tenant, changes }: View, users: readonly string[]): number {
    const numbers = new Set(users.flatMap((user) => names.user(tenant, user) ?? []))
    let n = 0
    for (const number of numbers) n += (user.get(number) as ActiveUser).n
    return changes.reduce((sum, { user, sign }) => (numbers.has(user) ? sum + sign : sum), n)
  }
}

/** The counted places of a partition that a snapshot lacks. */
function absentFrom(snapshot: Snapshot, partition: number) {
  const { last, missing } = snapshot.find((each) => each.partition === partition) ?? { last: -1, missing: [] }
  const within = missing.map((absent) => ({ ...absent, last: Math.min(absent.last, last) }))
  return [...within, { first: last + 1, last: Number.POSITIVE_INFINITY }].map((range) =>
    placesOf(partition, range.first, range.last),
  )
}

const isWithin = ({ first, end }: Span, time: number) => time >= first && time < end
export const quarterOf = ({ moment: [timestampMs] }: Pick<Change, 'moment'>) => Math.floor(timestampMs / quarterMs)
export const dayOf = (quarter: number) => Math.floor(quarter / quartersPerDay)
export const wholeDaysIn = ({ first, end }: Span): Span => ({
  first: Math.ceil(first / quartersPerDay),
  end: end === everything.end ? everything.end : Math.floor(end / quartersPerDay),
})

/** What to add up for a span: days where they are whole, and quarters beside them. */
function partsOf(span: Span): readonly [unitOf: 0 | 1 | 2, part: Span][] {
  if (span.first === 0 && span.end === everything.end) return [[unit.ever, everything]]
  const days = wholeDaysIn(span)
  if (days.first >= days.end) return [[unit.quarter, span]]
  const [from, to] = [days.first * quartersPerDay, Math.min(days.end * quartersPerDay, everything.end)]
  return [
    [unit.day, days],
    [unit.quarter, { first: span.first, end: from }],
    [unit.quarter, { first: to, end: span.end }],
  ]
}

export const startOfQuarter = (quarter: number): Moment => beforeMs(quarter * quarterMs)

/** The whole quarters in a range, and its parts that are not whole quarters. */
export function quartersIn({ from, to }: Range): { quarters: Span; edges: Range[] } {
  const first = from ? Math.ceil((from[0] + (isStart(from) ? 0 : 1)) / quarterMs) : 0
  const end = to ? Math.floor(to[0] / quarterMs) : everything.end
  if (first >= end) return { quarters: { first: 0, end: 0 }, edges: [{ from, to }] }
  const edges: Range[] = []
  if (from && !(isStart(from) && from[0] % quarterMs === 0)) edges.push({ from, to: startOfQuarter(first) })
  if (to && !(isStart(to) && to[0] % quarterMs === 0)) edges.push({ from: startOfQuarter(end), to })
  return { quarters: { first, end }, edges }
}

/** Whether a moment comes before all activities of its millisecond. */
const isStart = ([, timestampNs, delayMs]: Moment) => timestampNs === 0 && delayMs === Number.MIN_SAFE_INTEGER
