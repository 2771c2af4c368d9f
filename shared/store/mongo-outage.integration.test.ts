import { setTimeout as wait } from 'node:timers/promises'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { recorded, silent, until } from '../testing/builders.ts'
import { aDatabase, type TestDatabase } from '../testing/mongodb.ts'
import { controlMongodb, mongodbUri } from '../testing/servers.ts'
import type { RecordedActivity } from './activities.ts'
import { openMongoStore } from './mongo.ts'
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

/** As a dispatcher does: again and again until there is an answer. */
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

  // the limit of a test is that of the driver's waits: by default they last 30 s, or have no end
  test('a killed one is a StoreUnavailable within seconds, and the same store goes on after a restart', {
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

  test('one that hangs is a StoreUnavailable too, and what it did meanwhile is stored once', async () => {
    await using store = open()
    await store.save([recorded({ id: 'before' })])
    const activity = recorded({ id: 'unknown' })
    await control('pause')
    const saving = expect(store.save([activity])).rejects.toBeInstanceOf(StoreUnavailable)
    await saving.finally(() => control('resume'))
    expect(await saveAtLast(store, [activity])).toEqual(['stored'])
    expect(await store.count(all.filter)).toBe(2)
  })

  test('one that hangs in the middle of large writes does not hold up what comes when it goes on again', async () => {
    await using store = open()
    const text = 'x'.repeat(30_000)
    const large = (write: number) =>
      Array.from({ length: 300 }, (_, n) => recorded({ id: `${write}-${n}`, metadata: { text } }))
    await store.save([recorded({ id: 'before' })])
    await control('pause')
    // more at once than there are connections
    const writes = Array.from({ length: 10 }, (_, write) => store.save(large(write)).catch((error: unknown) => error))
    try {
      for (const outcome of await Promise.all(writes)) expect(outcome).toBeInstanceOf(StoreUnavailable)
    } finally {
      await control('resume')
    }
    expect(await saveAtLast(store, [recorded({ id: 'after' })])).toEqual(['stored'])
  })

  test('a store opened while it is away makes its indexes and saves when it is there', async () => {
    await control('kill')
    await using store = open()
    await expect(store.save([recorded({ id: 'early' })])).rejects.toBeInstanceOf(StoreUnavailable)
    await control('restart')
    expect(await saveAtLast(store, [recorded({ id: 'a' }), recorded({ id: 'a', action: 'x' })])).toEqual([
      'stored',
      'conflict',
    ])
    expect(await databases.at(-1)?.db.collection('activities').indexes()).toHaveLength(6)
  })

  test('everything that was acknowledged is there once after it was killed in the middle of it', async () => {
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
