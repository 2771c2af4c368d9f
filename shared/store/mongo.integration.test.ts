import type { CommandStartedEvent, Document, FindOptions, Filter as Match } from 'mongodb'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { Aborted } from '../aborted.ts'
import { ConfigError } from '../config.ts'
import { aDeadLetter, deadLettersOf, recorded, silent, until } from '../testing/builders.ts'
import { aDatabase, askFeatures, failing, type TestDatabase } from '../testing/mongodb.ts'
import { mongodbUri } from '../testing/servers.ts'
import { type Found, type Searched, type StatsQuery, TooBroad } from './activities.ts'
import { type MongoStoreOptions, openMongoStore } from './mongo.ts'
import { openDatabase } from './mongo-client.ts'
import { collections, type StoredActivity } from './mongo-documents.ts'
import { keepFor, listIndexes, makeIndexes } from './mongo-indexes.ts'
import { migrateMongo } from './mongo-migrate.ts'
import { createMongoQueries } from './mongo-query.ts'
import { createMongoSave } from './mongo-save.ts'
import { testActivityStore } from './store.testsuite.ts'
import { StoreUnavailable } from './store.ts'
import { testStoredOutcomes } from './stored-outcome.testsuite.ts'

const features = await askFeatures()
const databases: TestDatabase[] = []
// hundreds of databases are dropped
afterAll(() => Promise.all(databases.map((database) => database[Symbol.asyncDispose]())), 60_000)

function newDatabase(): TestDatabase {
  const database = aDatabase()
  databases.push(database)
  return database
}

const openIn = ({ name }: TestDatabase, changes: Partial<MongoStoreOptions> = {}) =>
  openMongoStore({
    uri: mongodbUri,
    database: name,
    log: silent,
    migrate: { retentionDays: undefined },
    ...changes,
  })

const activitiesIn = ({ db }: TestDatabase) =>
  db.collection<{ _id: string; tenant: string; id: string }>(collections.activities)

describe('MongoDB store', () => {
  testActivityStore(async (options) => {
    const database = newDatabase()
    await makeIndexes(database.db)
    return openIn(database, options)
  }, features)
})

testStoredOutcomes(async () => {
  const database = newDatabase()
  await makeIndexes(database.db)
  const removeByHand = async (id: string) => {
    await activitiesIn(database).deleteOne({ id })
  }
  return { store: openIn(database), removeByHand }
})

test('a stored activity has no document of its own in the ledger', async () => {
  const database = newDatabase()
  await using store = openIn(database)
  await store.save([recorded({ id: 'a' }), recorded({ id: 'b' })])
  expect(await database.db.collection(collections.outcomes).countDocuments()).toBe(0)
})

test('a page of several users is full, even if retention deletes some of its activities while it is read', async () => {
  const database = newDatabase()
  await using store = openIn(database)
  await store.save(['a', 'b', 'c', 'd'].map((id, at) => recorded({ id, userId: id < 'c' ? 'ada' : 'bob' }, at)))
  const activities = database.db.collection<StoredActivity>(collections.activities)
  let deleted = 0
  const expiring = Object.assign(Object.create(activities), {
    find(match: Match<StoredActivity>, options: FindOptions) {
      const cursor = activities.find(match, options)
      const project = (shape: Document) => ({
        async toArray() {
          const keys = await cursor.project<{ _id: string }>(shape).toArray()
          if (deleted++ === 0) await activities.deleteOne({ _id: keys[0]?._id as string })
          return keys
        },
      })
      return Object.assign(Object.create(cursor), {
        project,
        [Symbol.asyncIterator]: () => cursor[Symbol.asyncIterator](),
      })
    },
  })
  const { find } = createMongoQueries(expiring)
  const found = await find({ filter: { tenant: 'default', userId: ['ada', 'bob'] }, order: 'asc', limit: 3 })
  expect(found).toHaveLength(3)
})

describe('save', () => {
  // a server without explain ignores hints, too, and would ignore the missing index
  test.skipIf(!features.explain)('creates the unique index again if it is lost at run time', async () => {
    const database = newDatabase()
    await using store = openIn(database)
    await store.save([recorded({ id: 'a' }, 1)])
    await database.db.dropDatabase()
    await store.save([recorded({ id: 'a' }, 1)])
    await expect(store.save([recorded({ id: 'a' }, 2)])).rejects.toThrow(StoreUnavailable)
    expect(await store.save([recorded({ id: 'a' }, 2)])).toEqual(['duplicate'])
  })

  test('reports a duplicate or a conflict also if another instance saved first', async () => {
    const database = newDatabase()
    await using one = openIn(database)
    await using other = openIn(database)
    await one.save([recorded({ id: 'a' }, 1), recorded({ id: 'b' }, 2)])
    const outcomes = other.save([
      recorded({ id: 'b', action: 'x' }, 5),
      recorded({ id: 'a' }, 4),
      recorded({ id: 'c' }),
    ])
    expect(await outcomes).toEqual(['conflict', 'duplicate', 'stored'])
  })

  test('stores each id once when many instances save it concurrently, and all report it as stored', async () => {
    const database = newDatabase()
    await using one = openIn(database)
    await using other = openIn(database)
    const ids = Array.from({ length: 20 }, (_, n) => `id-${n}`)
    const saves = [one, other, one, other].map((store) => store.save(ids.map((id) => recorded({ id }))))
    const outcomes = await Promise.all(saves)
    for (const at of ids.keys()) {
      expect(outcomes.map((group) => group[at]).toSorted()).toEqual(['duplicate', 'duplicate', 'duplicate', 'stored'])
    }
    expect(await one.count({ tenant: 'default' })).toBe(20)
  })

  test('never reports an activity as saved that is missing under its id, even if its key is taken', async () => {
    const database = newDatabase()
    await using store = openIn(database)
    const activity = recorded({ id: 'a' })
    await store.save([activity])
    await activitiesIn(database).updateOne({ id: 'a' }, { $set: { id: 'another' } })
    expect(await store.save([activity, recorded({ id: 'b' })])).toEqual(['key-taken', 'stored'])
    expect(await store.get('default', 'a')).toBeUndefined()
  })

  test('sends one command for all, with a write concern of majority and journal', async () => {
    const { commands, store } = await watched()
    await store.save([recorded({ id: 'a' }), recorded({ id: 'b' })])
    await store.save([recorded({ id: 'a' })])
    const [insert, again, lookup] = commands
    const writeConcern = { w: 'majority', j: true, wtimeout: 4000 }
    expect(insert).toMatchObject({ insert: collections.activities, ordered: false, writeConcern })
    expect(again).toMatchObject({ insert: collections.activities, writeConcern })
    expect(lookup).toMatchObject({ find: collections.activities, readConcern: { level: 'majority' }, maxTimeMS: 4000 })
    expect(commands).toHaveLength(3)
  })

  test.runIf(features.failpoints).each([
    ['alone', [recorded({ id: 'new' })]],
    ['with one present', [recorded({ id: 'old' }), recorded({ id: 'new' })]],
    ['with all present', [recorded({ id: 'old' })]],
  ])('fails if no majority confirms a write, %s, and reports the outcome at the redelivery', async (_, group) => {
    const database = newDatabase()
    await using store = openIn(database)
    await store.save([recorded({ id: 'old' }, 1)])
    {
      const writeConcernError = { code: 64, errmsg: 'waiting for replication timed out' }
      await using _ = await failing(database, { times: 1 }, { failCommands: ['insert'], writeConcernError })
      await expect(store.save(group)).rejects.toBeInstanceOf(StoreUnavailable)
    }
    const outcomes = await store.save(group)
    expect(outcomes).toEqual(group.map(({ activity }) => (activity.id === 'old' ? 'duplicate' : 'stored')))
    expect(await store.count({ tenant: 'default' })).toBe(new Set(['old', ...group.map((g) => g.activity.id)]).size)
  })

  test.runIf(features.failpoints && features.isReplicaSet).each([
    ['a broken connection', { closeConnection: true }],
    ['a primary that steps down', { errorCode: 10107, errorLabels: ['RetryableWriteError'] }],
  ])('stores once in spite of %s, without an error', async (_what, data) => {
    const database = newDatabase()
    await using store = openIn(database)
    await store.save([recorded({ id: 'old' })])
    await using _ = await failing(database, { times: 1 }, { failCommands: ['insert'], ...data })
    expect(await store.save([recorded({ id: 'a' })])).toEqual(['stored'])
    expect(await store.count({ tenant: 'default' })).toBe(2)
  })

  test.runIf(features.failpoints).each([
    ['connections that break', { closeConnection: true }],
    ['a full disk', { errorCode: 14031 }],
  ])('is unavailable during %s, and works again afterwards', async (_what, data) => {
    const database = newDatabase()
    await using store = openIn(database)
    await store.save([recorded({ id: 'old' })])
    const activity = recorded({ id: 'a' })
    {
      await using _ = await failing(database, 'alwaysOn', { failCommands: ['insert'], ...data })
      await expect(store.save([activity])).rejects.toBeInstanceOf(StoreUnavailable)
    }
    expect(await store.save([activity])).toEqual(['stored'])
  })
})

describe('deadLetter', () => {
  const letter = aDeadLetter({ headers: { 'ce-a.b': 'x', $set: 'y' } })

  test('counts every arrival when many come at the same time, and keeps one', async () => {
    const database = newDatabase()
    // listing them needs an index
    await makeIndexes(database.db)
    await using store = openIn(database)
    const days = Array.from({ length: 20 }, (_, n) => new Date(Date.UTC(2026, 0, 1 + ((n * 7) % 20))))
    await Promise.all(days.map((at) => store.deadLetter([{ ...letter, at }])))
    const kept = await deadLettersOf(store)
    expect(kept).toMatchObject([{ attempts: 20, firstAt: days[0], lastAt: new Date('2026-01-20T00:00:00Z') }])
    expect(kept[0]?.headers).toEqual(letter.headers)
  })

  test.runIf(features.failpoints)('fails if no majority confirms it', async () => {
    const database = newDatabase()
    await using store = openIn(database)
    const writeConcernError = { code: 64, errmsg: 'waiting for replication timed out' }
    await using _ = await failing(database, { times: 1 }, { failCommands: ['update'], writeConcernError })
    await expect(store.deadLetter([letter])).rejects.toBeInstanceOf(StoreUnavailable)
  })
})

describe('indexes', () => {
  test('are created once when many stores start at the same time, and reported as present afterwards', async () => {
    const database = newDatabase()
    await Promise.all(Array.from({ length: 4 }, () => makeIndexes(database.db)))
    expect(await migrateMongo({ uri: mongodbUri, database: database.name, retentionDays: undefined })).toEqual([])
    const indexes = await activitiesIn(database).indexes()
    expect(indexes.filter(({ unique }) => unique).map(({ key }) => Object.keys(key))).toEqual([['tenant', 'id']])
    expect(indexes).toHaveLength(7)
  })

  test('under other names are used as well', async () => {
    const database = newDatabase()
    await activitiesIn(database).createIndex({ tenant: 1, id: 1 }, { unique: true, name: 'mine' })
    expect((await makeIndexes(database.db)).join()).not.toContain('"id"')
  })

  test('exist before the first activity is stored', async () => {
    const database = newDatabase()
    await using store = openIn(database)
    await store.save([recorded({ id: 'a' })])
    expect(await makeIndexes(database.db)).toEqual([])
  })

  test('rejects saves while no index keeps an id from being stored twice', async () => {
    const database = newDatabase()
    await activitiesIn(database).insertMany([
      { _id: '1', tenant: 'default', id: 'twice' },
      { _id: '2', tenant: 'default', id: 'twice' },
    ])
    await using store = openIn(database)
    await expect(store.save([recorded({ id: 'a' })])).rejects.toBeInstanceOf(StoreUnavailable)
    expect(await activitiesIn(database).countDocuments()).toBe(2)
    await activitiesIn(database).deleteMany({})
    expect(await store.save([recorded({ id: 'a' })])).toEqual(['stored'])
  })

  test('a store that may not create indexes saves only once they exist', async () => {
    const database = newDatabase()
    await using store = openMongoStore({ uri: mongodbUri, database: database.name, log: silent })
    await expect(store.save([recorded({ id: 'a' })])).rejects.toBeInstanceOf(StoreUnavailable)
    await makeIndexes(database.db)
    expect(await store.save([recorded({ id: 'a' })])).toEqual(['stored'])
  })
})

describe('retention', () => {
  const ttls = async ({ db }: TestDatabase) =>
    (
      await Promise.all([
        listIndexes(db.collection(collections.activities)),
        listIndexes(db.collection(collections.deadLetters)),
      ])
    )
      .flat()
      .flatMap(({ key, expireAfterSeconds }) => (expireAfterSeconds === undefined ? [] : [[key, expireAfterSeconds]]))

  test('expires old documents of both collections, and stops when the retention is removed', async () => {
    const database = newDatabase()
    await makeIndexes(database.db)
    await keepFor(database.db, 30)
    const seconds = 30 * 24 * 3600
    expect(await ttls(database)).toEqual([
      [{ recordedAt: 1 }, seconds],
      [{ firstAt: 1 }, seconds],
    ])
    expect(await keepFor(database.db, 30)).toEqual([])
    await keepFor(database.db, undefined)
    expect(await ttls(database)).toEqual([])
  })

  test.runIf(features.collMod)('follows a change of the days', async () => {
    const database = newDatabase()
    await keepFor(database.db, 30)
    await keepFor(database.db, 24_855)
    expect((await ttls(database)).map(([, seconds]) => seconds)).toEqual([2_147_472_000, 2_147_472_000])
  })

  test.each([
    ['about to expire', 24, 0],
    ['that had expired before it was stored', 48, 0],
    ['about to expire, whose delivery comes twice', 24, 1],
  ])('the ledger knows the outcome of an activity %s', async (_kind, hours, times) => {
    const database = newDatabase()
    await using store = openIn(database, { migrate: { retentionDays: 1 } })
    const recordedAt = new Date(Date.now() - hours * 60 * 60 * 1000)
    const late = { ...recorded({ id: 'late' }, 0), recordedAt }
    for (let time = 0; time <= times; time++) expect(await store.save([late])).toEqual(['stored'])
    // before the ledger has counted it, as MongoDB does
    await activitiesIn(database).deleteMany({})
    expect((await store.ledger()).partitions).toMatchObject([{ counts: { stored: 1 }, missingCount: 0 }])
    expect(await store.outcome({ position: late.position, recordedAt })).toMatchObject({ outcome: 'stored' })
  })

  test('is applied when the store opens', async () => {
    const database = newDatabase()
    await using _ = openIn(database, { migrate: { retentionDays: 2 } })
    await until(async () => (await ttls(database)).length === 2)
  })
})

describe('stats', () => {
  const filter = { tenant: 'default' }
  const byName: StatsQuery = { filter, by: 'userId', limit: 10 }
  const byTime: StatsQuery = { filter, by: 'day', timezone: 'UTC', limit: 10 }

  test.runIf(features.failpoints).each([
    ['by name', 'time', 50, byName],
    ['by name', 'memory', 292, byName],
    ['by time', 'time', 50, byTime],
    ['by time', 'memory', 292, byTime],
  ])('%s are too broad if MongoDB lacks the %s for them', async (_how, _what, errorCode, query) => {
    const database = newDatabase()
    await using store = openIn(database)
    await store.save([recorded({ id: 'a' })])
    {
      await using _ = await failing(database, { times: 1 }, { failCommands: ['aggregate'], errorCode })
      await expect(store.stats(query)).rejects.toBeInstanceOf(TooBroad)
    }
    expect((await store.stats(query)).total).toBe(1)
  })
})

test.runIf(features.failpoints)(
  'a count that MongoDB lacks the time to examine is too broad, but not what it has in an index, and no list',
  async () => {
    const database = newDatabase()
    await using store = openIn(database)
    await store.save([recorded({ id: 'a' })])
    const filter = { tenant: 'default', excluded: [{ exact: 'x' }] }
    const timedOut = (command: string) => failing(database, { times: 1 }, { failCommands: [command], errorCode: 50 })
    for (const max of [10, undefined]) {
      await using _ = await timedOut('aggregate')
      await expect(store.count(filter, max)).rejects.toBeInstanceOf(TooBroad)
    }
    for (const skip of [0, 1]) {
      await using _ = await timedOut('find')
      await expect(store.find({ filter, order: 'asc', limit: 10, skip })).rejects.toBeInstanceOf(StoreUnavailable)
    }
    await using _ = await timedOut('aggregate')
    await expect(store.count({ tenant: 'default' })).rejects.toBeInstanceOf(StoreUnavailable)
  },
)

describe.runIf(features.failpoints)('slow reads', () => {
  const tenant = 'default'
  const slow = (database: TestDatabase, command: string, blockTimeMS: number) =>
    failing(database, 'alwaysOn', { failCommands: [command], blockConnection: true, blockTimeMS })

  test('are answered in time, and take no connection from others', async () => {
    const database = newDatabase()
    const warnings: string[] = []
    const log = { ...silent, warn: (_fields: object, text: string) => void warnings.push(text) }
    await using store = openIn(database, { log })
    await store.save([recorded({ id: 'a' })])
    await using _ = await slow(database, 'aggregate', 6000)
    let answered = 0
    const counts = Array.from({ length: 20 }, () =>
      store.count({ tenant }).catch((error: unknown) => {
        answered++
        return error
      }),
    )
    expect(await store.get(tenant, 'a')).toBeDefined()
    expect(await store.find({ filter: { tenant }, order: 'desc', limit: 10 })).toHaveLength(1)
    expect(await store.save([recorded({ id: 'b' })])).toEqual(['stored'])
    expect(answered).toBe(0)
    for (const outcome of await Promise.all(counts)) expect(outcome).toBeInstanceOf(StoreUnavailable)
    expect(await store.save([recorded({ id: 'c' })])).toEqual(['stored'])
    expect(warnings.filter((text) => !text.includes('not a replica set'))).toEqual([])
  })

  test('end with their client, also in MongoDB', async () => {
    const database = newDatabase()
    await using store = openIn(database)
    await store.save([recorded({ id: 'a' })])
    await using _ = await slow(database, 'aggregate', 2000)
    const client = new AbortController()
    const counts = Array.from({ length: 4 }, () => store.count({ tenant }, undefined, () => client.signal))
    const stats = store.stats({ filter: { tenant }, by: 'action', limit: 1 }, () => client.signal)
    const search = store.find({ filter: { tenant, text: 'x' }, order: 'asc', limit: 1 }, () => AbortSignal.abort())
    client.abort()
    for (const each of [...counts, stats, search]) await expect(each).rejects.toBeInstanceOf(Aborted)
    // their connections are free for others at once
    const before = performance.now()
    await store.find({ filter: { tenant, text: 'x' }, order: 'asc', limit: 1 })
    expect(performance.now() - before).toBeLessThan(1500)
  })

  test('of many parts end when nobody waits for them', async () => {
    const actions = Array.from({ length: 50 }, (_, n) => recorded({ id: `${n}`, action: `a.${n}` }))
    const { database, commands } = await watched(actions)
    const waiting = new AbortController()
    const db = openDatabase(database.client, database.name)
    const { find } = createMongoQueries(db.collection(collections.activities), waiting.signal)
    const found = find({ filter: { tenant, actions: [{ prefix: 'a.' }] }, order: 'desc', limit: 1 })
    await until(() => commands.length >= 3)
    waiting.abort(new Error('too late'))
    await expect(found).rejects.toThrow('too late')
    const { length } = commands
    expect(length).toBeLessThan(50)
    await db.collection(collections.outcomes).findOne()
    expect(commands).toHaveLength(length + 1)
  })
})

test('a list whose time is up has what was found, and goes on from there', async () => {
  const activities = Array.from({ length: 5 }, (_, n) => recorded({ id: `${n}`, action: n % 2 ? 'odd' : 'even' }, n))
  const { store } = await watched(activities)
  for (const asked of [{ text: 'odd' }, { excluded: [{ exact: 'even' }] }]) {
    const query = { filter: { tenant: 'default', ...asked }, order: 'asc', limit: 10, withinMs: 0 } as const
    const whole = await store.find({ ...query, withinMs: 1000 })
    expect(whole).toHaveLength(2)
    const found: Found[] = []
    for (let after: string | undefined, isWhole = false; !isWhole; ) {
      const part = await store.find({ ...query, ...(after !== undefined && { after }) }).catch((error) => {
        expect(error).toBeInstanceOf(TooBroad)
        return error.searched as Searched
      })
      isWhole = 'length' in part
      found.push(...('found' in part ? part.found : part))
      if ('through' in part) after = part.through
    }
    expect(found).toEqual(whole)
  }
})

describe('a configuration that only MongoDB can check', () => {
  const asNobody = mongodbUri.replace(/^mongodb:\/\/([^@/]*@)?/, 'mongodb://nobody:s3cret@')

  test.runIf(features.authentication)('is a configuration error if MongoDB rejects the credentials', async () => {
    await using store = openMongoStore({ uri: asNobody, database: 'x', log: silent })
    const mistake = await store.misconfigured.catch((error: unknown) => error)
    expect(mistake).toBeInstanceOf(ConfigError)
    expect((mistake as Error).message).toContain('MONGODB_URI')
    expect((mistake as Error).message).not.toContain('s3cret')
    await expect(store.get('default', 'a')).rejects.toBeInstanceOf(StoreUnavailable)
  })

  test.runIf(features.failpoints)(
    'is a configuration error if the user lacks the privileges for the database',
    async () => {
      const database = newDatabase()
      await using _ = await failing(database, 'alwaysOn', { failCommands: ['listIndexes'], errorCode: 13 })
      await using store = openIn(database)
      await expect(store.misconfigured).rejects.toThrow(/MONGODB_URI names a user without the required privileges/)
    },
  )

  test('causes one warning without a replica set, and none with one', async () => {
    const facts: [string, string][] = []
    const fact = (level: string) => (_fields: object, text: string) => void facts.push([level, text])
    const log = { ...silent, info: fact('info'), warn: fact('warn') }
    await using _ = openIn(newDatabase(), { log })
    await until(() => facts.some(([, text]) => text === 'connected to MongoDB'))
    await new Promise(setImmediate)
    const warnings = facts.filter(([level]) => level === 'warn')
    expect(warnings).toHaveLength(features.isReplicaSet ? 0 : 1)
  })
})

/** The verbs over a client whose commands are recorded, with indexes and activities in place. */
async function watched(activities: Parameters<typeof saveInto>[1] = []) {
  const database = newDatabase()
  await saveInto(database, activities)
  const db = openDatabase(database.client, database.name)
  const commands: Document[] = []
  const watch = ({ command, databaseName }: CommandStartedEvent) => {
    if (databaseName === database.name) commands.push(command)
  }
  database.client.on('commandStarted', watch)
  onTestFinished(() => void database.client.off('commandStarted', watch))
  const noLedger = { write: async () => {} }
  const store = {
    save: createMongoSave(db.collection(collections.activities), noLedger),
    ...createMongoQueries(db.collection(collections.activities)),
  }
  return { database, commands, store }
}

async function saveInto(database: TestDatabase, activities: ReturnType<typeof recorded>[]) {
  await using store = openIn(database)
  await makeIndexes(database.db)
  if (activities.length > 0) await store.save(activities)
}
