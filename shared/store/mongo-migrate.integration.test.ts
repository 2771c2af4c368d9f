import type { Document } from 'mongodb'
import { afterAll, describe, expect, test } from 'vitest'
import { aDeadLetter, recorded, silent, until } from '../testing/builders.ts'
import { aDatabase, askFeatures, type TestDatabase } from '../testing/mongodb.ts'
import { mongodbUri } from '../testing/servers.ts'
import { openMongoStore } from './mongo.ts'
import { collections } from './mongo-documents.ts'
import { migrateMongo } from './mongo-migrate.ts'
import { type ActivityStore, NeedsOperator } from './store.ts'

const features = await askFeatures()
const databases: TestDatabase[] = []
// hundreds of databases are dropped
afterAll(() => Promise.all(databases.map((database) => database[Symbol.asyncDispose]())), 60_000)

function newDatabase(): TestDatabase {
  const database = aDatabase()
  databases.push(database)
  return database
}

const recordedAt = new Date(1_767_225_600_000)
const anOldActivity = (n: number) => ({
  _id: `01HM690K80${String(n).padStart(16, '0')}`,
  tenant: 'default',
  id: `id-${n}`,
  userId: 'ann',
  action: 'login',
  timestamp: new Date(1_705_312_800_000 + n),
  recordedAt,
  partition: 0,
  offset: n,
  digest: 'x',
})

/** A database as the version before formats had numbers left it. */
async function aFormerDatabase(activities = 10): Promise<TestDatabase> {
  const database = newDatabase()
  const into = (name: string, ...documents: Document[]) => database.db.collection(name).insertMany(documents)
  await into('activities', ...Array.from({ length: activities }, (_, n) => anOldActivity(n)))
  await database.db.collection('activities').createIndex({ recordedAt: 1 }, { expireAfterSeconds: 1_000_000_000 })
  const position = { partition: 0, offset: activities }
  await into('fates', { _id: `0/${activities}`, ...position, fate: 'refused', tenant: 'default', at: recordedAt })
  return database
}

const migrate = ({ name }: TestDatabase, batchSize = 3, onProgress = () => {}) =>
  migrateMongo({ uri: mongodbUri, database: name, retentionDays: undefined, batchSize, onProgress })

type Fact = [level: string, text: string]
function open({ name }: TestDatabase, isPersist: boolean, facts: Fact[] = []) {
  const fact = (level: string) => (_fields: object, text: string) => void facts.push([level, text])
  const log = { ...silent, info: fact('info'), warn: fact('warn'), error: fact('error') }
  return openMongoStore({ uri: mongodbUri, database: name, log, ...(isPersist && { migrate: { retentionDays: 1 } }) })
}

const calls: [what: string, (store: ActivityStore) => Promise<unknown>][] = [
  ['save', (store) => store.save([recorded()])],
  ['deadLetter', (store) => store.deadLetter([aDeadLetter()])],
  ['find', (store) => store.find({ filter: { tenant: 'default' }, order: 'desc', limit: 1 })],
  ['get', (store) => store.get('default', 'id-1')],
  ['ledger', (store) => store.ledger()],
  ['outcome', (store) => store.outcome({ position: { partition: 0, offset: 1 }, recordedAt })],
]

describe('a database in the former format', () => {
  test.each([true, false])('is neither read nor written until it is migrated (by persist: %s)', async (isPersist) => {
    const database = await aFormerDatabase()
    const facts: Fact[] = []
    await using store = open(database, isPersist, facts)
    for (const [, call] of calls) {
      const failure = await call(store).catch((error: unknown) => error)
      expect(failure).toBeInstanceOf(NeedsOperator)
      expect((failure as Error).message).toContain('npm run log -- migrate')
    }
    await until(() => facts.some(([level, text]) => level === 'error' && text.includes('npm run log -- migrate')))
    const names = (await database.db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name)
    expect(names.toSorted()).toEqual(['activities', 'fates'])
  })

  test.runIf(features.collMod)('is answered by a store that is already open as soon as it is migrated', async () => {
    const database = await aFormerDatabase()
    await using store = open(database, false)
    await expect(store.get('default', 'id-1')).rejects.toBeInstanceOf(NeedsOperator)
    await migrate(database)
    expect(await store.get('default', 'id-1')).toMatchObject({ activity: { userId: 'ann' } })
    expect(await store.outcome({ position: { partition: 0, offset: 10 }, recordedAt })).toMatchObject({
      outcome: 'rejected',
    })
  })

  test.runIf(features.collMod)('takes no writes of the former version once the migration has begun', async () => {
    const database = await aFormerDatabase()
    const write = async (n: number) => {
      const failures: unknown[] = []
      const fails = (work: Promise<unknown>) => work.catch((error) => failures.push(error.code))
      await fails(database.db.collection<{ _id: string }>('activities').insertOne(anOldActivity(n)))
      for (const name of ['fates', 'deadLetters', 'books'] as const) {
        const other = database.db.collection<{ _id: string }>(name)
        await fails(other.updateOne({ _id: `0/${n}` }, { $set: { offset: n } }, { upsert: true }))
      }
      return failures
    }
    let during: Promise<unknown[]> | undefined
    await migrate(database, 3, () => {
      during ??= write(100)
    })
    expect(await during).toEqual([121, 121, 121, 121])
    expect(await write(101)).toEqual([121, 121, 121, 121])
    await using store = open(database, false)
    expect(await store.count({ tenant: 'default' })).toBe(10)
  })

  test.runIf(features.collMod)('keeps what would have expired while it is copied', async () => {
    const database = await aFormerDatabase()
    await migrate(database)
    const indexes = await database.db.collection('activities').indexes()
    expect(indexes.filter(({ expireAfterSeconds }) => expireAfterSeconds !== undefined)).toEqual([])
  })

  test.runIf(features.collMod)('is not put into use if a document was not copied, and is copied again', async () => {
    const database = await aFormerDatabase()
    const meta = database.db.collection<{ _id: string }>(collections.meta)
    // says that everything was copied
    await meta.insertOne({ _id: 'activities', key: 'Z', count: 10 } as never)
    await expect(migrate(database)).rejects.toThrow(/activities has 10 documents, but its copy \w+ has 0/)
    expect(await meta.findOne({ _id: 'format' })).toBeNull()
    expect(await migrate(database)).toContain('copied 10 documents of activities to recordedActivities')
    expect(await meta.find().toArray()).toEqual([{ _id: 'format', version: 2 }])
  })

  test.runIf(features.collMod)('is copied completely when two commands run at the same time', async () => {
    const database = await aFormerDatabase(50)
    const outcomes = await Promise.allSettled([migrate(database), migrate(database)])
    expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true)
    await using store = open(database, false)
    expect(await store.count({ tenant: 'default' })).toBe(50)
  })
})

test('every call and the command reject a database of a newer version, and say so in a sentence', async () => {
  const database = newDatabase()
  await database.db.collection<{ _id: string }>(collections.meta).insertOne({ _id: 'format', version: 3 } as never)
  await using store = open(database, true)
  const work = [...calls.map(([, call]) => call(store)), migrate(database)]
  for (const outcome of await Promise.allSettled(work)) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'NeedsOperator' } })
    expect(String((outcome as PromiseRejectedResult).reason)).toMatch(/format 3, which a newer version wrote/)
  }
  expect(await database.db.listCollections().toArray()).toHaveLength(1)
})

test('an empty database gets the format of this version with its indexes', async () => {
  const database = newDatabase()
  await using store = open(database, true)
  expect(await store.save([recorded()])).toEqual(['stored'])
  const meta = await database.db.collection(collections.meta).find().toArray()
  expect(meta).toEqual([{ _id: 'format', version: 2 }])
})
