import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { type ActivityDocument, type ListedActivity, toFound } from '../document.ts'
import { arrivalOf, hashId, maxKeyNumber, recordedAtMsOf, sequenceLimit, toKey } from '../key.ts'
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
export type StoredId = string | Uint8Array

export const toStoredId = (id: string): string | Buffer =>
  uuid.test(id) ? Buffer.from(id.replaceAll('-', ''), 'hex') : id

export const fromStoredId = (stored: StoredId): string =>
  typeof stored === 'string' ? stored : fromHex(Buffer.from(stored).toString('hex'))

const idOf = (text: string, isUuid: 0 | 1): string => (isUuid ? fromHex(text) : text)

const fromHex = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`

/**
 * A row begins like an entry of an index. Its columns have no names, which takes half the time, and bytes are text, which
 * takes a third of it.
 */
export type ListedRow = [
  ...moment: Moment,
  place: number,
  isMatch: 0 | 1,
  id: string,
  isUuid: 0 | 1,
  user: number,
  action: number,
  timestampText: string | null,
  metadataText: string | null,
]
/** With the tenant, which the hash of the key is made from. */
type Row = [...ListedRow, tenant: number]

const isUuid = "typeof(id) = 'blob'"
/** The columns behind those of an entry. */
export const listedColumns = `, iif(${isUuid}, lower(hex(id)), id), ${isUuid}, user, action, timestampText, metadata`

/** Up to twice as many names are in memory: those that were looked up last, and those before them. */
const maxNames = 10_000

export type SqliteRows = ReturnType<typeof createSqliteRows>

/** Reads whole activities. */
export function createSqliteRows(db: DatabaseSync) {
  const listed = `timestampMs, timestampNs, delayMs, sequence, place, 1${listedColumns}`
  const whole = `${listed}, tenant`
  const inPlaces = 'FROM activities WHERE place IN (SELECT value FROM json_each(?))'
  const listedByPlaces = db.prepare(`SELECT ${listed} ${inPlaces}`)
  const byPlaces = db.prepare(`SELECT ${whole} ${inPlaces}`)
  const byId = db.prepare(
    `SELECT ${whole} FROM activities WHERE tenant = (SELECT number FROM tenants WHERE name = ?) AND id = ?`,
  )
  for (const statement of [listedByPlaces, byPlaces, byId]) statement.setReturnArrays(true)
  const hashed = db.prepare('SELECT tenant, id FROM activities WHERE place = ?')
  hashed.setReturnArrays(true)
  const searched = db.prepare('SELECT user, action, metadata FROM activities WHERE place = ?')
  searched.setReturnArrays(true)
  const elsewhere = db.prepare('SELECT partition, offset FROM positions WHERE place = ?')
  const [tenantOf, userOf, actionOf] = [namesIn('tenants'), namesIn('users'), namesIn('actions')]

  /** A number stands for the same name for ever. */
  function namesIn(table: 'tenants' | 'users' | 'actions') {
    let names = new Map<number, string>()
    let before = new Map<number, string>()
    const select = db.prepare(`SELECT name FROM ${table} WHERE number = ?`)
    select.setReturnArrays(true)
    return (number: number): string => {
      const known = names.get(number)
      if (known !== undefined) return known
      const name = before.get(number) ?? (select.get(number) as unknown as [string])[0]
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

  function toListed(row: ListedRow | Row): ListedActivity {
    const [timestampMs, , delayMs, , , , id, isUuid, user, action, timestampText, metadataText] = row
    const names = { id: idOf(id, isUuid), userId: userOf(user), action: actionOf(action) }
    return toFound({ ...names, timestampMs, timestampText, metadataText, recordedAtMs: timestampMs + delayMs })
  }

  function keyOf([timestampMs, timestampNs, delayMs, sequence, , , id, isUuid, , , , , tenant]: Row): string {
    const instant = BigInt(timestampMs) * nanosecondsPerMs + BigInt(timestampNs)
    const hash = hashId(tenantOf(tenant), idOf(id, isUuid))
    return toKey({ instant, arrival: arrivalOf(timestampMs + delayMs, sequence), hash })
  }

  const toFoundRow = (row: Row): Found => ({
    // of a page, only the first and the last row are asked for their keys
    get key() {
      return keyOf(row)
    },
    activity: toListed(row),
    position: position(row[4]),
  })

  /** The rows at these places, in their order. */
  function rowsAt<Of extends ListedRow | Row>(places: readonly number[], statement: StatementSync): Of[] {
    const rows = statement.all(JSON.stringify(places)) as unknown[] as Of[]
    const byPlace = new Map(rows.map((row) => [row[4], row]))
    return places.map((place) => byPlace.get(place) as Of)
  }

  return {
    position,
    found: (places: readonly number[]): Found[] => rowsAt<Row>(places, byPlaces).map(toFoundRow),
    /** Without keys and positions, which takes two thirds of the time. */
    listed: (places: readonly number[]): ListedActivity[] => rowsAt<ListedRow>(places, listedByPlaces).map(toListed),
    toListed,
    keyAt: (place: number): string => keyOf(rowsAt<Row>([place], byPlaces)[0] as Row),
    foundById(tenant: string, id: string): Found | undefined {
      const row = byId.get(tenant, toStoredId(id)) as unknown as Row | undefined
      return row && toFoundRow(row)
    },
    hash(place: number): Buffer {
      const [tenant, id] = hashed.get(place) as unknown as [number, StoredId]
      return hashId(tenantOf(tenant), fromStoredId(id))
    },
    /** The parts of an activity that can be searched; undefined if it is no longer there. */
    searched(place: number): Pick<ListedActivity, 'userId' | 'action' | 'metadataText'> | undefined {
      const row = searched.get(place) as unknown as [number, number, string | null] | undefined
      if (!row) return undefined
      const [user, action, metadata] = row
      return { userId: userOf(user), action: actionOf(action), ...(metadata !== null && { metadataText: metadata }) }
    },
  }
}
