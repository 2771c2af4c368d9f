import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ActionPattern, Filter } from '../filter.ts'
import { filterMatcher } from '../matches-filter.ts'
import { recorded } from '../testing/builders.ts'
import { type FindQuery, maxActions } from './activities.ts'
import type { ActivityStore } from './store.ts'

const tenant = 'default'
const at = (second: number) => new Date(Date.UTC(2024, 0, 15, 10, 0, second)).toISOString()
const instant = (second: number) => BigInt(Date.parse(at(second))) * 1_000_000n

type Sent = { userId?: string; action?: string; metadata?: string }

/** The promises of every store about several users, excluded actions, many actions and text. */
export function testFilters(open: () => Promise<ActivityStore>): void {
  /** Saves activities in this order, the oldest first, named 0, 1, 2 … */
  const holding = async (...all: Sent[]) => {
    const store = await open()
    await store.save(
      all.map(({ metadata, ...names }, n) =>
        recorded({ id: `${n}`, timestamp: at(n), ...names, ...(metadata && { metadata: JSON.parse(metadata) }) }, n),
      ),
    )
    return store
  }
  const ids = async (store: ActivityStore, filter: Omit<Filter, 'tenant'>, others: Partial<FindQuery> = {}) => {
    const found = await store.find({ filter: { tenant, ...filter }, order: 'asc', limit: 1000, ...others })
    return found.map(({ activity }) => activity.id).join(' ')
  }

  describe('several users', () => {
    test('are merged in the order of time', async () => {
      await using store = await holding(...['a', 'b', 'c', 'a', 'c', 'b'].map((userId) => ({ userId })))
      expect(await ids(store, { userId: ['a', 'b'] })).toBe('0 1 3 5')
      expect(await ids(store, { userId: ['b', 'none', 'a'] }, { order: 'desc', limit: 2 })).toBe('5 3')
      expect(await ids(store, { userId: ['a', 'c'] }, { skip: 1, limit: 2 })).toBe('2 3')
      expect(await ids(store, { userId: ['none', 'no one'] })).toBe('')
      expect(await store.count({ tenant, userId: ['a', 'b'] })).toBe(4)
      expect(await store.count({ tenant, userId: ['a', 'b'] }, 3)).toBe(3)
    })

    test('and several actions', async () => {
      const sent = ['ax', 'by', 'cx', 'ay', 'bz', 'bx'].map(([userId, action]) => ({
        userId: userId!,
        action: action!,
      }))
      await using store = await holding(...sent)
      const filter = { userId: ['a', 'b'], actions: [{ exact: 'x' }, { prefix: 'y' }] }
      expect(await ids(store, filter)).toBe('0 1 3 5')
      expect(await store.count({ tenant, ...filter })).toBe(4)
    })
  })

  describe('excluded actions', () => {
    const sent = ['login', 'cart.add', 'cart', 'cart.pay', '!cart', 'lo', 'cart.'].map((action) => ({ action }))

    test.each<[excluded: ActionPattern[], found: string]>([
      [[{ exact: 'cart' }], '0 1 3 4 5 6'],
      [[{ prefix: 'cart.' }], '0 2 4 5'],
      [[{ exact: '!cart' }, { prefix: 'lo' }], '1 2 3 6'],
      [[{ exact: 'none' }], '0 1 2 3 4 5 6'],
      [[{ prefix: '' }], ''],
    ])('%j', async (excluded, found) => {
      await using store = await holding(...sent)
      expect(await ids(store, { excluded })).toBe(found)
      expect(await store.count({ tenant, excluded })).toBe(found === '' ? 0 : found.split(' ').length)
    })

    test('beside other filters, with skip and after', async () => {
      await using store = await holding(...sent)
      const filter = { actions: [{ prefix: 'cart' }], excluded: [{ exact: 'cart.pay' }], from: instant(1) }
      expect(await ids(store, filter)).toBe('1 2 6')
      expect(await ids(store, filter, { order: 'desc', skip: 1, limit: 1 })).toBe('2')
      const [first] = await store.find({ filter: { tenant, ...filter }, order: 'asc', limit: 1 })
      expect(await ids(store, filter, { after: first!.key })).toBe('2 6')
      expect(await ids(store, { ...filter, userId: ['user_123', 'other'] })).toBe('1 2 6')
      const stats = await store.stats({ filter: { tenant, ...filter }, by: 'action', limit: 1 })
      expect(stats).toEqual({ data: [{ key: 'cart', count: 1 }], total: 3 })
    })
  })

  test(`a prefix of more than ${maxActions} actions finds all of them`, async () => {
    const names = Array.from({ length: maxActions + 50 }, (_, n) => ({ action: n % 5 ? `cart.${n}` : 'login' }))
    await using few = await holding(...names)
    await using many = await holding(...names, ...Array.from({ length: 10 }, (_, n) => ({ action: `cart.x${n}` })))
    const filter = { tenant, actions: [{ prefix: 'cart.' }, { exact: 'none' }] }
    expect([await few.count(filter), await many.count(filter), await many.count(filter, 3)]).toEqual([200, 210, 3])
    for (const order of ['asc', 'desc'] as const) {
      const whole = await many.find({ filter, order, limit: 1000 })
      expect(whole).toHaveLength(210)
      expect(whole.every(({ activity }) => activity.action.startsWith('cart.'))).toBe(true)
      expect(await many.find({ filter, order, limit: 3, after: whole[100]!.key })).toEqual(whole.slice(101, 104))
      expect(await many.find({ filter, order, limit: 3, skip: 100 })).toEqual(whole.slice(100, 103))
      const snapshot = [{ partition: 0, last: 99, missing: [] }]
      expect(await many.find({ filter: { ...filter, snapshot }, order, limit: 1000 })).toHaveLength(80)
    }
  }, 60_000)

  test('many users and actions are found in a snapshot with many gaps', async () => {
    const sent = Array.from({ length: 100 }, (_, n) => ({ userId: `u${n % 51}`, action: `a${n % 5}` }))
    await using store = await holding(...sent)
    const missing = Array.from({ length: 200 }, (_, n) => ({ first: 2 * n + 1, last: 2 * n + 1 }))
    const snapshot = [{ partition: 0, last: 500, missing }]
    const expected = sent.flatMap(({ userId, action }, n) =>
      n % 2 === 0 && userId !== 'u50' && action !== 'a0' ? [`${n}`] : [],
    )
    const named = (count: number) => Array.from({ length: count }, (_, n) => ({ exact: `a${n + 1}` }))
    const users = Array.from({ length: 50 }, (_, n) => `u${n}`)
    for (const actions of [named(4), named(200), [1, 2, 3, 4].map((n) => ({ prefix: `a${n}` }))]) {
      const filter = { userId: users, actions, snapshot }
      expect((await ids(store, filter)).split(' ')).toEqual(expected)
      expect(await store.count({ tenant, ...filter })).toBe(expected.length)
      const stats = await store.stats({ filter: { tenant, ...filter }, by: 'userId', limit: 9 })
      expect(stats.total).toBe(expected.length)
    }
  }, 60_000)

  describe('text', () => {
    test.each<[text: string, found: string]>([
      ['ada', '0'],
      ['jürgen', '1'],
      ['pay', '1 2'],
      ['needle', '3 4 5 6'],
      ['12.5', '7'],
      ['true', '8'],
      ['null', '9'],
      ['"quoted" \\ text', '10'],
      ['line\nbreak', '11'],
      ['"a":', ''],
      ['inside', '12'],
      ['ὀδυσσεύς', '13'],
      ['i̇', '14'],
      ['tabσ', ''],
      ['\tσα', '15'],
      ['$', '16'],
      ['😀', '17'],
      ['%', '18'],
      [' ', '1 3 10 12 18'],
    ])('%j', async (text, found) => {
      const metadata = [
        '{"a":"A NEEDLE"}',
        '{"b":{"c":["x",{"d":"Needle"}]}}',
        '{"needleS":1}',
        '{"b":[{"NEEDLE":null,"z":[]}]}'.replace('null', '0'),
        '{"n":12.50}',
        '{"t":true}',
        '{"t":null}',
        '{"q":"a \\"Quoted\\" \\\\ text"}',
        '{"q":"LINE\\nbreak"}',
        '{"two words":{"Inside":{}}}',
        '{"q":"ὈΔΥΣΣΕΎΣ"}',
        '{"q":"İ"}',
        '{"q":"TAB\\tΣΑ"}',
        '{"$ref":"x"}',
        '{"q":"😀"}',
        '{"q":"5 %"}',
      ]
      const sent = [{ userId: 'Ada' }, { userId: 'JÜRGEN X', action: 'cart.Pay' }, { action: 'repay' }]
      const others = metadata.map((metadata) => ({ userId: 'u', action: 'x', metadata }))
      await using store = await holding(...sent, ...others)
      expect(await ids(store, { from: instant(0), text })).toBe(found)
    })

    test('is searched beside the other filters, with skip, after, counts and stats', async () => {
      const sent = Array.from({ length: 12 }, (_, n) => ({
        userId: n % 2 ? 'ann' : 'bob',
        action: `act.${n % 3}`,
        metadata: `{"say":"Hello ${n % 4}","n":${n}}`,
      }))
      await using store = await holding(...sent)
      const filter = { userId: 'ann', text: 'hello 1' }
      expect(await ids(store, filter)).toBe('1 5 9')
      expect(await ids(store, { ...filter, excluded: [{ exact: 'act.2' }] })).toBe('1 9')
      expect(await ids(store, { ...filter, metadata: [{ path: ['n'], value: '9' }] })).toBe('9')
      expect(await ids(store, filter, { order: 'desc', skip: 1, limit: 1 })).toBe('5')
      const [first] = await store.find({ filter: { tenant, ...filter }, order: 'asc', limit: 1, withinMs: 1234.5 })
      expect(await ids(store, filter, { after: first!.key })).toBe('5 9')
      expect(await store.count({ tenant, ...filter })).toBe(3)
      expect(await store.count({ tenant, ...filter }, 2)).toBe(2)
      const snapshot = [{ partition: 0, last: 5, missing: [] }]
      expect(await ids(store, { ...filter, snapshot })).toBe('1 5')
      const stats = await store.stats({ filter: { tenant, ...filter }, by: 'action', limit: 1, prefix: 'act' })
      expect(stats).toEqual({ data: [{ key: 'act.0', count: 1 }], total: 3 })
    })
  })

  test('every filter finds the same as a search through all activities', async () => {
    const [users, names] = [
      ['ann', 'bob', 'Ünï☃', '$ne'],
      ['cart.add', 'cart.pay', 'cart', '!cart', 'login', 'a,b'],
    ]
    const pattern = fc.oneof(
      fc.constantFrom(...names, 'none').map((exact) => ({ exact })),
      fc.constantFrom('', 'c', 'cart', 'cart.', '!', 'no').map((prefix) => ({ prefix })),
    )
    const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
    const filters = fc.record({
      userId: maybe(
        fc.oneof(fc.constantFrom(...users), fc.uniqueArray(fc.constantFrom(...users, 'x'), { minLength: 1 })),
      ),
      actions: maybe(fc.array(pattern, { minLength: 1, maxLength: 3 })),
      excluded: maybe(fc.array(pattern, { minLength: 1, maxLength: 2 })),
      metadata: maybe(fc.constantFrom([{ path: ['a'], value: '' }], [{ path: ['a'], value: '1' }])),
      text: maybe(fc.constantFrom('an', 'ünï', 'cart', '1', 'x', 'null')),
      from: maybe(fc.integer({ min: 0, max: 20 }).map(instant)),
    })
    const drawn = fc.sample(
      fc.record({
        userId: fc.constantFrom(...users),
        action: fc.constantFrom(...names),
        metadata: fc.constantFrom('{"a":""}', '{"a":1}', '{"b":"X"}', '{"a":null}', '{}'),
      }),
      40,
    )
    await using store = await holding(...drawn)
    const whole = await store.find({ filter: { tenant }, order: 'asc', limit: 1000 })
    await fc.assert(
      fc.asyncProperty(filters, fc.constantFrom('asc', 'desc'), async (asked, order) => {
        const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined))
        const filter: Filter = { tenant, ...given }
        const matches = filterMatcher(filter)
        const expected = whole.filter(({ key, activity }) => matches(key, activity))
        const listed = order === 'asc' ? expected : expected.toReversed()
        expect(await store.find({ filter, order, limit: 1000 })).toEqual(listed)
        expect(await store.find({ filter, order, limit: 3, skip: 2 })).toEqual(listed.slice(2, 5))
        expect(await store.count(filter)).toBe(expected.length)
        expect((await store.stats({ filter, by: 'userId', limit: 2 })).total).toBe(expected.length)
      }),
      { numRuns: 100 },
    )
  }, 60_000)
}
