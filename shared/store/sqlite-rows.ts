import type { DatabaseSync } from 'node:sqlite'
import { type ActivityDocument, type ListedActivity, toFound } from '../document.ts'
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

/** The text of a timestamp, if its instant does not tell it: the last instant of a key stands for all later ones. */
export const textOf = ({ key, timestampText, timestampMs }: Omit<ActivityDocument, 'metadata'>): string | null =>
  timestampText ?? (key.instant === maxKeyNumber ? formatTimestamp(timestampMs) : null)

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/

/** A canonical UUID takes 16 bytes; any other id stays text. */
export const toStoredId = (id: string): string | Buffer =>
  uuid.test(id) ? Buffer.from(id.replaceAll('-', ''), 'hex') : id

export function fromStoredId(stored: string | Uint8Array): string {
  if (typeof stored === 'string') return stored
  const hex = viewOf(stored).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array) => Buffer.from(buffer, byteOffset, byteLength)

/** The columns of a row without their names, which takes half the time. */
type Row = [
  place: number,
  id: string | Uint8Array,
  user: number,
  action: number,
  ...moment: Moment,
  hash: Uint8Array,
  timestampText: string | null,
  metadata: string | null,
]

/** Up to twice as many names are in memory: those that were looked up last, and those before them. */
const maxNames = 10_000

export type SqliteRows = ReturnType<typeof createSqliteRows>

/** Reads whole activities. */
export function createSqliteRows(db: DatabaseSync) {
  const select = `SELECT place, id, user, action, timestampMs, timestampNs, delayMs, sequence, hash, timestampText, metadata
    FROM activities WHERE`
  const byPlaces = db.prepare(`${select} place IN (SELECT value FROM json_each(?))`)
  const byId = db.prepare(`${select} tenant = (SELECT number FROM tenants WHERE name = ?) AND id = ?`)
  byPlaces.setReturnArrays(true)
  byId.setReturnArrays(true)
  const hash = db.prepare('SELECT hash FROM activities WHERE place = ?')
  const searched = db.prepare('SELECT user, action, metadata FROM activities WHERE place = ?')
  searched.setReturnArrays(true)
  const elsewhere = db.prepare('SELECT partition, offset FROM positions WHERE place = ?')
  const [userOf, actionOf] = [namesIn('users'), namesIn('actions')]

  /** A number stands for the same name for ever. */
  function namesIn(table: 'users' | 'actions') {
    let names = new Map<number, string>()
    let before = new Map<number, string>()
    const select = db.prepare(`SELECT name FROM ${table} WHERE number = ?`)
    return (number: number): string => {
      const known = names.get(number)
      if (known !== undefined) return known
      const name = before.get(number) ?? (select.get(number)?.['name'] as string)
      if (names.size === maxNames) {
        before = names
        names = new Map()
      }
      names.set(number, name)
      return name
    }
  }

  const position = (place: number): Position =>
    place < 0 ? ({ ...elsewhere.get(place) } as Position) : positionOf(place)

  function toFoundRow(row: Row): Found {
    const [place, id, user, action, timestampMs, timestampNs, delayMs, sequence, hash, timestampText, metadata] = row
    const recordedAtMs = timestampMs + delayMs
    const parts = { timestampMs, timestampText, metadataText: metadata, recordedAtMs }
    return {
      // only the first and the last row of a page are asked for their keys
      get key() {
        const instant = BigInt(timestampMs) * nanosecondsPerMs + BigInt(timestampNs)
        return toKey({ instant, arrival: arrivalOf(recordedAtMs, sequence), hash: viewOf(hash) })
      },
      activity: toFound({ id: fromStoredId(id), userId: userOf(user), action: actionOf(action), ...parts }),
      position: position(place),
    }
  }

  return {
    position,
    /** The activities at these places, in their order. */
    found(places: readonly number[]): Found[] {
      const rows = byPlaces.all(JSON.stringify(places)) as unknown[] as Row[]
      const byPlace = new Map(rows.map((row) => [row[0], row]))
      return places.map((place) => toFoundRow(byPlace.get(place) as Row))
    },
    foundById(tenant: string, id: string): Found | undefined {
      const row = byId.get(tenant, toStoredId(id)) as unknown as Row | undefined
      return row && toFoundRow(row)
    },
    hash: (place: number) => hash.get(place)?.['hash'] as Uint8Array,
    /** The parts of an activity that can be searched; undefined if it is no longer there. */
    searched(place: number): Pick<ListedActivity, 'userId' | 'action' | 'metadataText'> | undefined {
      const row = searched.get(place) as unknown as [number, number, string | null] | undefined
      if (!row) return undefined
      const [user, action, metadata] = row
      return { userId: userOf(user), action: actionOf(action), ...(metadata !== null && { metadataText: metadata }) }
    },
  }
}
