import { createApp } from '@activity-log/query/app.ts'
import { openMongoStore } from '@activity-log/shared/store/mongo.ts'
import { silent } from '@activity-log/shared/testing/builders.ts'
import { BSON, type Db, type Document } from 'mongodb'
import { type Exchange, exchangeAll, type Redirect } from './exchange.ts'
import { ways } from './request-ways.ts'
import { readKept } from './requests/kept.ts'
import type { System } from './state.ts'

/** A collection with its indexes, one of its documents in EJSON, or the receipts of the activities in the database. */
export type DumpLine =
  | { collection: string; indexes: Document[] }
  | { collection: string; document: object }
  | { receipts: string[] }

export async function dump(db: Db): Promise<DumpLine[]> {
  const lines: DumpLine[] = []
  const infos = await db.listCollections({}, { nameOnly: true }).toArray()
  for (const collection of infos.map(({ name }) => name).toSorted()) {
    const indexes = await db.collection(collection).listIndexes().toArray()
    lines.push({ collection, indexes: indexes.map(({ ns: _ns, ...index }) => index) })
    for await (const document of db.collection(collection).find().sort({ _id: 1 })) {
      lines.push({ collection, document: BSON.EJSON.serialize(document, { relaxed: false }) })
    }
  }
  return lines
}

/** Writes the lines into an empty database. */
export async function load(db: Db, lines: readonly DumpLine[]): Promise<void> {
  for (const line of lines) {
    if (!('indexes' in line)) continue
    const { collection, indexes } = line
    await db.createCollection(collection)
    const own = indexes.filter(({ name }) => name !== '_id_')
    const made = own.map(({ v: _version, key, ...rest }) => ({ key, ...rest }))
    if (made.length > 0) await db.collection(collection).createIndexes(made)
    const documents = lines.flatMap((one) => ('document' in one && one.collection === collection ? [one.document] : []))
    const all = documents.map((document) => BSON.EJSON.deserialize(document, { relaxed: false }) as Document)
    if (all.length > 0) await db.collection(collection).insertMany(all)
  }
}

/**
 * Reads everything in a database. Its contents do not change, so the ledger is read only once, however slow the machine
 * is.
 */
export async function readDatabase(
  { uri, name }: { uri: string; name: string },
  lines: readonly DumpLine[],
  pathOf?: Redirect,
): Promise<Exchange[]> {
  await using store = openMongoStore({ uri, database: name, log: silent })
  const ledger = await store.ledger()
  const now = () => new Date(Date.UTC(2027, 0, 1))
  const query = createApp({ store: { ...store, ledger: async () => ledger }, log: silent, now })
  const system = { tick() {}, async settled() {} }
  const [open] = Object.values(ways)
  if (!open) throw new Error('shared/testing/ways.ts defines no way to send requests')
  await using way = await open({ query } as unknown as System['apps'])
  const receipts = lines.flatMap((line) => ('receipts' in line ? line.receipts : []))
  return await exchangeAll(readKept(receipts), { system, way, ...(pathOf && { pathOf }) })
}
