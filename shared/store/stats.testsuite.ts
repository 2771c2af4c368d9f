import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import type { SentActivity } from '../activity.ts'
import { recorded } from '../testing/builders.ts'
import { nanosecondsPerMs } from '../timestamp.ts'
import { type CalendarStatsQuery, maxActions, type Stats } from './activities.ts'
import type { DatabaseOrder } from './names.testsuite.ts'
import type { ActivityStore } from './store.ts'

const tenant = 'default'
const ms = (text: string) => Date.parse(text)
const ns = (text: string) => BigInt(ms(text)) * nanosecondsPerMs
const text = ({ data, total }: Stats) => `${data.map(({ key, count }) => `${key}:${count}`).join(' ')} of ${total}`

/** The promises of every store about counting. `open` returns an empty store each time. */
export function testStats(open: () => Promise<ActivityStore>, { ordersByCodePoint }: DatabaseOrder): void {
  const fresh = async (...activities: Partial<SentActivity>[]) => {
    const store = await open()
    if (activities.length > 0) await store.save(activities.map((activity, n) => recorded(activity, n)))
    return store
  }

  describe('stats', () => {
    const at = (minute: number) => `2024-01-15T10:${String(minute).padStart(2, '0')}:00Z`
    let store: ActivityStore
    beforeAll(async () => {
      store = await fresh(
        { id: 'a', timestamp: at(0), userId: 'ann', action: 'cart.add', metadata: { n: 1 } },
        { id: 'b', timestamp: at(1), userId: 'bob', action: 'cart.add' },
        { id: 'c', timestamp: at(2), userId: 'ann', action: 'cart.pay', metadata: { n: 1 } },
        { id: 'd', timestamp: at(3), userId: 'bob', action: 'login' },
        { id: 'e', timestamp: at(4), userId: 'ann', action: 'login', metadata: { n: 2 } },
        { id: 'f', timestamp: at(5), userId: 'ann', action: 'cart*', metadata: { n: 1 } },
      )
      return () => store[Symbol.asyncDispose]()
    })
    const both = async (filter: Partial<Parameters<ActivityStore['count']>[0]>, limit = 1000) => {
      const query = { filter: { tenant, ...filter }, limit }
      return [text(await store.stats({ ...query, by: 'action' })), text(await store.stats({ ...query, by: 'userId' }))]
    }

    test.each<[string, Parameters<typeof both>[0], string, string]>([
      ['everything', {}, 'cart.add:2 login:2 cart*:1 cart.pay:1 of 6', 'ann:4 bob:2 of 6'],
      ['a user', { userId: 'ann' }, 'cart*:1 cart.add:1 cart.pay:1 login:1 of 4', 'ann:4 of 4'],
      ['an action', { actions: [{ exact: 'login' }] }, 'login:2 of 2', 'ann:1 bob:1 of 2'],
      [
        'several actions',
        { actions: [{ exact: 'login' }, { exact: 'cart.add' }, { exact: 'login' }] },
        'cart.add:2 login:2 of 4',
        'ann:2 bob:2 of 4',
      ],
      ['a prefix of actions', { actions: [{ prefix: 'cart.' }] }, 'cart.add:2 cart.pay:1 of 3', 'ann:2 bob:1 of 3'],
      ['a prefix without actions', { actions: [{ prefix: 'x' }] }, ' of 0', ' of 0'],
      [
        'a user and actions',
        { userId: 'ann', actions: [{ prefix: 'cart' }] },
        'cart*:1 cart.add:1 cart.pay:1 of 3',
        'ann:3 of 3',
      ],
      [
        'a time, from inclusive, to exclusive',
        { from: ns(at(1)), to: ns(at(4)) },
        'cart.add:1 cart.pay:1 login:1 of 3',
        'bob:2 ann:1 of 3',
      ],
      ['from a time on', { from: ns(at(4)) }, 'cart*:1 login:1 of 2', 'ann:2 of 2'],
      ['up to a time', { to: ns(at(1)) }, 'cart.add:1 of 1', 'ann:1 of 1'],
      ['a user within a time', { userId: 'ann', to: ns(at(2)) }, 'cart.add:1 of 1', 'ann:1 of 1'],
      [
        'actions within a time',
        { actions: [{ prefix: 'cart.' }], from: ns(at(1)) },
        'cart.add:1 cart.pay:1 of 2',
        'ann:1 bob:1 of 2',
      ],
      ['an empty time', { from: ns(at(1)), to: ns(at(1)) }, ' of 0', ' of 0'],
      ['nobody', { userId: 'nobody' }, ' of 0', ' of 0'],
      ['another tenant', { tenant: 'other' }, ' of 0', ' of 0'],
      [
        'a snapshot',
        { snapshot: [{ partition: 0, last: 3, missing: [{ first: 1, last: 1 }] }] },
        'cart.add:1 cart.pay:1 login:1 of 3',
        'ann:2 bob:1 of 3',
      ],
      [
        'a user and actions at a snapshot',
        { userId: 'ann', actions: [{ prefix: 'cart' }], snapshot: [{ partition: 0, last: 3, missing: [] }] },
        'cart.add:1 cart.pay:1 of 2',
        'ann:2 of 2',
      ],
      [
        'metadata',
        { from: 0n, metadata: [{ path: ['n'], value: '1' }] },
        'cart*:1 cart.add:1 cart.pay:1 of 3',
        'ann:3 of 3',
      ],
    ])('count %s', async (_what, filter, byAction, byUser) => {
      expect(await both(filter)).toEqual([byAction, byUser])
      const query = { filter: { tenant, ...filter }, limit: 10, by: 'month', timezone: 'UTC' } as const
      expect((await store.stats(query)).total).toBe(await store.count({ tenant, ...filter }))
    })

    test('list the most frequent, ties by key, and the total of all', async () => {
      expect(await both({}, 1)).toEqual(['cart.add:2 of 6', 'ann:4 of 6'])
      expect(await both({}, 3)).toEqual(['cart.add:2 login:2 cart*:1 of 6', 'ann:4 bob:2 of 6'])
    })

    test('are complete for many names', async () => {
      const names = Array.from({ length: 1200 }, (_, n) => `user_${String(n % 400).padStart(3, '0')}`)
      await using many = await fresh(...names.map((userId, n) => ({ id: `${n}`, userId })))
      const { data, total } = await many.stats({ filter: { tenant }, by: 'userId', limit: 2 })
      expect([data, total]).toEqual([
        [
          { key: 'user_000', count: 3 },
          { key: 'user_001', count: 3 },
        ],
        1200,
      ])
    })

    test(`count a prefix of more than ${maxActions} actions`, async () => {
      await using many = await fresh(
        ...Array.from({ length: maxActions + 1 }, (_, n) => ({ id: `id${n}`, action: `a${n}` })),
        { id: 'other', action: 'other' },
      )
      const filter = { tenant, actions: [{ prefix: 'a' }] }
      expect(await many.stats({ filter, by: 'userId', limit: 1 })).toMatchObject({ total: maxActions + 1 })
      expect(await many.stats({ filter, by: 'action', limit: 1 })).toMatchObject({ total: maxActions + 1 })
      expect(await many.stats({ filter, by: 'day', timezone: 'UTC', limit: 1 })).toMatchObject({
        total: maxActions + 1,
      })
    })

    test.skipIf(!ordersByCodePoint)('list the names that begin with a prefix, page by page', async () => {
      const actions = ['b1', 'a1', 'a2', 'a1', 'a\u{10ffff}', 'a\u{e000}', 'a😀', 'b1', 'b1', 'A1']
      await using many = await fresh(...actions.map((action, n) => ({ id: `${n}`, userId: action, action })))
      for (const by of ['action', 'userId'] as const) {
        const query = { filter: { tenant }, by, limit: 2 }
        expect(text(await many.stats({ ...query, prefix: 'a' }))).toBe('a1:2 a2:1 of 6')
        const [, second] = (await many.stats({ ...query, prefix: 'a' })).data
        const next = await many.stats({ ...query, prefix: 'a', after: second! })
        expect(text(next)).toBe('a\u{e000}:1 a😀:1 of 6')
        const last = await many.stats({ ...query, prefix: 'a', after: next.data[1]! })
        expect(text(last)).toBe('a\u{10ffff}:1 of 6')
        const ranged = { tenant, from: 0n, userId: 'b1' }
        expect(text(await many.stats({ ...query, filter: ranged, prefix: 'b' }))).toBe('b1:3 of 3')
        expect(text(await many.stats({ ...query, filter: ranged, prefix: 'a' }))).toBe(' of 0')
        expect(text(await many.stats({ ...query, prefix: '\u{10ffff}' }))).toBe(' of 0')
      }
    })
  })

  describe('stats by time', () => {
    const counted = async (
      { by, timezone, limit = 1000 }: Pick<CalendarStatsQuery, 'by' | 'timezone'> & { limit?: number },
      ...timestamps: string[]
    ) => {
      await using store = await fresh(...timestamps.map((timestamp, n) => ({ id: `${n}`, timestamp })))
      return text(await store.stats({ filter: { tenant }, by, timezone, limit }))
    }

    test('are in order, and omit times without activities', async () => {
      const times = ['2024-03-01T00:00:00Z', '2024-01-31T23:59:59.999Z', '2024-01-01T00:00:00Z', '2024-01-15T10:30:00Z']
      expect(await counted({ by: 'month', timezone: 'UTC' }, ...times)).toBe('2024-01:3 2024-03:1 of 4')
      expect(await counted({ by: 'day', timezone: 'UTC' }, ...times)).toBe(
        '2024-01-01:1 2024-01-15:1 2024-01-31:1 2024-03-01:1 of 4',
      )
      expect(await counted({ by: 'hour', timezone: 'UTC', limit: 2 }, ...times)).toBe(
        '2024-01-31T23:00:00Z:1 2024-03-01T00:00:00Z:1 of 4',
      )
    })

    test('follow the time zone', async () => {
      const times = ['2024-01-31T22:59:59.999Z', '2024-01-31T23:00:00Z', '2024-06-30T21:59:59Z', '2024-06-30T22:00:00Z']
      expect(await counted({ by: 'month', timezone: 'Europe/Berlin' }, ...times)).toBe(
        '2024-01:1 2024-02:1 2024-06:1 2024-07:1 of 4',
      )
      expect(await counted({ by: 'day', timezone: 'Europe/Berlin' }, ...times)).toBe(
        '2024-01-31:1 2024-02-01:1 2024-06-30:1 2024-07-01:1 of 4',
      )
      expect(await counted({ by: 'hour', timezone: 'Asia/Kolkata' }, ...times)).toBe(
        '2024-02-01T04:00:00+05:30:2 2024-07-01T03:00:00+05:30:2 of 4',
      )
      expect(await counted({ by: 'hour', timezone: 'America/New_York' }, ...times)).toBe(
        '2024-01-31T17:00:00-05:00:1 2024-01-31T18:00:00-05:00:1 2024-06-30T17:00:00-04:00:1 2024-06-30T18:00:00-04:00:1 of 4',
      )
    })

    test('tell a repeated hour apart by its offsets, in order of time', async () => {
      const times = ['2024-10-26T23:30:00Z', '2024-10-27T00:30:00Z', '2024-10-27T01:00:00Z', '2024-10-27T01:30:00Z']
      expect(await counted({ by: 'hour', timezone: 'Europe/Berlin' }, ...times)).toBe(
        '2024-10-27T01:00:00+02:00:1 2024-10-27T02:00:00+02:00:1 2024-10-27T02:00:00+01:00:2 of 4',
      )
    })

    test('have days of 23 and of 25 hours', async () => {
      const hourly = (from: string) =>
        Array.from({ length: 26 }, (_, n) => new Date(Date.parse(from) + n * 3_600_000).toISOString())
      const day = { by: 'day', timezone: 'Europe/Berlin' } as const
      expect(await counted(day, ...hourly('2024-03-30T23:00:00Z'))).toBe('2024-03-31:23 2024-04-01:3 of 26')
      expect(await counted(day, ...hourly('2024-10-26T22:00:00Z'))).toBe('2024-10-27:25 2024-10-28:1 of 26')
    })

    test('count what matches the filters, with each of several actions', async () => {
      const at = (day: number) => `2024-01-${String(day).padStart(2, '0')}T10:00:00Z`
      await using store = await fresh(
        ...Array.from({ length: 12 }, (_, n) => ({
          id: `${n}`,
          timestamp: at(1 + (n >> 1)),
          userId: n % 3 ? 'ann' : 'bob',
          action: ['x.a', 'x.b', 'y'][n % 3 ? n % 2 : 2]!,
          metadata: { n, isEven: n % 2 === 0 },
        })),
      )
      const days = async (filter: object) =>
        text(await store.stats({ filter: { tenant, ...filter }, by: 'day', timezone: 'UTC', limit: 1000 }))
      const [from, to] = [ns(at(2)), ns('2024-01-05T10:00:00Z')]
      expect(await days({ actions: [{ prefix: 'x.' }], from, to })).toBe('2024-01-02:1 2024-01-03:2 2024-01-04:1 of 4')
      expect(await days({ userId: 'ann', actions: [{ exact: 'x.a' }], from })).toBe(
        '2024-01-02:1 2024-01-03:1 2024-01-05:1 2024-01-06:1 of 4',
      )
      expect(await days({ userId: 'bob', metadata: [{ path: ['n'], value: '3' }] })).toBe('2024-01-02:1 of 1')
      expect(await days({ userId: 'ann', metadata: [{ path: ['isEven'], value: 'true' }] })).toBe(
        '2024-01-02:1 2024-01-03:1 2024-01-05:1 2024-01-06:1 of 4',
      )
      expect(await days({ userId: 'bob', snapshot: [{ partition: 0, last: 5, missing: [] }] })).toBe(
        '2024-01-01:1 2024-01-02:1 of 2',
      )
    })

    test('add up to the total in every time zone and unit, and equal a count of each activity', async () => {
      const year = fc.integer({ min: ms('2024-01-01T00:00:00Z'), max: ms('2024-12-31T00:00:00Z') })
      const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'America/St_Johns', 'Asia/Kathmandu', 'Pacific/Auckland')
      await fc.assert(
        fc.asyncProperty(fc.array(year, { maxLength: 30 }), zones, async (instants, timezone) => {
          await using store = await fresh(
            ...instants.map((instant, n) => ({ id: `${n}`, timestamp: new Date(instant).toISOString() })),
          )
          const local = new Intl.DateTimeFormat('sv-SE', { timeZone: timezone, dateStyle: 'short' })
          const dates = instants.map((instant) => local.format(instant))
          for (const [by, length] of [
            ['day', 10],
            ['month', 7],
          ] as const) {
            const counts = new Map<string, number>()
            for (const date of dates.map((each) => each.slice(0, length)).toSorted())
              counts.set(date, (counts.get(date) ?? 0) + 1)
            const { data, total } = await store.stats({ filter: { tenant }, by, timezone, limit: 1000 })
            expect(data).toEqual([...counts].map(([key, count]) => ({ key, count })))
            expect(total).toBe(instants.length)
          }
        }),
        { numRuns: 8 },
      )
    })
  })
}
