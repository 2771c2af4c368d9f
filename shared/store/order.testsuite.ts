import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Filter, Order } from '../filter.ts'
import { arrivalOf, firstKeyAt, hashId, instantOf, toKey } from '../key.ts'
import { anEvent, receivedAt } from '../testing/builders.ts'
import { parseTimestamp } from '../timestamp.ts'
import type { Found, RecordedActivity } from './activities.ts'
import { unknownPartition } from './outcomes.ts'
import type { ActivityStore } from './store.ts'

/** Instants that are equal in milliseconds, or in all but the way of writing. */
const timestamps = fc.constantFrom(
  '2024-01-15T10:00:00Z',
  '2024-01-15T11:00:00.000+01:00',
  '2024-01-15T10:00:00.000000001Z',
  '2024-01-15T10:00:00.000000002Z',
  '2024-01-15T10:00:00.0009Z',
  '2024-01-15T10:00:00.001Z',
  // the key of a leap second is that of the next second
  '2016-12-31T23:59:60.5Z',
  '2017-01-01T00:00:00.5Z',
  // too late for keys to tell them apart
  '2600-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999999999Z',
)
const positions = fc.record({ partition: fc.constantFrom(0, 0, 1, 9000, unknownPartition), offset: fc.nat(9) })

const activities: fc.Arbitrary<RecordedActivity[]> = fc
  .uniqueArray(
    fc.record({
      id: fc.oneof(fc.uuid(), fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 8 })),
      timestamp: timestamps,
      userId: fc.constantFrom('ann', 'bob'),
      action: fc.constantFrom('login', 'logout'),
      receivedMs: fc.nat(2),
      sequence: fc.nat(2),
      position: positions,
    }),
    { selector: ({ id }) => id, maxLength: 40 },
  )
  .map((drafts) =>
    drafts.map(({ receivedMs, sequence, position, ...activity }) => ({
      ...anEvent({ ...activity, metadata: { n: sequence } }),
      recordedAt: new Date(receivedAt.getTime() + receivedMs),
      sequence,
      position,
    })),
  )
const deliveries = activities.chain((all) =>
  fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }), fc.subarray(all), fc.nat(10)),
)

const filters: Omit<Filter, 'tenant'>[] = [
  {},
  { userId: 'ann' },
  { actions: [{ prefix: 'log' }] },
  { userId: 'bob', actions: [{ exact: 'login' }, { exact: 'logout' }] },
  { metadata: [{ path: ['n'], value: '1' }] },
  { from: 1_705_312_800_000_000_001n, to: 1_705_312_800_000_900_000n },
]

const keyOf = ({ tenant, activity, recordedAt, sequence }: RecordedActivity): string => {
  const { nanoseconds } = parseTimestamp(activity.timestamp) as { nanoseconds: bigint }
  const arrival = arrivalOf(recordedAt.getTime(), sequence)
  return toKey({ instant: instantOf(firstKeyAt(nanoseconds)), arrival, hash: hashId(tenant, activity.id) })
}

function isMatch({ userId, actions, from, to, metadata }: Omit<Filter, 'tenant'>, record: RecordedActivity): boolean {
  const { activity, sequence } = record
  const instant = instantOf(keyOf(record))
  return (
    (userId === undefined || activity.userId === userId) &&
    (!actions || actions.some((each) => 'prefix' in each || each.exact === activity.action)) &&
    (from === undefined || instant >= from) &&
    (to === undefined || instant < to) &&
    (!metadata || sequence === 1)
  )
}

/** The promises of every store about the order of lists. */
export function testOrder(open: () => Promise<ActivityStore>): void {
  describe('the order', () => {
    let runs = 0
    /** A tenant of its own for each run, so that all runs can share a store. */
    const ofTenant = (all: readonly RecordedActivity[]) => {
      const tenant = `tenant-${++runs}`
      return { tenant, own: all.map((one) => ({ ...one, tenant })) }
    }

    test('is that of instant, arrival and hash, in any order of delivery, by pages of any size', async () => {
      await using store = await open()
      await fc.assert(
        fc.asyncProperty(
          deliveries,
          fc.constantFrom(...filters),
          fc.constantFrom<Order>('asc', 'desc'),
          fc.integer({ min: 1, max: 7 }),
          async ([all, delivered, again, cut], partOfFilter, order, limit) => {
            const { tenant, own } = ofTenant(all)
            const filter = { tenant, ...partOfFilter }
            const ownOf = (some: readonly RecordedActivity[]) => some.map((one) => own[all.indexOf(one)]!)
            // in two groups, in which some are delivered again
            const first = delivered.slice(0, cut)
            await store.save(ownOf([...first, ...again.filter((one) => first.includes(one))]))
            await store.save(ownOf([...delivered.slice(cut), ...again]))
            const keys = own
              .filter((one) => isMatch(filter, one))
              .map(keyOf)
              .toSorted()
            const expected = order === 'asc' ? keys : keys.toReversed()
            const find = (limit: number, others: { after?: string; skip?: number } = {}) =>
              store.find({ filter, order, limit, ...others })
            const keysOf = (found: readonly Found[]) => found.map(({ key }) => key)
            expect(keysOf(await find(1000))).toEqual(expected)
            expect(await store.count(filter)).toBe(expected.length)

            const walked: string[] = []
            for (let page = await find(limit); page.length > 0; page = await find(limit, { after: walked.at(-1)! })) {
              walked.push(...keysOf(page))
            }
            expect(walked).toEqual(expected)
            for (let skip = 0; skip < expected.length; skip += limit) {
              expect(keysOf(await find(limit, { skip }))).toEqual(expected.slice(skip, skip + limit))
            }
          },
        ),
        { numRuns: 60 },
      )
    })

    test('continues after a key that no activity has, with skip', async () => {
      await using store = await open()
      await fc.assert(
        fc.asyncProperty(
          activities,
          activities,
          fc.constantFrom<Order>('asc', 'desc'),
          fc.nat(3),
          async (all, others, order, skip) => {
            const { tenant, own } = ofTenant(all)
            await store.save(own)
            const sign = order === 'asc' ? 1 : -1
            const expected = own.map(keyOf).toSorted((one, other) => (one < other ? -sign : sign))
            for (const after of others.slice(0, 5).map(keyOf)) {
              const found = await store.find({ filter: { tenant }, order, limit: 4, after, skip })
              const following = expected.filter((key) => (order === 'asc' ? key > after : key < after))
              expect(found.map(({ key }) => key)).toEqual(following.slice(skip, skip + 4))
            }
          },
        ),
        { numRuns: 40 },
      )
    })
  })
}
