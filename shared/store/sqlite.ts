import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { type ActivityDocument, toDocument, toFound } from '../document.ts'
import type { Filter, Order } from '../filter.ts'
import { firstKeyAt } from '../key.ts'
import { openSqliteFile, transaction } from '../sqlite/file.ts'
import { deadLetterId } from './dead-letter-id.ts'
import {
  type ActivityStore,
  type DeadLetter,
  maxActions,
  type RecordedActivity,
  type SaveOutcome,
  StoreUnavailable,
  TooManyActions,
} from './store.ts'

const migrations = [
  `CREATE TABLE activities (
     key TEXT PRIMARY KEY,
     tenant TEXT NOT NULL,
     id TEXT NOT NULL,
     userId TEXT NOT NULL,
     action TEXT NOT NULL,
     timestampMs INTEGER NOT NULL,
     timestampText TEXT,
     metadata TEXT,
     recordedAtMs INTEGER NOT NULL,
     partition INTEGER NOT NULL,
     offset INTEGER NOT NULL,
     digest TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE UNIQUE INDEX byId ON activities (tenant, id);
   CREATE INDEX byTime ON activities (tenant, key);
   CREATE INDEX byUser ON activities (tenant, userId, key);
   CREATE INDEX byAction ON activities (tenant, action, key);
   CREATE INDEX byPosition ON activities (partition, offset);
   CREATE TABLE deadLetters (
     id TEXT PRIMARY KEY,
     partition INTEGER NOT NULL,
     offset INTEGER NOT NULL,
     reason TEXT NOT NULL,
     errors TEXT NOT NULL,
     headers TEXT NOT NULL,
     body BLOB NOT NULL,
     firstAtMs INTEGER NOT NULL,
     lastAtMs INTEGER NOT NULL,
     attempts INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;`,
]

/** Prepared statements that are kept; one for each shape of a query. */
const maxStatements = 100

type Row = Omit<ActivityDocument, 'metadata'> & { metadata: string | null }
type Sql = { text: string; values: SQLInputValue[] }

/** A store in a SQLite file, durable with every commit. */
export function openSqliteStore({ path }: { path: string }): ActivityStore {
  const db = openSqliteFile({ path, migrations })
  const insert = db.prepare(
    `INSERT INTO activities VALUES
       ($key, $tenant, $id, $userId, $action, $timestampMs, $timestampText, $metadata, $recordedAtMs, $partition, $offset, $digest)
     ON CONFLICT DO NOTHING`,
  )
  const byId = db.prepare('SELECT * FROM activities WHERE tenant = ? AND id = ?')
  const park = db.prepare(
    `INSERT INTO deadLetters VALUES ($id, $partition, $offset, $reason, $errors, $headers, $body, $atMs, $atMs, 1)
     ON CONFLICT (id) DO UPDATE SET lastAtMs = $atMs, attempts = attempts + 1`,
  )
  const nextAction = db.prepare(
    'SELECT action FROM activities WHERE tenant = ? AND action >= ? AND action <> ? ORDER BY action LIMIT 1',
  )
  const prepare = statementCache(db)

  function saveOne({ position, ...event }: RecordedActivity): SaveOutcome {
    const document = toDocument(event, position)
    const metadata = document.metadata && JSON.stringify(document.metadata)
    if (insert.run({ ...document, metadata }).changes === 1) return 'stored'
    const present = byId.get(document.tenant, document.id) as Row | undefined
    if (!present) throw new Error(`The key ${document.key} is taken by another id than ${document.id}`)
    if (present.digest !== document.digest) return 'conflict'
    const isRedelivery = present.partition === document.partition && present.offset === document.offset
    return isRedelivery ? 'stored' : 'duplicate'
  }

  function parkOne(deadLetter: DeadLetter) {
    const { position, reason, errors, headers, body, at } = deadLetter
    park.run({
      id: deadLetterId(deadLetter),
      partition: position.partition,
      offset: position.offset,
      reason,
      errors: JSON.stringify(errors),
      headers: JSON.stringify(headers),
      body,
      atMs: at.getTime(),
    })
  }

  /** The actions that the patterns stand for: prefixes are looked up one index step for each action. */
  function resolveActions({ tenant, actions }: Filter): string[] | undefined {
    if (!actions) return undefined
    const names = new Set<string>()
    for (const pattern of actions) {
      if ('exact' in pattern) names.add(pattern.exact)
      else for (const action of actionsFrom(tenant, pattern.prefix)) names.add(action)
    }
    return [...names]
  }

  function* actionsFrom(tenant: string, prefix: string) {
    let last = ''
    for (let found = 0; ; found++) {
      const row = nextAction.get(tenant, last || prefix, last) as { action: string } | undefined
      if (!row?.action.startsWith(prefix)) return
      if (found === maxActions) throw new TooManyActions(`More than ${maxActions} actions begin with ${prefix}`)
      last = row.action
      yield last
    }
  }

  return {
    save: (activities) => attempt(() => transaction(db, () => activities.map(saveOne))),
    park: (deadLetters) => attempt(() => transaction(db, () => deadLetters.forEach(parkOne))),
    find: ({ filter, order, limit, after, skip = 0 }) =>
      attempt(() => {
        const keys = selectKeys(filter, resolveActions(filter), order, after)
        if (!keys) return []
        // what is skipped is skipped in the index; only the page itself is fetched
        const page = `SELECT key FROM (${keys.text} ORDER BY key ${order} LIMIT ? OFFSET ?)`
        const statement = prepare(`SELECT * FROM activities WHERE key IN (${page}) ORDER BY key ${order}`)
        const rows = statement.all(...keys.values, limit, skip) as Row[]
        return rows.map((row) => ({ key: row.key, activity: toFound(fromRow(row)) }))
      }),
    count: (filter, atMost = -1) =>
      attempt(() => {
        const keys = selectKeys(filter, resolveActions(filter), 'asc')
        if (!keys) return 0
        const row = prepare(`SELECT count(*) AS n FROM (${keys.text} LIMIT ?)`).get(...keys.values, atMost)
        return (row as { n: number }).n
      }),
    get: (tenant, id) =>
      attempt(() => {
        const row = byId.get(tenant, id) as Row | undefined
        return row && toFound(fromRow(row))
      }),
    deadLetters: () =>
      attempt(() =>
        db
          .prepare('SELECT * FROM deadLetters ORDER BY firstAtMs, id')
          .all()
          .map((row) => ({
            position: { partition: row['partition'] as number, offset: row['offset'] as number },
            reason: row['reason'] as DeadLetter['reason'],
            errors: JSON.parse(row['errors'] as string),
            headers: JSON.parse(row['headers'] as string),
            body: row['body'] as Uint8Array,
            firstAt: new Date(row['firstAtMs'] as number),
            lastAt: new Date(row['lastAtMs'] as number),
            attempts: row['attempts'] as number,
          })),
      ),
    async [Symbol.asyncDispose]() {
      db.close()
    },
  }
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
  const { tenant, userId, from, to } = filter
  const bounds: Sql = { text: '', values: [] }
  const bound = (comparison: string, key: string) => {
    bounds.text += ` AND key ${comparison} ?`
    bounds.values.push(key)
  }
  if (from !== undefined) bound('>=', firstKeyAt(from))
  if (to !== undefined) bound('<', firstKeyAt(to))
  if (after !== undefined) bound(order === 'asc' ? '>' : '<', after)

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

function fromRow(row: Row): ActivityDocument {
  return { ...row, metadata: row.metadata === null ? null : JSON.parse(row.metadata) }
}

function statementCache(db: DatabaseSync): (text: string) => StatementSync {
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

/** SQLite answers at once; what it throws is trouble with the disk, what we throw ourselves is not. */
async function attempt<Result>(work: () => Result): Promise<Result> {
  try {
    return work()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ERR_SQLITE_ERROR' && code !== 'ERR_INVALID_STATE') throw error
    throw new StoreUnavailable('The SQLite store failed', { cause: error })
  }
}
