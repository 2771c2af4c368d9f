import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import type { Filter, Order } from '../filter.ts'
import { firstKeyAt } from '../key.ts'
import { isInSnapshot } from './sqlite-snapshot.ts'

/** The maximum number of prepared statements to keep; each shape of a query has one. */
const maxStatements = 100

export type Sql = { text: string; values: SQLInputValue[] }
/** A part of an index with all activities of a tenant, a user or an action, in the order of the keys. */
export type Scan = { index: 'byUser' | 'byAction' | 'byTime'; start: Sql; known: { userId?: string; action?: string } }
/** A range of keys: `from` is inclusive, `to` exclusive. */
export type Range = { from: string; to: string }

/** Greater than every key. */
const lastKey = '~'

/** The parts of an index that contain all matches: by user, else by action, else by time. */
export function scansOf({ tenant, userId }: Filter, actions: readonly string[] | undefined): Scan[] {
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

/** Where to look for matches. `match` is the condition on each row for filters that the scans do not cover. */
export type Source = { scans: readonly Scan[]; match?: Sql }

export function sourceOf(filter: Filter, actions: readonly string[] | undefined): Source {
  const { userId, snapshot } = filter
  const conditions: Sql[] = []
  if (snapshot) conditions.push(isInSnapshot(snapshot))
  if (actions && userId !== undefined) {
    conditions.push({ text: `action IN (${actions.map(() => '?').join()})`, values: [...actions] })
  }
  const scans = scansOf(filter, actions)
  if (conditions.length === 0) return { scans }
  const text = conditions.map((condition) => condition.text).join(' AND ')
  return { scans, match: { text, values: conditions.flatMap(({ values }) => values) } }
}

/** The range of keys of a filter, or what is left of it after a key. */
export function rangeOf({ from, to }: Filter, order: Order = 'asc', after?: string): Range {
  const range = { from: from === undefined ? '' : firstKeyAt(from), to: to === undefined ? lastKey : firstKeyAt(to) }
  return after === undefined ? range : rangeBehind(range, order, after)
}

export function rangeBehind({ from, to }: Range, order: Order, key: string): Range {
  const next = keyAfter(key)
  return order === 'asc' ? { from: next > from ? next : from, to } : { from, to: key < to ? key : to }
}

/** The smallest text that is greater than the key. */
const keyAfter = (key: string) => `${key}\0`

/**
 * The rows of a range, with further columns beside the key. Each scan gives an ordered list; SQLite merges them when
 * the result must be ordered.
 */
export function rowsIn(scans: readonly Scan[], { from, to }: Range, beside: Sql = { text: '', values: [] }): Sql {
  // a bound is compared with each key: leaving out the needless far one halves the time of a deep page
  const bounds: Sql = { text: '', values: [] }
  const bound = (comparison: string, key: string) => {
    bounds.text += ` AND key ${comparison} ?`
    bounds.values.push(key)
  }
  if (from !== '') bound('>=', from)
  if (to !== lastKey) bound('<', to)
  const rows = ({ index, start }: Scan) =>
    `SELECT key${beside.text} FROM activities INDEXED BY ${index} WHERE ${start.text}${bounds.text}`
  return {
    text: scans.map(rows).join(' UNION ALL '),
    values: scans.flatMap(({ start }) => [...beside.values, ...start.values, ...bounds.values]),
  }
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
