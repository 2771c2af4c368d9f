import type { Collection, Db, Document, IndexDescription } from 'mongodb'
import { collections } from './mongo-documents.ts'
import { declareFormat } from './mongo-format.ts'
import { StoreUnavailable } from './store.ts'

type Key = { readonly [field: string]: 1 | -1 }

/** The index behind the promise that an id is stored once per tenant. */
export const byId = { tenant: 1, id: 1 } as const
/**
 * Every list is an equality prefix and a range of keys, in the order of the answer. The indexes contain positions, so
 * that activities newer than a snapshot are filtered within the index.
 */
const position = { partition: 1, offset: 1 } as const
export const byTime = { tenant: 1, _id: -1, ...position } as const
export const byUser = { tenant: 1, userId: 1, _id: -1, ...position } as const
export const byAction = { tenant: 1, action: 1, _id: -1, ...position } as const
export const byUserAndAction = { tenant: 1, userId: 1, action: 1, _id: -1, ...position } as const
/** Not unique, because a topic that is deleted and created again counts from 0 again. */
export const byPosition = position
export const byArrival = { tenant: 1, firstAt: 1, _id: 1 } as const

const wanted: readonly { collection: string; indexes: readonly { key: Key; unique?: true }[] }[] = [
  {
    collection: collections.activities,
    indexes: [
      { key: byId, unique: true },
      ...[byTime, byUser, byAction, byUserAndAction, byPosition].map((key) => ({ key })),
    ],
  },
  { collection: collections.deadLetters, indexes: [{ key: byArrival }] },
  { collection: collections.outcomes, indexes: [{ key: byPosition }] },
]

/** Documents that expire RETENTION_DAYS after their receipt. */
const expiring: readonly { collection: string; key: Key }[] = [
  { collection: collections.activities, key: { recordedAt: 1 } },
  { collection: collections.deadLetters, key: { firstAt: 1 } },
  { collection: collections.outcomes, key: { at: 1 } },
]

const secondsOfDay = 24 * 60 * 60
const namespaceNotFound = 26

/**
 * Creates missing indexes and then declares the format of the database, which must not be the former one. Returns
 * descriptions of the changes. Several processes may do this at the same time. Existing indexes are not created again,
 * so an equal index under another name is sufficient.
 */
export async function makeIndexes(db: Db): Promise<string[]> {
  const made: string[] = []
  for (const { collection, indexes } of wanted) {
    const present = await listIndexes(db.collection(collection))
    const absent = indexes.filter(({ key, unique }) => !present.some((index) => serves(index, key, unique)))
    if (absent.length === 0) continue
    // one command creates them all, so that nobody sees a new collection with only some of them
    await db
      .collection(collection)
      .createIndexes(absent.map(({ key, unique }) => ({ key: { ...key }, ...(unique && { unique }) })))
    made.push(...absent.map(({ key }) => `created ${described(collection, key)}`))
  }
  await declareFormat(db)
  return made
}

/** Makes MongoDB delete older documents, or keep them forever. Returns descriptions of the changes. */
export async function keepFor(db: Db, retentionDays: number | undefined): Promise<string[]> {
  const expireAfterSeconds = retentionDays === undefined ? undefined : retentionDays * secondsOfDay
  const changes: string[] = []
  for (const { collection, key } of expiring) {
    const present = (await listIndexes(db.collection(collection))).find((index) => hasKey(index, key))
    if (present?.expireAfterSeconds === expireAfterSeconds) continue
    const name = described(collection, key)
    if (expireAfterSeconds === undefined) {
      await db.collection(collection).dropIndex(present?.name as string)
      changes.push(`dropped ${name}: nothing expires`)
    } else if (present) {
      // collMod takes effect immediately, while creating a new index would read the whole collection
      await db.command({ collMod: collection, index: { keyPattern: key, expireAfterSeconds } })
      changes.push(`changed ${name}: expires after ${retentionDays} days`)
    } else {
      await db.collection(collection).createIndex({ ...key }, { expireAfterSeconds })
      changes.push(`created ${name}: expires after ${retentionDays} days`)
    }
  }
  return changes
}

/** Rejects with StoreUnavailable unless an index keeps an id from being stored twice. */
export async function assertGuarded(db: Db): Promise<void> {
  const present = await listIndexes(db.collection(collections.activities))
  if (present.some((index) => serves(index, byId, true))) return
  throw new StoreUnavailable('The unique index on tenant and id is missing; create it with: npm run log -- migrate')
}

/** Returns no indexes if the collection does not exist. */
export async function listIndexes(collection: Collection<Document>): Promise<IndexDescription[]> {
  try {
    return await collection.listIndexes().toArray()
  } catch (error) {
    if ((error as { code?: unknown }).code === namespaceNotFound) return []
    throw error
  }
}

/** Compares keys as text: the order of fields counts, and some servers return doubles instead of integers. */
const shape = (key: object) => JSON.stringify(Object.entries(key).map(([field, order]) => [field, Number(order)]))

const hasKey = (index: IndexDescription, key: Key) => shape(index.key) === shape(key)

/** A partial index omits documents, so it neither keeps ids unique nor serves a list. */
const serves = (index: IndexDescription, key: Key, unique = false) =>
  hasKey(index, key) && (index.unique === true || !unique) && !index.partialFilterExpression && !index.sparse

const described = (collection: string, key: Key) => `${collection} ${JSON.stringify(key)}`
