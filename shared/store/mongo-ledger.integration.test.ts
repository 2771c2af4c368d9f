import { Collection, type CommandStartedEvent, type Document } from 'mongodb'
import { afterAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { noCounts } from '../ledger-summary.ts'
import { aDeadLetter, receivedAt, recorded, silent, until } from '../testing/builders.ts'
import { aDatabase, askFeatures, failing, type TestDatabase } from '../testing/mongodb.ts'
import { mongodbUri } from '../testing/servers.ts'
import type { RecordedActivity } from './activities.ts'
import { type MongoStoreOptions, openMongoStore } from './mongo.ts'
import { openDatabase } from './mongo-client.ts'
import { collections } from './mongo-documents.ts'
import { makeIndexes } from './mongo-indexes.ts'
import { createMongoLedger, type LedgerCollections, type StoredLedger } from './mongo-ledger.ts'
import { StoreUnavailable } from './store.ts'

const features = await askFeatures()
const databases: TestDatabase[] = []
// hundreds of databases are dropped
afterAll(() => Promise.all(databases.map((database) => database[Symbol.asyncDispose]())), 60_000)

async function newDatabase(): Promise<TestDatabase> {
  const database = aDatabase()
  databases.push(database)
  await makeIndexes(database.db)
  return database
}

const openIn = ({ name }: TestDatabase, changes: Partial<MongoStoreOptions> = {}) =>
  openMongoStore({ uri: mongodbUri, database: name, log: silent, migrate: { retentionDays: undefined }, ...changes })

const at = (offset: number, id = `${offset}`, partition = 0): RecordedActivity => ({
  ...recorded({ id }),
  position: { partition, offset },
})
const place = (offset: number) => ({ position: { partition: 0, offset }, recordedAt: receivedAt })

describe('a redelivery repairs a failure between any two steps', () => {
  const failures = [
    ['an error', { errorCode: 14031 }],
    ['a connection that breaks', { closeConnection: true }],
    ['no majority', { writeConcernError: { code: 64, errmsg: 'waiting for replication timed out' } }],
  ] as const

  test.runIf(features.failpoints).each(failures)(
    'of a save whose duplicates’ outcomes fail with %s',
    async (_what, how) => {
      const database = await newDatabase()
      await using store = openIn(database)
      await store.save([at(0, 'a')])
      const records = [at(1, 'a'), at(2, 'b'), at(3, 'b')]
      {
        // the activities are inserted, and the update fails
        await using _ = await failing(database, { times: 2 }, { failCommands: ['update'], ...how })
        await expect(store.save(records)).rejects.toBeInstanceOf(StoreUnavailable)
      }
      expect(await store.get('default', 'b')).toBeDefined()
      expect(await store.save(records)).toEqual(['duplicate', 'stored', 'duplicate'])
      expect((await store.ledger()).partitions).toMatchObject([
        { missingCount: 0, counts: { stored: 2, duplicate: 2, conflict: 0, rejected: 0 } },
      ])
    },
  )

  test.runIf(features.failpoints).each(failures)('of a dead letter whose outcome fails with %s', async (_what, how) => {
    const database = await newDatabase()
    await using store = openIn(database)
    const letters = [0, 1].map((offset) => aDeadLetter({ ...place(offset), reason: offset ? 'rejected' : 'conflict' }))
    const [first] = letters
    await store.deadLetter([first!])
    await database.db.collection(collections.outcomes).deleteMany({})
    {
      // the first update writes the dead letters
      await using _ = await failing(database, { skip: 1 }, { failCommands: ['update'], ...how })
      await expect(store.deadLetter(letters)).rejects.toBeInstanceOf(StoreUnavailable)
    }
    await store.deadLetter(letters)
    expect((await store.ledger()).partitions).toMatchObject([
      { missingCount: 0, counts: { stored: 0, duplicate: 0, conflict: 1, rejected: 1 } },
    ])
    expect(await store.outcome(place(1))).toMatchObject({ outcome: 'rejected', deadLetter: expect.any(String) })
  })
})

test('many stores that compact a partition at the same time lose nothing and count nothing twice', async () => {
  const database = await newDatabase()
  const stores = Array.from({ length: 4 }, () => openIn(database))
  await using stack = new AsyncDisposableStack()
  for (const store of stores) stack.use(store)
  const count = 2048
  // one of three records is a duplicate, and one is rejected
  const records = Array.from({ length: count }, (_, offset) => at(offset, offset % 3 === 1 ? '0' : `${offset}`))
  await stores[0]!.save([at(0)])
  const groups = Array.from({ length: count / 32 }, (_, n) =>
    records.filter(({ position }) => position.offset % (count / 32) === n),
  )
  await Promise.all(
    stores.map(async (store, n) => {
      for (const [index, group] of groups.entries()) {
        if (index % stores.length !== n) continue
        const rejected = group.filter(({ position }) => position.offset % 3 === 2)
        await store.save(group.filter((one) => !rejected.includes(one)))
        await store.deadLetter(rejected.map(({ position }) => aDeadLetter(place(position.offset))))
      }
    }),
  )
  const expected = { stored: 683, duplicate: 683, rejected: 682, conflict: 0 }
  expect((await stores[0]!.ledger()).partitions).toMatchObject([{ missingCount: 0, last: count - 1, counts: expected }])
})

test('many stores may make the first compaction of a partition at the same time', async () => {
  const database = await newDatabase()
  const stores = Array.from({ length: 6 }, () => openIn(database))
  await using stack = new AsyncDisposableStack()
  for (const store of stores) stack.use(store)
  await Promise.all(stores.map((store) => store.ledger()))
  for (let partition = 0; partition < 10; partition++) {
    const outcomes = await Promise.all(stores.map((store) => store.save([at(0, `${partition}`, partition)])))
    expect(outcomes.flat()).toEqual(stores.map(() => 'stored'))
  }
})

test('outcomes stay counted after MongoDB deletes records, even behind a gap or in a quiet partition', async () => {
  const database = await newDatabase()
  {
    await using store = openIn(database)
    await store.save([0, 1, 2, 4, 5].map((offset) => at(offset)))
    await store.deadLetter([aDeadLetter(place(6))])
  }
  for (const name of [collections.activities, collections.outcomes]) await database.db.collection(name).deleteMany({})
  await using store = openIn(database)
  await store.save([at(7)])
  expect((await store.ledger()).partitions).toMatchObject([
    { last: 7, missing: [{ first: 3, last: 3 }], counts: { stored: 6, rejected: 1 } },
  ])
})

describe('outcomes and the ledger', () => {
  /**
   * Saves many records of two partitions and compacts all but the last few, then records the commands that follow.
   */
  async function watched() {
    const database = await newDatabase()
    {
      await using store = openIn(database)
      const records = Array.from({ length: 600 }, (_, n) => at(n >> 1, `${n}`, n & 1))
      await store.save(records)
      await store.deadLetter([aDeadLetter(place(300)), aDeadLetter(place(302))])
    }
    const db = openDatabase(database.client, database.name)
    const ledger = createMongoLedger({
      activities: db.collection(collections.activities),
      outcomes: db.collection(collections.outcomes),
      ledger: db.collection(collections.ledger),
    })
    const commands: Document[] = []
    const watch = ({ command, databaseName }: CommandStartedEvent) => {
      if (databaseName === database.name) commands.push(command)
    }
    database.client.on('commandStarted', watch)
    onTestFinished(() => void database.client.off('commandStarted', watch))
    return { ledger, commands, db: database.db }
  }

  test('read from a majority, within a time limit, and write to one', async () => {
    const { ledger, commands } = await watched()
    const written = { position: { partition: 1, offset: 301 }, outcome: 'rejected', tenant: 'default' } as const
    await ledger.write([written])
    await ledger.account([written])
    await ledger.compact(1, true)
    await ledger.compact(2, true)
    await ledger.abandon(2, 5)
    await ledger.outcome(place(300))
    await ledger.read()
    const kinds = new Set<string>()
    for (const command of commands) {
      const isRead = 'find' in command
      kinds.add(isRead ? 'find' : 'update' in command ? 'update' : 'insert' in command ? 'insert' : 'other')
      if (isRead) expect(command).toMatchObject({ maxTimeMS: 4000, readConcern: { level: 'majority' } })
      else expect(command).toMatchObject({ writeConcern: { w: 'majority', j: true, wtimeout: 4000 } })
    }
    expect([...kinds].toSorted()).toEqual(['find', 'insert', 'update'])
  })

  test.each([
    'ledger',
    'activities',
    'outcomes',
  ] as const)('of a late record: one that becomes known while %s is read has not expired', async (name) => {
    const { db, ledger } = await watched()
    const late = { ...place(0), position: { partition: 5, offset: 0 } }
    const read: LedgerCollections = {
      activities: db.collection(collections.activities),
      outcomes: db.collection(collections.outcomes),
      ledger: db.collection(collections.ledger),
    }
    const findOne = vi.spyOn(read[name], 'findOne')
    findOne.mockImplementationOnce(async (...asked: unknown[]) => {
      const found = await Reflect.apply(Collection.prototype.findOne, read[name], asked)
      await ledger.write([{ ...late, outcome: 'rejected', tenant: 'default' }])
      await ledger.compact(5, true)
      return found
    })
    const { outcome } = createMongoLedger(read)
    expect((await outcome(late))?.outcome).not.toBe('expired')
    expect(await outcome(late)).toMatchObject({ outcome: 'rejected' })
  })

  test.runIf(features.explain)('examine only records that are not compacted, however many records exist', async () => {
    const { ledger, commands, db } = await watched()
    const { partitions, completeThrough } = await ledger.read()
    expect(partitions).toMatchObject([{ last: 302, missingCount: 1 }, { last: 299 }])
    expect(completeThrough).toBeDefined()
    let keys = 0
    for (const { lsid, $db, $clusterTime, readConcern, ...command } of commands.splice(0)) {
      if (command['find'] === collections.ledger) continue
      const explained = await db.command({ explain: command, verbosity: 'executionStats' })
      keys += Number(/"totalKeysExamined":(?:\{"\$numberLong":")?(\d+)/.exec(JSON.stringify(explained))?.[1])
    }
    expect(keys).toBeLessThanOrEqual(8)
  })
})

test('finds a partition that was never compacted, at any number', async () => {
  const database = await newDatabase()
  await using store = openIn(database)
  await store.abandon(4, 1)
  await store.save([at(1, 'a', 2), at(1, 'b', 7), at(1, 'c', 40)])
  await store.deadLetter([aDeadLetter({ position: { partition: 3, offset: 1 } })])
  expect((await store.ledger()).partitions.map(({ partition }) => partition)).toEqual([2, 3, 4, 7, 40])
})

test('compacts a partition a while after its last record, too', async () => {
  const database = await newDatabase()
  await using store = openIn(database, { compactAfterMs: 1 })
  await store.save([at(1), at(3)])
  const ledger = database.db.collection<StoredLedger>(collections.ledger)
  await until(async () => (await ledger.findOne({ _id: 0 }))?.ranges.length === 2)
})

test('abandons offsets even if many stores compact at the same time', async () => {
  const database = await newDatabase()
  await using store = openIn(database)
  await using other = openIn(database, { compactAfterMs: 0 })
  await store.save([at(5)])
  const saving = Promise.all(Array.from({ length: 40 }, (_, n) => other.save([at(256 * (n + 1))])))
  await Promise.all([1, 2, 3, 4, 5].map((below) => store.abandon(0, below)))
  await saving
  expect((await store.ledger()).partitions).toMatchObject([{ completeThrough: 5, abandoned: 5 }])
})

test('thousands of gaps delay nobody, and are filled when their outcomes are known', {
  timeout: 120_000,
}, async () => {
  const database = await newDatabase()
  await using store = openIn(database)
  const count = 6000
  const counts = { ...noCounts, stored: 1 }
  const ranges = Array.from({ length: count }, (_, n) => ({ first: 2 * n, last: 2 * n, counts }))
  await database.db.collection<StoredLedger>(collections.ledger).insertOne({ _id: 0, version: 1, ranges })
  const summaryOf0 = async () => (await store.ledger()).partitions[0]
  await store.save([at(2 * count)])
  expect(await summaryOf0()).toMatchObject({ counts: { stored: count + 1 }, missingCount: count })
  await store.save([1, 3].map((offset) => at(offset)))
  expect(await summaryOf0()).toMatchObject({ completeThrough: 4, counts: { stored: count + 3 } })
  // the gaps that were left out get their turn when the first ones are abandoned
  await store.save([at(2 * count - 1)])
  await store.abandon(0, 2 * count - 3)
  expect(await summaryOf0()).toMatchObject({ missing: [{ first: 2 * count - 3 }], abandoned: count - 4 })
})
