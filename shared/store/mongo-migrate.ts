import { BSON, type Collection, type Db } from 'mongodb'
import { asConfigError, asking, openDatabase, openMongoClient } from './mongo-client.ts'
import { collections } from './mongo-documents.ts'
import { isFormer } from './mongo-format.ts'
import { type Copy, copies } from './mongo-former.ts'
import { keepFor, listIndexes, makeIndexes } from './mongo-indexes.ts'
import { rejectedAsPresent } from './mongo-write.ts'
import { NeedsOperator } from './store.ts'

export type MigrateOptions = {
  uri: string
  database: string
  retentionDays: number | undefined
  /** The maximum number of documents that are copied at a time; large ones are fewer. */
  batchSize?: number
  /** How many documents have been copied. */
  onProgress?: (done: number, of: number) => void
}

const maxBatchBytes = 4 * 1024 * 1024
const namespaceExists = 48

/**
 * Copies a database in the former format, creates missing indexes, and sets the retention, without a timeout. Returns
 * descriptions of the changes. It may be killed at any time, and continues when it is run again. Rejects with
 * ConfigError, NeedsOperator or StoreUnavailable.
 */
export async function migrateMongo({ uri, database, retentionDays, ...options }: MigrateOptions): Promise<string[]> {
  await using client = openMongoClient({ uri, socketTimeout: false })
  const db = openDatabase(client, database)
  try {
    return await asking(async () => {
      const copied = (await isFormer(db)) ? await copyAll(db, options) : []
      // the format is declared last, so until then everybody sees a database in the former format
      const made = await makeIndexes(db)
      await copiesOf(db).deleteMany({ _id: { $in: copies.map(({ from }) => from) } })
      return [...copied, ...made, ...(await keepFor(db, retentionDays))]
    })
  } catch (error) {
    throw asConfigError(error, client) ?? error
  }
}

/** How far the copy of a collection has come. */
type CopiedUntil = { _id: string; key: Keyed['_id']; count: number }
type Keyed = { _id: string | number }
const copiesOf = (db: Db) => db.collection<CopiedUntil>(collections.meta)

type CopyOptions = Pick<MigrateOptions, 'batchSize' | 'onProgress'>

async function copyAll(db: Db, { batchSize = 1000, onProgress = () => {} }: CopyOptions): Promise<string[]> {
  for (const { from } of copies) await freeze(db, from)
  const counts = await Promise.all(copies.map(({ from }) => count(db.collection(from))))
  const all = counts.reduce((sum, n) => sum + n, 0)
  let before = 0
  for (const [index, copy] of copies.entries()) {
    await copyOne(db, copy, batchSize, (n) => onProgress(before + n, all))
    before += counts[index] as number
  }
  for (const copy of copies) await verify(db, copy)
  return copies.map(({ from, to }, index) => `copied ${counts[index]} documents of ${from} to ${to}`)
}

/**
 * Makes MongoDB reject every write to a former collection, and keep what is in it. An earlier persist that still runs
 * then answers 503, and its records are delivered again to one that knows the new format.
 */
async function freeze(db: Db, name: string) {
  const validator = { _id: { $exists: false } }
  // a majority has every earlier write when it has this one
  const writeConcern = { w: 'majority' } as const
  try {
    await db.createCollection(name, { validator, writeConcern })
  } catch (error) {
    if ((error as { code?: unknown }).code !== namespaceExists) throw error
    await db.command({ collMod: name, validator, validationLevel: 'strict', validationAction: 'error', writeConcern })
  }
  const collection = db.collection(name)
  for (const { name: index, expireAfterSeconds } of await listIndexes(collection)) {
    if (expireAfterSeconds !== undefined) await collection.dropIndex(index as string)
  }
}

/** Copies in the order of the former keys, after the last one that was copied. */
async function copyOne(db: Db, { from, to, convert }: Copy, batchSize: number, onProgress: (count: number) => void) {
  const until = await copiesOf(db).findOne({ _id: { $eq: from } })
  let copied = until?.count ?? 0
  let batch: Keyed[] = []
  let bytes = 0

  async function write() {
    const documents = batch.map(convert)
    // a run that was killed may have written them without noting it
    await rejectedAsPresent(() => db.collection(to).insertMany(documents, { ordered: false }))
    copied += batch.length
    const last = { key: batch.at(-1)?._id as Keyed['_id'], count: copied }
    await copiesOf(db).updateOne({ _id: { $eq: from } }, { $set: last }, { upsert: true })
    onProgress(copied)
    batch = []
    bytes = 0
  }

  const former = db
    .collection<Keyed>(from)
    .find(until ? { _id: { $gt: until.key } } : {}, { ...inOrder, sort: { _id: 1 }, batchSize })
  for await (const document of former) {
    batch.push(document)
    bytes += BSON.calculateObjectSize(document)
    if (batch.length >= batchSize || bytes >= maxBatchBytes) await write()
  }
  if (batch.length > 0) await write()
}

async function verify(db: Db, { from, to }: Copy) {
  const [wanted, present] = await Promise.all([count(db.collection(from)), count(db.collection(to))])
  if (wanted === present) return
  await copiesOf(db).deleteOne({ _id: { $eq: from } })
  throw new NeedsOperator(
    `The collection ${from} has ${wanted} documents, but its copy ${to} has ${present}. ` +
      `Run the command again; if it fails again, drop the collection ${to} first.`,
  )
}

/** Only the primary is sure to have what was written last. */
const inOrder = { hint: { _id: 1 }, readPreference: 'primary' } as const

const count = (collection: Collection) => collection.countDocuments({}, inOrder)
