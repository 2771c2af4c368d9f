import { beforeAll, describe, expect, test } from 'vitest'
import type { SentActivity } from '../activity.ts'
import { metadataOf } from '../document.ts'
import type { HashId } from '../key.ts'
import { aDeadLetter, recorded } from '../testing/builders.ts'
import { nanosecondsPerMs } from '../timestamp.ts'
import type { FindQuery } from './activities.ts'
import { testArrivals } from './arrivals.testsuite.ts'
import { testDeadLetters } from './dead-letters.testsuite.ts'
import { testFilters } from './filters.testsuite.ts'
import { testForgedPositions } from './forged.testsuite.ts'
import { testKeys } from './keys.testsuite.ts'
import { testLedger } from './ledger.testsuite.ts'
import { testLines } from './lines.testsuite.ts'
import { testMetadataFilters } from './metadata.testsuite.ts'
import { type DatabaseOrder, testNames } from './names.testsuite.ts'
import { testOrder } from './order.testsuite.ts'
import { testSnapshots } from './snapshot.testsuite.ts'
import { testStats } from './stats.testsuite.ts'
import { type ActivityStore, StoreUnavailable } from './store.ts'

const all: FindQuery = { filter: { tenant: 'default' }, order: 'desc', limit: 1000 }
const at = (minute: number) => `2024-01-15T10:${String(minute).padStart(2, '0')}:00Z`
const ns = (text: string) => BigInt(Date.parse(text)) * nanosecondsPerMs

/** Opens an empty store each time, by default with the usual hash. */
export type OpenStore = (options?: { hash?: HashId }) => Promise<ActivityStore>

/** The promises of every store. */
export function testActivityStore(open: OpenStore, order: DatabaseOrder = { ordersByCodePoint: true }): void {
  const fresh = async (...activities: Partial<SentActivity>[]) => {
    const store = await open()
    if (activities.length > 0) await store.save(activities.map((activity) => recorded(activity)))
    return store
  }
  const ids = async (store: ActivityStore, query: Partial<FindQuery> = {}) =>
    (await store.find({ ...all, ...query })).map(({ activity }) => activity.id)

  const read = async (store: ActivityStore, id: string, tenant = 'default') => {
    const found = await store.get(tenant, id)
    if (!found) return undefined
    const { metadataText, ...activity } = found.activity
    return { ...activity, ...(metadataText !== undefined && { metadata: metadataOf(found.activity) }) }
  }

  describe('save', () => {
    test('returns exactly what was sent', async () => {
      await using store = await fresh()
      const sent = {
        id: 'order-981/paid?',
        userId: 'Ünï☃😀',
        action: 'pay',
        timestamp: '2024-01-15T12:00:00.120+02:00',
        metadata: { button: 'buy', deep: [{ $set: 1, 'a.b': null, __proto__x: true }], '2': 1.5, '1': '' },
      }
      await store.save([recorded(sent)])
      expect(await read(store, sent.id)).toEqual({ ...sent, recordedAt: '2026-01-01T00:00:00.000Z' })
    })

    test('keeps the members of metadata in the order and with the values that were sent', async () => {
      const metadata = JSON.parse('{"z":1e21,"a":{"y":-0.5,"b":1.7976931348623157e308},"m":["😀","\\n",0]}')
      await using store = await fresh({ id: 'a', metadata })
      expect((await store.get('default', 'a'))?.activity.metadataText).toBe(JSON.stringify(metadata))
    })

    test('omits metadata if none was sent, and keeps empty metadata', async () => {
      await using store = await fresh({ id: 'none' }, { id: 'empty', metadata: {} })
      expect(await read(store, 'none')).not.toHaveProperty('metadata')
      expect(await read(store, 'empty')).toHaveProperty('metadata', {})
    })

    test('keeps __proto__ as data', async () => {
      const metadata = JSON.parse('{"__proto__":{"admin":true},"constructor":1}')
      await using store = await fresh({ id: 'a', metadata })
      expect(JSON.stringify((await read(store, 'a'))?.metadata)).toBe(JSON.stringify(metadata))
    })

    test('stores an id once, and reports the same content again as a duplicate', async () => {
      await using store = await fresh()
      expect(await store.save([recorded({ id: 'a' }), recorded({ id: 'b' }), recorded({ id: 'a' })])).toEqual([
        'stored',
        'stored',
        'duplicate',
      ])
      expect(await store.save([recorded({ id: 'b' }), recorded({ id: 'c' })])).toEqual(['duplicate', 'stored'])
      expect(await store.count({ tenant: 'default' })).toBe(3)
    })

    test('reports a redelivery of a stored activity as stored', async () => {
      await using store = await fresh()
      const delivered = recorded({ id: 'a' })
      expect(await store.save([delivered])).toEqual(['stored'])
      expect(await store.save([delivered, delivered])).toEqual(['stored', 'stored'])
      expect(await store.count({ tenant: 'default' })).toBe(1)
    })

    test.each([
      ['userId', { userId: 'another' }],
      ['action', { action: 'another' }],
      ['timestamp', { timestamp: at(1) }],
      ['metadata', { metadata: { a: 2 } }],
    ])('keeps the first and reports a conflict when the %s differs', async (_what, change) => {
      const first = { id: 'a', timestamp: at(0), metadata: { a: 1 } }
      await using store = await fresh(first)
      const before = await store.get('default', 'a')
      expect(await store.save([recorded({ ...first, ...change })])).toEqual(['conflict'])
      expect(await store.get('default', 'a')).toEqual(before)
      expect(await store.count({ tenant: 'default' })).toBe(1)
    })

    test('treats another way of writing the same content as equal', async () => {
      await using store = await fresh({ id: 'a', timestamp: '2024-01-15T10:00:00Z', metadata: { x: 1, y: [2] } })
      const same = { id: 'a', timestamp: '2024-01-15T12:00:00.000+02:00', metadata: { y: [2], x: 1 } }
      expect(await store.save([recorded(same)])).toEqual(['duplicate'])
    })

    test('does not count a timestamp that was filled in as a difference', async () => {
      await using store = await fresh()
      const first = recorded({ id: 'a', timestamp: at(0) })
      const second = recorded({ id: 'a', timestamp: at(1) })
      expect(await store.save([{ ...first, filledIn: ['timestamp'] }])).toEqual(['stored'])
      expect(await store.save([{ ...second, filledIn: ['timestamp'] }])).toEqual(['duplicate'])
    })

    test('keeps tenants apart', async () => {
      await using store = await fresh({ id: 'a', userId: 'ours' })
      expect(await store.save([recorded({ id: 'a', userId: 'theirs' }, 7, 'other')])).toEqual(['stored'])
      expect(await ids(store, { filter: { tenant: 'other' } })).toEqual(['a'])
      expect((await read(store, 'a', 'other'))?.userId).toBe('theirs')
      expect((await read(store, 'a'))?.userId).toBe('ours')
      expect(await store.get('third', 'a')).toBeUndefined()
    })

    test('stores an id once when many save it at the same time', async () => {
      await using store = await fresh()
      const outcomes = await Promise.all(Array.from({ length: 20 }, () => store.save([recorded({ id: 'a' })])))
      expect(outcomes.flat().filter((outcome) => outcome === 'stored')).toHaveLength(1)
      expect(await store.count({ tenant: 'default' })).toBe(1)
    })

    test('stores each id once when groups with the same ids in other orders are saved at the same time', async () => {
      await using store = await fresh()
      const group = Array.from({ length: 30 }, (_, n) => ({ id: `id-${n}`, timestamp: at(n) }))
      const groups = Array.from({ length: 6 }, (_, n) => (n % 2 ? group : group.toReversed()))
      const outcomes = await Promise.all(groups.map((each) => store.save(each.map((one) => recorded(one)))))
      expect(outcomes.flat().filter((outcome) => outcome === 'stored')).toHaveLength(group.length)
      expect(outcomes.flat().filter((outcome) => outcome === 'duplicate')).toHaveLength(5 * group.length)
      expect((await store.ledger()).partitions).toMatchObject([{ counts: { duplicate: 5 * group.length } }])
    })
  })

  describe('find', () => {
    let store: ActivityStore
    beforeAll(async () => {
      store = await fresh(
        { id: 'a', timestamp: at(0), userId: 'ann', action: 'cart.add' },
        { id: 'b', timestamp: at(1), userId: 'bob', action: 'cart.add' },
        { id: 'c', timestamp: at(2), userId: 'ann', action: 'cart.pay' },
        { id: 'd', timestamp: at(3), userId: 'bob', action: 'login' },
        { id: 'e', timestamp: at(4), userId: 'ann', action: 'login' },
        { id: 'f', timestamp: at(5), userId: 'ann', action: 'cart*' },
      )
      return () => store[Symbol.asyncDispose]()
    })
    test.each(['desc', 'asc'] as const)('skips and lists only activities of the same tenant, %s', async (order) => {
      await using among = await fresh()
      const tenants = ['before', 'default', 'later']
      for (const tenant of tenants) {
        await among.save(
          ['a', 'b', 'c'].map((id) => recorded({ id: `${tenant}-${id}`, timestamp: at(0) }, undefined, tenant)),
        )
      }
      for (const tenant of tenants) {
        const ids = async (skip: number) =>
          (await among.find({ filter: { tenant }, order, limit: 3, skip })).map(({ activity }) => activity.id)
        const whole = await ids(0)
        expect(whole.toSorted()).toEqual(['a', 'b', 'c'].map((id) => `${tenant}-${id}`))
        for (const skip of [1, 2, 3, 5]) expect(await ids(skip)).toEqual(whole.slice(skip))
      }
    })

    const tenant = 'default'

    test.each<[string, Partial<FindQuery>, string]>([
      ['newest first', {}, 'fedcba'],
      ['oldest first', { order: 'asc' }, 'abcdef'],
      ['the first two', { limit: 2 }, 'fe'],
      ['those after the skipped ones', { skip: 2, limit: 2 }, 'dc'],
      ['nothing beyond the end', { skip: 6 }, ''],
      ['one user', { filter: { tenant, userId: 'bob' } }, 'db'],
      ['one action', { filter: { tenant, actions: [{ exact: 'cart.add' }] } }, 'ba'],
      ['any of several actions', { filter: { tenant, actions: [{ exact: 'login' }, { exact: 'cart.add' }] } }, 'edba'],
      [
        'an action named twice only once',
        { filter: { tenant, actions: [{ exact: 'login' }, { exact: 'login' }] } },
        'ed',
      ],
      ['a prefix of an action', { filter: { tenant, actions: [{ prefix: 'cart.' }] } }, 'cba'],
      ['a prefix that is a special character elsewhere', { filter: { tenant, actions: [{ prefix: 'cart*' }] } }, 'f'],
      ['every action by the empty prefix', { filter: { tenant, actions: [{ prefix: '' }] } }, 'fedcba'],
      ['nothing for a prefix without actions', { filter: { tenant, actions: [{ prefix: 'x' }] } }, ''],
      [
        'several actions oldest first, with skip',
        { filter: { tenant, actions: [{ prefix: 'c' }, { exact: 'login' }] }, order: 'asc', skip: 1, limit: 3 },
        'bcd',
      ],
      ['a user and an action', { filter: { tenant, userId: 'ann', actions: [{ exact: 'login' }] } }, 'e'],
      [
        'a user and several actions',
        { filter: { tenant, userId: 'ann', actions: [{ prefix: 'cart.' }, { exact: 'login' }] } },
        'eca',
      ],
      ['from inclusive, to exclusive', { filter: { tenant, from: ns(at(1)), to: ns(at(4)) } }, 'dcb'],
      ['a user within a time', { filter: { tenant, userId: 'ann', from: ns(at(1)), to: ns(at(5)) } }, 'ec'],
      ['actions within a time', { filter: { tenant, actions: [{ prefix: 'cart.' }], from: ns(at(1)) } }, 'cb'],
      ['an empty time', { filter: { tenant, from: ns(at(1)), to: ns(at(1)) } }, ''],
      ['nothing of another tenant', { filter: { tenant: 'other' } }, ''],
      ['nothing for text that is code in SQL', { filter: { tenant, userId: "' OR 1=1 --" } }, ''],
    ])('lists %s', async (_what, query, expected) => {
      expect((await ids(store, query)).join('')).toBe(expected)
      const counted = await store.count(query.filter ?? { tenant })
      const found = await store.find({ ...all, filter: query.filter ?? { tenant } })
      expect(counted).toBe(found.length)
    })

    test.each(['asc', 'desc'] as const)('continues after a key, %s', async (order) => {
      const whole = await store.find({ ...all, order })
      const [, second] = whole
      expect(await store.find({ ...all, order, after: second!.key })).toEqual(whole.slice(2))
    })

    test('gets an activity as it is listed, with its key and position', async () => {
      for (const found of await store.find(all)) {
        expect(await store.get(tenant, found.activity.id)).toEqual(found)
      }
    })

    test('counts at most up to the maximum', async () => {
      expect(await store.count({ tenant }, 4)).toBe(4)
      expect(await store.count({ tenant }, 100)).toBe(6)
    })
  })

  const { filter } = all
  const letter = aDeadLetter()
  const { position, tenant } = letter
  const resolution = { state: 'discarded', note: 'a test', at: letter.at } as const
  test.each<[verb: string, call: (store: ActivityStore) => Promise<unknown>]>([
    ['save', (store) => store.save([recorded({ id: 'b' })])],
    ['find', (store) => store.find(all)],
    ['findLines', (store) => store.findLines({ ...all, format: 'csv', maxBytes: 1000 })],
    ['count', (store) => store.count(filter)],
    ['get', (store) => store.get(tenant, 'a')],
    ['stats', (store) => store.stats({ filter, by: 'action', limit: 1 })],
    ['arrivals', (store) => store.arrivals({ tenant, partition: 0, first: 0, last: 9, limit: 1 })],
    ['deadLetter', (store) => store.deadLetter([letter])],
    ['findDeadLetters', (store) => store.findDeadLetters({ filter: { tenant }, order: 'asc', limit: 1 })],
    ['getDeadLetter', (store) => store.getDeadLetter(tenant, 'f'.repeat(32))],
    ['resolve', (store) => store.resolve(tenant, 'f'.repeat(32), resolution)],
    ['outcome', (store) => store.outcome({ position, recordedAt: letter.at })],
    ['ledger', (store) => store.ledger()],
    ['account', (store) => store.account([{ position, tenant, outcome: 'rejected' }])],
    ['abandon', (store) => store.abandon(0, 1)],
  ])('rejects %s with StoreUnavailable once it is closed', async (_verb, call) => {
    const store = await fresh({ id: 'a' })
    await store[Symbol.asyncDispose]()
    await expect(call(store)).rejects.toBeInstanceOf(StoreUnavailable)
  })
  testOrder(open)
  testKeys(open)
  testNames(open, order)
  testSnapshots(open)
  testArrivals(open)
  testFilters(open)
  testMetadataFilters(open)
  testLines(open)
  testStats(open, order)
  testLedger(open)
  testForgedPositions(open)
  testDeadLetters(open)
}
