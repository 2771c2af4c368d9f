import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { type ActivityDocument, type FoundActivity, toFound } from '../document.ts'
import type { Filter, Order } from '../filter.ts'
import { firstKeyAt } from '../key.ts'
import type { FindQuery, Found } from './activities.ts'
import { resolveActions } from './resolve-actions.ts'
import { createSqliteSnapshots, isInSnapshot } from './sqlite-snapshot.ts'

/** Prepared statements that are kept; one for each shape of a query. */
const maxStatements = 100

export type Row = Omit<ActivityDocument, 'metadata'> & { metadata: string | null }
export type Sql = { text: string; values: SQLInputValue[] }

export function createSqliteQueries(db: DatabaseSync) {
  const byId = db.prepare('SELECT * FROM activities WHERE tenant = ? AND id = ?')
  const byKey = db.prepare('SELECT * FROM activities WHERE key = ?')
  const actionsBy = (comparison: '>' | '>=') =>
    db.prepare(`SELECT action FROM activities WHERE tenant = ? AND action ${comparison} ? ORDER BY action LIMIT 1`)
  const [actionFrom, actionAfter] = [actionsBy('>='), actionsBy('>')]
  const prepare = statementCache(db)
  const withoutNeedlessSnapshot = createSqliteSnapshots(db)

  function nextAction(tenant: string, from: string, isAfter: boolean): string | undefined {
    const row = (isAfter ? actionAfter : actionFrom).get(tenant, from) as { action: string } | undefined
    return row?.action
  }
  const actionsOf = (filter: Filter) => resolveActions(nextAction, filter)

  type Part = { filter: Filter; order: Order; limit: number; skip: number; after: string | undefined }
  async function pageOf({ filter, order, limit, skip, after }: Part): Promise<Sql | undefined> {
    const keys = selectKeys(filter, await actionsOf(filter), order, after)
    if (!keys) return undefined
    const text = `SELECT key FROM (${keys.text} ORDER BY key ${order} LIMIT ? OFFSET ?)`
    return { text, values: [...keys.values, limit, skip] }
  }

  return {
    async find({ filter, order, limit, after, skip = 0 }: FindQuery): Promise<Found[]> {
      const wanted = withoutNeedlessSnapshot(filter)
      const page = skip > 0 && !after && isWhole(wanted) ? pageOfAll : pageOf
      // what is skipped is skipped in the index; only the page itself is fetched
      const keys = await page({ filter: wanted, order, limit, skip, after })
      if (!keys) return []
      const statement = prepare(`SELECT * FROM activities WHERE key IN (${keys.text}) ORDER BY key ${order}`)
      return (statement.all(...keys.values) as Row[]).map(toFoundRow)
    },
    async count(filter: Filter, atMost = -1): Promise<number> {
      const keys = selectKeys(withoutNeedlessSnapshot(filter), await actionsOf(filter), 'asc')
      if (!keys) return 0
      const row = prepare(`SELECT count(*) AS n FROM (${keys.text} LIMIT ?)`).get(...keys.values, atMost)
      return (row as { n: number }).n
    },
    /** In this order, after one key or another. */
    async keysOf(filter: Filter, order: Order): Promise<(after?: string) => Sql | undefined> {
      const actions = await actionsOf(filter)
      return (after) => selectKeys(filter, actions, order, after)
    },
    actionsOf,
    withKeys(keys: readonly string[]): Found[] {
      return keys.map((key) => toFoundRow(byKey.get(key) as Row))
    },
    get(tenant: string, id: string): FoundActivity | undefined {
      const row = byId.get(tenant, id) as Row | undefined
      return row && toFound(fromRow(row))
    },
  }
}

const isWhole = ({ userId, actions, from, to, asOf, metadata }: Filter) =>
  [userId, actions, from, to, asOf, metadata].every((part) => part === undefined)

/**
 * The same for all that a tenant has. Without a bound at the far end SQLite compares nothing as it goes, and gets to a deep page in
 * half the time; what lies behind the tenant is left out in the end.
 */
function pageOfAll({ filter, order, limit, skip }: { filter: Filter; order: Order; limit: number; skip: number }): Sql {
  const { tenant } = filter
  const walk = `SELECT tenant, key FROM activities INDEXED BY byTime WHERE tenant ${order === 'desc' ? '<=' : '>='} ?
     ORDER BY tenant ${order}, key ${order} LIMIT ? OFFSET ?`
  return { text: `SELECT key FROM (${walk}) WHERE tenant = ?`, values: [tenant, limit, skip, tenant] }
}

/**
 * The keys of what matches, from one index: that of the user, else of the action, else of time. Several actions are as
 * many ordered lists, which SQLite merges as it goes. Undefined when nothing can match.
 */
function selectKeys(
  filter: Filter,
  actions: readonly string[] | undefined,
  order: Order,
  after?: string,
): Sql | undefined {
  const { tenant, userId, from, to, asOf } = filter
  const bounds: Sql = { text: '', values: [] }
  const bound = (comparison: string, key: string) => {
    bounds.text += ` AND key ${comparison} ?`
    bounds.values.push(key)
  }
  // one at each end: of two, SQLite would begin at the first and read on to the second
  const least = from === undefined ? undefined : firstKeyAt(from)
  const end = to === undefined ? undefined : firstKeyAt(to)
  const [above, below] = order === 'asc' ? [after] : [undefined, after]
  if (above !== undefined && (least === undefined || above >= least)) bound('>', above)
  else if (least !== undefined) bound('>=', least)
  if (below !== undefined && (end === undefined || below < end)) bound('<', below)
  else if (end !== undefined) bound('<', end)
  if (asOf) {
    const then = isInSnapshot(asOf)
    bounds.text += ` AND ${then.text}`
    bounds.values.push(...then.values)
  }

  if (actions?.length === 0) return undefined
  if (userId !== undefined) {
    const among = actions ? ` AND action IN (${actions.map(() => '?').join(', ')})` : ''
    return {
      text: `SELECT key FROM activities INDEXED BY byUser WHERE tenant = ? AND userId = ?${among}${bounds.text}`,
      values: [tenant, userId, ...(actions ?? []), ...bounds.values],
    }
  }
  if (!actions) {
    const text = `SELECT key FROM activities INDEXED BY byTime WHERE tenant = ?${bounds.text}`
    return { text, values: [tenant, ...bounds.values] }
  }
  const one = `SELECT key FROM activities INDEXED BY byAction WHERE tenant = ? AND action = ?${bounds.text}`
  return {
    text: actions.map(() => one).join(' UNION ALL '),
    values: actions.flatMap((action) => [tenant, action, ...bounds.values]),
  }
}

export const toFoundRow = (row: Row): Found => ({
  key: row.key,
  activity: toFound(fromRow(row)),
  position: { partition: row.partition, offset: row.offset },
})

function fromRow(row: Row): ActivityDocument {
  return { ...row, metadata: row.metadata === null ? null : JSON.parse(row.metadata) }
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
