import { type Db, type Document, MongoClient } from 'mongodb'
import { expect } from 'vitest'
import { mongodbUri, uniqueName } from './servers.ts'

/** A database for one test, dropped when the test is over. `client` reports the commands that it sends. */
export type TestDatabase = AsyncDisposable & { name: string; db: Db; client: MongoClient }

export function aDatabase(uri = mongodbUri): TestDatabase {
  const name = uniqueName('test')
  const client = new MongoClient(uri, { monitorCommands: true, serverSelectionTimeoutMS: 10_000 })
  const db = client.db(name)
  return {
    name,
    db,
    client,
    async [Symbol.asyncDispose]() {
      await db.dropDatabase()
      await client.close()
    },
  }
}

/** The features that the server supports, found by using them: stand-ins lack some. */
export type Features = {
  /** Real servers compare text as UTF-8. */
  ordersByCodePoint: boolean
  explain: boolean
  failpoints: boolean
  collMod: boolean
  authentication: boolean
  isReplicaSet: boolean
}

export async function askFeatures(): Promise<Features> {
  await using database = aDatabase()
  const { db } = database
  const commandNotFound = 59
  const answers = (command: Document) =>
    db.command(command).then(
      () => true,
      () => false,
    )
  const knows = (command: Document) =>
    db
      .admin()
      .command(command)
      .then(
        () => true,
        ({ code }) => code !== commandNotFound,
      )
  await db.createCollection('any')
  await db.collection('any').createIndex({ at: 1 }, { expireAfterSeconds: 60 })
  await db.collection('any').insertMany([{ name: '\uffee' }, { name: '\u{1f600}' }])
  const [first] = await db.collection('any').find().sort({ name: 1 }).limit(1).toArray()
  return {
    ordersByCodePoint: first?.['name'] === '\uffee',
    explain: await answers({ explain: { find: 'any' }, verbosity: 'executionStats' }),
    failpoints: await database.client
      .db('admin')
      .command({ configureFailPoint: 'failCommand', mode: 'off' })
      .then(
        () => true,
        () => false,
      ),
    collMod: await answers({ collMod: 'any', index: { keyPattern: { at: 1 }, expireAfterSeconds: 61 } }),
    authentication: await knows({ saslStart: 1, mechanism: 'SCRAM-SHA-256', payload: Buffer.from('n,,n=x,r=x') }),
    isReplicaSet: (await db.command({ hello: 1 }))['setName'] !== undefined,
  }
}

/** Until disposed of, the server rejects queries that scan a whole collection; undefined when it cannot do that. */
export async function refusingScans({ client, db }: TestDatabase): Promise<AsyncDisposable | undefined> {
  const set = (notablescan: boolean) => client.db('admin').command({ setParameter: 1, notablescan })
  const known = await set(true).then(
    () => true,
    () => false,
  )
  if (!known) return undefined
  await db.collection('scanned').insertOne({ any: 1 })
  await expect(db.collection('scanned').findOne({ other: 1 })).rejects.toMatchObject({ code: 291 })
  return { [Symbol.asyncDispose]: () => set(false).then(() => undefined) }
}

/** Until disposed of, makes commands fail as `data` says: the next `times` ones, all after the first `skip`, or all. */
export async function failing(
  { client }: TestDatabase,
  mode: { times: number } | { skip: number } | 'alwaysOn',
  data: { failCommands: string[] } & Document,
): Promise<AsyncDisposable> {
  const set = (how: typeof mode | 'off') =>
    client.db('admin').command({ configureFailPoint: 'failCommand', mode: how, ...(how !== 'off' && { data }) })
  await set(mode)
  return {
    async [Symbol.asyncDispose]() {
      await set('off')
    },
  }
}
