import type { DatabaseSync } from 'node:sqlite'
import { type ActivityDocument, type FoundActivity, toFound } from '../document.ts'
import type { Filter } from '../filter.ts'
import type { FindQuery, Found } from './activities.ts'
import { resolveActions } from './resolve-actions.ts'
import { rangeOf, rowsIn, type Scan, scansOf, statementCache } from './sqlite-scan.ts'
import { createSqliteSnapshots } from './sqlite-snapshot.ts'

/** The limits of a read that is answered immediately: rows examined, rows fetched and prefixes looked up. */
const maxLookedAt = 20_000
const maxFetched = 101
const maxPrefixes = 10

export type Row = Omit<ActivityDocument, 'metadata'> & { metadata: string | null }
export type SqliteQueries = ReturnType<typeof createSqliteQueries>

/** The reads that an index and a limit keep too short to delay anything else. */
export function createSqliteQueries(db: DatabaseSync) {
  const byId = db.prepare('SELECT * FROM activities WHERE tenant = ? AND id = ?')
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

  /** The index ranges that contain exactly the matches, or undefined if each row must be examined. */
  async function wholeScansOf(filter: Filter): Promise<Scan[] | undefined> {
    const { userId, actions = [], snapshot, metadata } = withoutNeedlessSnapshot(filter)
    if (snapshot || metadata || (userId !== undefined && actions.length > 0)) return undefined
    if (actions.filter((action) => 'prefix' in action).length > maxPrefixes) return undefined
    return scansOf(filter, await actionsOf(filter))
  }

  return {
    /** Undefined if it might take long. */
    async find({ filter, order, limit, after, skip = 0 }: FindQuery): Promise<Found[] | undefined> {
      const scans = limit <= maxFetched ? await wholeScansOf(filter) : undefined
      if (!scans || (skip + limit) * scans.length > maxLookedAt) return undefined
      if (scans.length === 0) return []
      const keys = rowsIn(scans, rangeOf(filter, order, after))
      // skipping happens in the index; only the page itself is fetched
      const page = `SELECT key FROM (${keys.text} ORDER BY key ${order} LIMIT ? OFFSET ?)`
      const statement = prepare(`SELECT * FROM activities WHERE key IN (${page}) ORDER BY key ${order}`)
      return (statement.all(...keys.values, limit, skip) as Row[]).map(toFoundRow)
    },
    /** Undefined if it might take long. */
    async count(filter: Filter, max = Number.POSITIVE_INFINITY): Promise<number | undefined> {
      const scans = max <= maxLookedAt ? await wholeScansOf(filter) : undefined
      if (!scans) return undefined
      if (scans.length === 0) return 0
      const keys = rowsIn(scans, rangeOf(filter))
      const row = prepare(`SELECT count(*) AS n FROM (${keys.text} LIMIT ?)`).get(...keys.values, max)
      return (row as { n: number }).n
    },
    get(tenant: string, id: string): FoundActivity | undefined {
      const row = byId.get(tenant, id) as Row | undefined
      return row && toFound(fromRow(row))
    },
    actionsOf,
    withoutNeedlessSnapshot,
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
