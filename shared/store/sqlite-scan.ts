import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { type Filter, type Order, usersOf } from '../filter.ts'
import { arrivalOf, atMost, fromKey, hashBytes, type Key, maxKeyNumber, toKey } from '../key.ts'
import { nanosecondsPerMs, toMs } from '../timestamp.ts'
import { maxMergedActions } from './resolve-actions.ts'
import { allOf, isAmong, isOneOf } from './sqlite-conditions.ts'
import type { SqliteNames } from './sqlite-names.ts'
import { type Moment, momentOf } from './sqlite-rows.ts'
import { isInSnapshot } from './sqlite-snapshot.ts'

/** The maximum number of prepared statements to keep; each shape of a query has one. */
const maxStatements = 100

export type Sql = { text: string; values: SQLInputValue[] }
/** A part of an index with all activities of a tenant, a user or an action, in the order of their moments. */
export type Scan = {
  index: 'byTime' | 'byUser' | 'byAction' | 'byUserAction'
  start: Sql
  known: { user?: number; action?: number }
}
/** Where to look for matches. `match` is the condition on each row for filters that the scans do not cover. */
export type Source = { scans: readonly Scan[]; match?: Sql }

/** SQLite takes no more than 32,766 values in a statement. */
const maxValues = 30_000

/**
 * The parts of the indexes that contain all matches. There are none if a name is not in the log. SQLite joins no more
 * than 500 selects, so if there are too many parts, larger ones are read, and their rows are examined one by one.
 */
export function sourceOf(names: SqliteNames, filter: Filter): Source {
  const { tenant: name, actions: patterns, excluded, snapshot } = filter
  const tenant = names.tenant(name)
  if (tenant === undefined) return { scans: [] }
  const users = usersOf(filter)?.flatMap((user) => names.user(tenant, user) ?? [])
  const actions = patterns && names.actions(tenant, patterns, maxMergedActions(filter))
  const match = allOf(
    patterns && !actions ? isOneOf(patterns) : undefined,
    excluded && isOneOf(excluded, 'NOT '),
    snapshot && isInSnapshot(snapshot),
  )
  const scans = (users ?? [undefined]).flatMap((user) =>
    (actions ?? [undefined]).map((action) => scanOf(tenant, user, action)),
  )
  if (!match) return { scans }
  // each scan repeats the values of the condition
  if (scans.length * match.values.length <= maxValues) return { scans, match }
  const whole = allOf(users && isAmong('user', users), actions && isAmong('action', actions), match)
  return { scans: [scanOf(tenant)], ...(whole && { match: whole }) }
}

export function scanOf(tenant: number, user?: number, action?: number): Scan {
  const known = { ...(user !== undefined && { user }), ...(action !== undefined && { action }) }
  const columns = Object.keys(known)
  const index =
    columns.length === 2 ? 'byUserAction' : user !== undefined ? 'byUser' : action !== undefined ? 'byAction' : 'byTime'
  const text = ['tenant', ...columns].map((column) => `${column} = ?`).join(' AND ')
  return { index, start: { text, values: [tenant, ...Object.values(known)] }, known }
}

/**
 * A range between two moments, which do not belong to it. `ties` is a key: the activities that tie with it belong to
 * the range, too, as far as they come after it in a list.
 */
export type Range = { from?: Moment | undefined; to?: Moment | undefined; ties?: Key }

/** The range of a filter, or the part of it after a key. */
export function rangeOf({ from, to }: Pick<Filter, 'from' | 'to'>, order: Order = 'asc', after?: string): Range {
  const range = { from: from === undefined ? undefined : before(from), to: to === undefined ? undefined : before(to) }
  const key = after === undefined ? undefined : fromKey(after)
  if (!key) return range
  const moment = momentOf(key)
  const isWithin = (!range.from || compare(moment, range.from) > 0) && (!range.to || compare(moment, range.to) < 0)
  return { ...rangeBehind(range, order, moment), ...(isWithin && { ties: key }) }
}

/** The moment before all activities of an instant, and after all that are earlier. */
export function before(instant: bigint): Moment {
  const bounded = atMost(instant < 0n ? 0n : instant)
  return [toMs(bounded), Number(bounded % nanosecondsPerMs), Number.MIN_SAFE_INTEGER, 0]
}

/** Like `before`, but after all activities if the instant is later than any key tells, so that time always goes on. */
export function beforeMs(timestampMs: number): Moment {
  const instant = BigInt(timestampMs) * nanosecondsPerMs
  return instant > maxKeyNumber ? [Number.MAX_SAFE_INTEGER, 0, 0, 0] : before(instant)
}

/** The part of a range behind all activities of a moment. */
export function rangeBehind({ from, to }: Range, order: Order, moment: Moment): Range {
  return order === 'asc'
    ? { from: from && compare(from, moment) > 0 ? from : moment, to }
    : { from, to: to && compare(to, moment) < 0 ? to : moment }
}

/** The key behind all activities of a moment. */
export function keyBehind([timestampMs, timestampNs, delayMs, sequence]: Moment, order: Order): string {
  const instant = BigInt(timestampMs) * nanosecondsPerMs + BigInt(timestampNs)
  const hash = Buffer.alloc(hashBytes, order === 'asc' ? 0xff : 0)
  return toKey({ instant, arrival: arrivalOf(timestampMs + delayMs, sequence), hash })
}

/** The part of a range up to and including all activities of a moment. */
export const rangeThrough = ({ from, to }: Range, order: Order, moment: Moment): Range =>
  order === 'asc' ? { from, to: shifted(moment, 1) } : { from: shifted(moment, -1), to }

/** The range of a single moment. */
export const rangeAt = (moment: Moment): Range => ({ from: shifted(moment, -1), to: shifted(moment, 1) })

const shifted = ([timestampMs, timestampNs, delayMs, sequence]: Moment, by: number): Moment => [
  timestampMs,
  timestampNs,
  delayMs,
  sequence + by,
]

export function compare(one: Moment, other: Moment): number {
  const at = one.findIndex((part, index) => part !== other[index])
  return at < 0 ? 0 : (one[at] as number) - (other[at] as number)
}

export const momentColumns = ['timestampMs', 'timestampNs', 'delayMs', 'sequence'] as const
const moment = momentColumns.join(', ')
/** An entry of an index: a moment and a place. */
export type Entry = [...Moment, place: number]
export const momentIn = ([timestampMs, timestampNs, delayMs, sequence]: readonly number[]): Moment => [
  timestampMs as number,
  timestampNs as number,
  delayMs as number,
  sequence as number,
]
export const placeIn = (entry: readonly number[]): number => entry[4] as number

const by = (order: Order) => `ORDER BY ${[...momentColumns, 'place'].map((column) => `${column} ${order}`).join(', ')}`
/** SQLite keeps the entries of an index in this order: by moment, those of the same moment by place. */
export const inOrder = { asc: by('asc'), desc: by('desc') } as const

/**
 * The entries of a range, with further columns. Each scan gives an ordered list; SQLite merges them when the result
 * must be ordered.
 */
export function entriesIn(scans: readonly Scan[], range: Range, beside: Sql = { text: '', values: [] }): Sql {
  const bounds = boundsOf(range)
  const rows = ({ index, start }: Scan) =>
    `SELECT ${moment}, place${beside.text} FROM activities INDEXED BY ${index} WHERE ${start.text}${bounds.text}`
  return {
    text: scans.map(rows).join(' UNION ALL '),
    values: scans.flatMap(({ start }) => [...beside.values, ...start.values, ...bounds.values]),
  }
}

/** A bound is compared with each entry: leaving out the needless far one halves the time of a deep page. */
export function boundsOf({ from, to }: Range): Sql {
  const bound = (comparison: string) => ` AND (${moment}) ${comparison} (?, ?, ?, ?)`
  return { text: (from ? bound('>') : '') + (to ? bound('<') : ''), values: [...(from ?? []), ...(to ?? [])] }
}

export function statementCache(db: DatabaseSync): (text: string) => StatementSync {
  const statements = new Map<string, StatementSync>()
  return (text) => {
    const known = statements.get(text)
    if (known) return known
    if (statements.size === maxStatements) statements.clear()
    const statement = db.prepare(text)
    statements.set(text, statement)
    return statement
  }
}
