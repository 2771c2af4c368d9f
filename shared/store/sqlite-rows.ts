import type { DatabaseSync } from 'node:sqlite'
import { type ActivityDocument, toFound } from '../document.ts'
import { arrivalOf, maxKeyNumber, recordedAtMsOf, sequenceLimit, toKey } from '../key.ts'
import type { Position } from '../receipt.ts'
import { formatTimestamp, nanosecondsPerMs, toMs } from '../timestamp.ts'
import type { Found } from './activities.ts'
import { positionOf } from './sqlite-places.ts'

/**
 * The columns that order activities as their keys do, without the hash: the instant, and the arrival as its distance
 * from the instant, which is a small number. Activities that agree in all of them are ordered by hash.
 */
export type Moment = [timestampMs: number, timestampNs: number, delayMs: number, sequence: number]

export function momentOf({ instant, arrival }: Pick<ActivityDocument['key'], 'instant' | 'arrival'>): Moment {
  const timestampMs = toMs(instant)
  const recordedAtMs = recordedAtMsOf(arrival)
  const sequence = Number(arrival & BigInt(sequenceLimit - 1))
  return [timestampMs, Number(instant % nanosecondsPerMs), recordedAtMs - timestampMs, sequence]
}

/** The text of a timestamp that its instant does not tell; the last instant of a key stands for all later ones. */
export const textOf = ({ key, timestampText, timestampMs }: Omit<ActivityDocument, 'metadata'>): string | null =>
  timestampText ?? (key.instant === maxKeyNumber ? formatTimestamp(timestampMs) : null)

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/

/** A canonical UUID takes 16 bytes; any other id stays text. */
export const toStoredId = (id: string): string | Buffer =>
  uuid.test(id) ? Buffer.from(id.replaceAll('-', ''), 'hex') : id

export function fromStoredId(stored: string | Uint8Array): string {
  if (typeof stored === 'string') return stored
  const hex = Buffer.from(stored).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

type Row = {
  place: number
  id: string | Uint8Array
  userId: string
  actionName: string
  timestampMs: number
  timestampNs: number
  delayMs: number
  sequence: number
  hash: Uint8Array
  timestampText: string | null
  metadata: string | null
}

export type SqliteRows = ReturnType<typeof createSqliteRows>

/** Reads whole activities. */
export function createSqliteRows(db: DatabaseSync) {
  const select = `SELECT place, id, users.name AS userId, actions.name AS actionName, timestampMs, timestampNs, delayMs,
      sequence, hash, timestampText, metadata
    FROM activities JOIN users ON users.number = user JOIN actions ON actions.number = action`
  const byPlace = db.prepare(`${select} WHERE place = ?`)
  const byId = db.prepare(`${select} WHERE activities.tenant = (SELECT number FROM tenants WHERE name = ?) AND id = ?`)
  const hash = db.prepare('SELECT hash FROM activities WHERE place = ?')
  const metadata = db.prepare('SELECT metadata FROM activities WHERE place = ?')
  const elsewhere = db.prepare('SELECT partition, offset FROM positions WHERE place = ?')

  const position = (place: number): Position =>
    place < 0 ? ({ ...elsewhere.get(place) } as Position) : positionOf(place)

  function found(row: Row): Found {
    const { id, userId, actionName, timestampMs, timestampNs, delayMs, timestampText, metadata } = row
    const recordedAtMs = timestampMs + delayMs
    const instant = BigInt(timestampMs) * nanosecondsPerMs + BigInt(timestampNs)
    const parts = { userId, action: actionName, timestampMs, timestampText, metadataText: metadata, recordedAtMs }
    return {
      key: toKey({ instant, arrival: arrivalOf(recordedAtMs, row.sequence), hash: Buffer.from(row.hash) }),
      activity: toFound({ id: fromStoredId(id), ...parts }),
      position: position(row.place),
    }
  }

  return {
    position,
    found: (place: number) => found(byPlace.get(place) as Row),
    foundById(tenant: string, id: string): Found | undefined {
      const row = byId.get(tenant, toStoredId(id)) as Row | undefined
      return row && found(row)
    },
    hash: (place: number) => hash.get(place)?.['hash'] as Uint8Array,
    metadata: (place: number) => metadata.get(place)?.['metadata'] as string | null,
  }
}
