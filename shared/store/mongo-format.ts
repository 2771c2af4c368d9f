import type { Db } from 'mongodb'
import { maxTimeMS } from './mongo-client.ts'
import { collections, formerCollections } from './mongo-documents.ts'
import { rejectedAsPresent } from './mongo-write.ts'
import { NeedsOperator } from './store.ts'

/** The format of the documents that this version reads and writes. The first one had no number. */
const version = 2

export type Meta = { _id: 'format'; version: number }

/** Whether the database is in the former format. Rejects with NeedsOperator if a newer version wrote it. */
export async function isFormer(db: Db): Promise<boolean> {
  const format = await db.collection<Meta>(collections.meta).findOne({ _id: { $eq: 'format' } }, { maxTimeMS })
  if (format && format.version > version) {
    throw new NeedsOperator(
      `The database ${db.databaseName} is in format ${format.version}, which a newer version wrote; ` +
        `this version reads format ${version}: deploy the newer version.`,
    )
  }
  if (format) return false
  const present = await db.listCollections({}, { nameOnly: true }).toArray()
  const former: readonly string[] = Object.values(formerCollections)
  return present.some(({ name }) => former.includes(name))
}

/** Rejects with NeedsOperator unless the database is empty or in the format of this version. */
export async function assertFormat(db: Db): Promise<void> {
  if (!(await isFormer(db))) return
  throw new NeedsOperator(
    `The database ${db.databaseName} is in the format of an earlier version; migrate it with: npm run log -- migrate`,
  )
}

/** From now on the database is in the format of this version. */
export async function declareFormat(db: Db): Promise<void> {
  const document: Meta = { _id: 'format', version }
  await rejectedAsPresent(() => db.collection<Meta>(collections.meta).bulkWrite([{ insertOne: { document } }]))
}
