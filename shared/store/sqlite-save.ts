import type { DatabaseSync } from 'node:sqlite'
import { type ActivityDocument, toDocument } from '../document.ts'
import { type HashId, hashId } from '../key.ts'
import type { RecordedActivity, SaveOutcome } from './activities.ts'
import type { SqliteLedger } from './sqlite-ledger.ts'
import { createSqliteNumbers } from './sqlite-names.ts'
import { placeOf } from './sqlite-places.ts'
import {
  createSqliteRows,
  fromStoredId,
  type Moment,
  momentOf,
  type StoredId,
  textOf,
  toStoredId,
} from './sqlite-rows.ts'

/** The hash is made from the tenant and the id when it is needed. Rows of earlier versions hold it, and nobody reads it. */
const noHash = Buffer.alloc(0)

/** How many moments with ties are kept in memory. */
const maxTied = 100

type Present = { place: number; digest: Uint8Array; recordedAtMs: number }

/** Saves activities within the transaction of the caller. */
export function createSqliteSave(db: DatabaseSync, ledger: Pick<SqliteLedger, 'write'>, hash: HashId = hashId) {
  const inserter = createSqliteInserter(db, hash)
  const rows = createSqliteRows(db)

  function saveOne({ position, ...event }: RecordedActivity): SaveOutcome {
    const document = toDocument(event, position, hash)
    const inserted = inserter.insert(document, document.metadata && JSON.stringify(document.metadata))
    if (typeof inserted === 'string') return inserted
    const present = { ...rows.position(inserted.place), digest: toText(inserted.digest) }
    if (present.digest !== document.digest) return 'conflict'
    // the same position with another time of receipt is that of a topic which was created again
    const isSamePosition = present.partition === document.partition && present.offset === document.offset
    if (isSamePosition && inserted.recordedAtMs === document.recordedAtMs) return 'stored'
    const { tenant, id } = document
    ledger.write({ position, outcome: 'duplicate', tenant, activityId: id, recordedAt: event.recordedAt })
    return 'duplicate'
  }
  return { saveOne, forget: inserter.forget }
}

/**
 * Inserts documents. If the id is present, `insert` returns its place and digest; if another id has the key,
 * 'key-taken'.
 */
export function createSqliteInserter(db: DatabaseSync, hash: HashId = hashId) {
  const numbers = createSqliteNumbers(db)
  // parameters without names cost half the time
  const insert = db.prepare(
    'INSERT INTO activities VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  )
  const byId = db.prepare(
    'SELECT place, digest, timestampMs + delayMs AS recordedAtMs FROM activities WHERE tenant = ? AND id = ?',
  )
  const isTaken = createTakenKeys(db, hash)
  const lastElsewhere = db.prepare('SELECT min(0, coalesce(min(place), 0)) AS place FROM activities')
  const insertPosition = db.prepare('INSERT INTO positions VALUES (?, ?, ?)')

  return {
    insert(document: Omit<ActivityDocument, 'metadata'>, metadata: string | null): 'stored' | 'key-taken' | Present {
      const tenant = numbers.tenant(document.tenant)
      const id = toStoredId(document.id)
      const moment = momentOf(document.key)
      const present = () => byId.get(tenant, id) as Present | undefined

      function insertAt(place: number): boolean {
        const { userId, action, digest, salt } = document
        const { changes } = insert.run(
          place,
          tenant,
          id,
          numbers.user(tenant, userId),
          numbers.action(tenant, action),
          ...moment,
          noHash,
          textOf(document),
          metadata,
          toBytes(digest),
          salt === null ? null : toBytes(salt),
        )
        return changes === 1
      }

      // a record that is not stored must not store a new name
      if (!numbers.hasBoth(tenant, document.userId, document.action)) {
        const before = present()
        if (before) return before
      }
      if (isTaken(tenant, moment, document)) return present() ?? 'key-taken'
      const place = placeOf(document)
      if (place !== undefined && insertAt(place)) return 'stored'
      const before = present()
      if (before) return before
      const elsewhere = (lastElsewhere.get() as { place: number }).place - 1
      insertAt(elsewhere)
      insertPosition.run(elsewhere, document.partition, document.offset)
      return 'stored'
    },
    forget: numbers.forget,
  }
}

/**
 * Whether another activity has the key. Records of earlier versions may tie by the thousand, so the hashes of moments that
 * have any are kept in memory, with the ids that they were made from.
 */
function createTakenKeys(db: DatabaseSync, hash: HashId) {
  const columns = 'tenant = ? AND timestampMs = ? AND timestampNs = ? AND delayMs = ? AND sequence = ?'
  const isAnyAt = db.prepare(`SELECT 1 FROM activities INDEXED BY byTime WHERE ${columns} LIMIT 1`)
  const idsAt = db.prepare(`SELECT id FROM activities INDEXED BY byTime WHERE ${columns}`)
  const isAt = db.prepare(`SELECT 1 FROM activities INDEXED BY byId WHERE ${columns} AND id = ?`)
  const tied = new Map<string, Map<string, StoredId>>()

  function hashesOf(tenant: number, moment: Moment, tenantName: string) {
    const ids = idsAt.all(tenant, ...moment).map((row) => row['id'] as StoredId)
    return new Map(ids.map((id) => [toText(hash(tenantName, fromStoredId(id))), id]))
  }

  return (tenant: number, moment: Moment, document: Pick<ActivityDocument, 'tenant' | 'id' | 'key'>): boolean => {
    if (!isAnyAt.get(tenant, ...moment)) return false
    const name = [tenant, ...moment].join()
    const ids = tied.get(name) ?? hashesOf(tenant, moment, document.tenant)
    if (tied.size === maxTied) tied.clear()
    tied.set(name, ids)
    const own = toText(document.key.hash)
    const holder = ids.get(own)
    if (holder !== undefined && isAt.get(tenant, ...moment, holder)) return true
    ids.set(own, toStoredId(document.id))
    return false
  }
}

const toBytes = (text: string): Buffer => Buffer.from(text, 'base64url')
const toText = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64url')
