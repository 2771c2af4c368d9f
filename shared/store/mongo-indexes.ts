import type { Collection, Db, Document, IndexDescription } from 'mongodb'
import { collections } from './mongo-documents.ts'
import { StoreUnavailable } from './store.ts'

type Key = { readonly [field: string]: 1 | -1 }

/** The guard behind the promise: an id is stored once in a tenant. */
export const byId = { tenant: 1, id: 1 } as const
/**
 * Every list is an equality prefix and a range of keys, in the order of the answer. With the positions, so that what came
 * after a snapshot is left out within the index.
 */
const position = { partition: 1, offset: 1 } as const
export const byTime = { tenant: 1, _id: -1, ...position } as const
export const byUser = { tenant: 1, userId: 1, _id: -1, ...position } as const
export const byAction = { tenant: 1, action: 1, _id: -1, ...position } as const
/** Not unique: a topic that was made anew counts from 0 again. */
export const byPosition = position
export const byArrival = { tenant: 1, firstAt: 1, _id: 1 } as const

const wanted: readonly { collection: string; indexes: readonly { key: Key; unique?: true }[] }[] = [
  {
    collection: collections.activities,
    indexes: [{ key: byId, unique: true }, { key: byTime }, { key: byUser }, { key: byAction }, { key: byPosition }],
  },
  { collection: collections.deadLetters, indexes: [{ key: byArrival }] },
  { collection: collections.outcomes, indexes: [{ key: byPosition }] },
]

/** What the first versions made, and others serve instead. */
const superseded: readonly Key[] = [
  { tenant: 1, _id: -1 },
  { tenant: 1, userId: 1, _id: -1 },
  { tenant: 1, action: 1, _id: -1 },
]

/** What is kept for RETENTION_DAYS after it came. */
const expiring: readonly { collection: string; key: Key }[] = [
  { collection: collections.activities, key: { recordedAt: 1 } },
  { collection: collections.deadLetters, key: { firstAt: 1 } },
  { collection: collections.outcomes, key: { at: 1 } },
]

const secondsOfDay = 24 * 60 * 60
const namespaceNotFound = 26
const indexNotFound = 27

/**
 * Makes what is absent and drops what others serve instead, and returns it in words. Several may do it at the same time. What is there is not asked for
 * again: an index that somebody made under a name of their own serves as well.
 */
export async function makeIndexes(db: Db): Promise<string[]> {
  const made: string[] = []
  for (const { collection, indexes } of wanted) {
    const present = await listIndexes(db.collection(collection))
    const absent = indexes.filter(({ key, unique }) => !present.some((index) => serves(index, key, unique)))
    if (absent.length === 0) continue
    // all in one command: nobody finds a new collection with some of them
    await db
      .collection(collection)
      .createIndexes(absent.map(({ key, unique }) => ({ key: { ...key }, ...(unique && { unique }) })))
    made.push(...absent.map(({ key }) => `made ${described(collection, key)}`))
  }
  return [...made, ...(await dropSuperseded(db))]
}

async function dropSuperseded(db: Db): Promise<string[]> {
  const activities = db.collection(collections.activities)
  const present = await listIndexes(activities)
  const dropped = superseded.flatMap((key) => present.find((index) => hasKey(index, key)) ?? [])
  for (const { name } of dropped) {
    await activities.dropIndex(name as string).catch((error) => {
      // another process was quicker
      if ((error as { code?: unknown }).code !== indexNotFound) throw error
    })
  }
  return dropped.map(({ key }) => `dropped ${described(collections.activities, key as Key)}`)
}

/** Has MongoDB delete what is older, or keep it for ever. Returns in words what changed. */
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
      // at once, where making it anew would read the whole collection
      await db.command({ collMod: collection, index: { keyPattern: key, expireAfterSeconds } })
      changes.push(`changed ${name}: expires after ${retentionDays} days`)
    } else {
      await db.collection(collection).createIndex({ ...key }, { expireAfterSeconds })
      changes.push(`made ${name}: expires after ${retentionDays} days`)
    }
  }
  return changes
}

/** Rejects with StoreUnavailable while nothing would keep an id from being stored twice. */
export async function assertGuarded(db: Db): Promise<void> {
  const present = await listIndexes(db.collection(collections.activities))
  if (present.some((index) => serves(index, byId, true))) return
  throw new StoreUnavailable('The unique index on tenant and id is absent: npm run log -- migrate makes it')
}

/** None while there is no such collection. */
export async function listIndexes(collection: Collection<Document>): Promise<IndexDescription[]> {
  try {
    return await collection.listIndexes().toArray()
  } catch (error) {
    if ((error as { code?: unknown }).code === namespaceNotFound) return []
    throw error
  }
}

/** The fields of a key have an order, and values that some servers give as doubles, others as integers. */
const shape = (key: object) => JSON.stringify(Object.entries(key).map(([field, order]) => [field, Number(order)]))

const hasKey = (index: IndexDescription, key: Key) => shape(index.key) === shape(key)

/** A partial index leaves documents out: it neither guards nor lists them all. */
const serves = (index: IndexDescription, key: Key, unique = false) =>
  hasKey(index, key) && (index.unique === true || !unique) && !index.partialFilterExpression && !index.sparse

const described = (collection: string, key: Key) => `${collection} ${JSON.stringify(key)}`
