import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { recorded, silent, until } from '../testing/builders.ts'
import { aDatabase, type TestDatabase } from '../testing/mongodb.ts'
import { controlMongodb, mongodbUri } from '../testing/servers.ts'
import type { RecordedActivity } from './activities.ts'
import { openMongoStore } from './mongo.ts'
import { collections } from './mongo-documents.ts'
import { type ActivityStore, StoreUnavailable } from './store.ts'

const control = controlMongodb ?? (() => Promise.reject(new Error('MONGODB_CONTROL is not set')))
const databases: TestDatabase[] = []
afterAll(() => Promise.all(databases.map((database) => database[Symbol.asyncDispose]())))

function open(): ActivityStore {
  const database = aDatabase()
  databases.push(database)
  const migrate = { retentionDays: undefined }
  return openMongoStore({ uri: mongodbUri, database: database.name, log: silent, migrate })
}

const all = { filter: { tenant: 'default' }, order: 'desc', limit: 1000 } as const

/** Retries like a dispatcher until there is an answer. */
async function saveAtLast(store: ActivityStore, group: readonly RecordedActivity[]) {
  for (;;) {
    try {
      return await store.save(group)
    } catch (error) {
      expect(error).toBeInstanceOf(StoreUnavailable)
      await wait(20)
    }
  }
}

describe.skipIf(!controlMongodb)('outages of MongoDB (with MONGODB_CONTROL)', () => {
  afterEach(async () => {
    await control('restart')
  })

  // the timeout of a test covers the waits of the driver: by default they last 30 s or forever
  test('a killed MongoDB causes StoreUnavailable within seconds, and the same store works again after a restart', {
    timeout: 25_000,
  }, async () => {
    await using store = open()
    await store.save([recorded({ id: 'before' })])
    await control('kill')
    await Promise.all([
      expect(store.save([recorded({ id: 'lost' })])).rejects.toBeInstanceOf(StoreUnavailable),
      expect(store.find(all)).rejects.toBeInstanceOf(StoreUnavailable),
      expect(store.count(all.filter)).rejects.toBeInstanceOf(StoreUnavailable),
    ])
    await control('restart')
    expect(await saveAtLast(store, [recorded({ id: 'after' })])).toEqual(['stored'])
    expect((await store.find(all)).map(({ activity }) => activity.id).toSorted()).toEqual(['after', 'before'])
  })

  test('a hanging MongoDB causes StoreUnavailable too, and stores its writes once', async () => {
    await using store = open()
    await store.save([recorded({ id: 'before' })])
    const activity = recorded({ id: 'unknown' })
    await control('pause')
    const saving = expect(store.save([activity])).rejects.toBeInstanceOf(StoreUnavailable)
    await saving.finally(() => control('resume'))
    expect(await saveAtLast(store, [activity])).toEqual(['stored'])
    expect(await store.count(all.filter)).toBe(2)
  })

  test('a MongoDB that hangs during large writes does not delay calls after it resumes', async () => {
    await using store = open()
    const text = 'x'.repeat(30_000)
    const large = (write: number) =>
      Array.from({ length: 300 }, (_, n) => recorded({ id: `${write}-${n}`, metadata: { text } }))
    await store.save([recorded({ id: 'before' })])
    await control('pause')
    // more calls at the same time than connections
    const writes = Array.from({ length: 10 }, (_, write) => store.save(large(write)).catch((error: unknown) => error))
    try {
      for (const outcome of await Promise.all(writes)) expect(outcome).toBeInstanceOf(StoreUnavailable)
    } finally {
      await control('resume')
    }
    expect(await saveAtLast(store, [recorded({ id: 'after' })])).toEqual(['stored'])
  })

  test('a store that is opened while MongoDB is down creates its indexes and saves once MongoDB is up', async () => {
    await control('kill')
    await using store = open()
    await expect(store.save([recorded({ id: 'early' })])).rejects.toBeInstanceOf(StoreUnavailable)
    await control('restart')
    expect(await saveAtLast(store, [recorded({ id: 'a' }), recorded({ id: 'a', action: 'x' })])).toEqual([
      'stored',
      'conflict',
    ])
    expect(await databases.at(-1)?.db.collection(collections.activities).indexes()).toHaveLength(7)
  })

  test('every acknowledged activity is stored once after MongoDB was killed during the saves', async () => {
    await using store = open()
    const groups = Array.from({ length: 40 }, (_, group) =>
      Array.from({ length: 50 }, (_, n) => recorded({ id: `${group}-${n}` })),
    )
    let kills = 0
    const killing = (async () => {
      await until(async () => (await store.count(all.filter).catch(() => 0)) > 300)
      await control('kill')
      kills++
      await control('restart')
    })()
    for (const group of groups) {
      const outcomes = await saveAtLast(store, group)
      expect(new Set(outcomes)).toEqual(new Set(['stored']))
    }
    await killing
    expect(kills).toBe(1)
    expect(await store.count(all.filter)).toBe(2000)
  })
})
