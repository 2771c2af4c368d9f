import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Filter } from '../filter.ts'
import { hasRecord } from '../snapshot.ts'
import { recorded } from '../testing/builders.ts'
import { nanosecondsPerMs } from '../timestamp.ts'
import { unknownPartition } from './outcomes.ts'
import type { ActivityStore } from './store.ts'

const tenant = 'default'
const filters: Filter[] = [
  { tenant },
  { tenant, userId: 'ann' },
  { tenant, actions: [{ exact: 'login' }] },
  { tenant, actions: [{ prefix: '' }] },
  {
    tenant,
    userId: 'ann',
    actions: [{ exact: 'login' }],
    from: BigInt(Date.parse('2024-01-15T10:05:00Z')) * nanosecondsPerMs,
  },
]

const gaps = fc
  .uniqueArray(fc.nat(7), { maxLength: 3 })
  .map((offsets) => offsets.toSorted((a, b) => a - b).map((offset) => ({ first: offset, last: offset })))
const snapshots = fc
  .uniqueArray(fc.record({ partition: fc.nat(3), last: fc.integer({ min: -1, max: 9 }), missing: gaps }), {
    selector: ({ partition }) => partition,
  })
  .map((all) => all.toSorted((a, b) => a.partition - b.partition))

/** The promises of every store about snapshots. */
export function testSnapshots(open: () => Promise<ActivityStore>): void {
  describe('a snapshot', () => {
    test('has its own records, and those that the ledger does not count, with any filter', async () => {
      await using store = await open()
      const places = [0, 1, 2, 3].flatMap((partition) =>
        Array.from({ length: 8 }, (_, offset) => ({ partition, offset })),
      )
      const notCounted = [unknownPartition, 1000, 9000].map((partition) => ({ partition, offset: 3 }))
      const activities = [...places, ...notCounted].map((position, n) => ({
        ...recorded({
          id: `id-${n}`,
          userId: n % 2 ? 'ann' : 'bob',
          action: n % 3 ? 'login' : 'logout',
          timestamp: new Date(Date.UTC(2024, 0, 15, 10, (n * 7) % 31)).toISOString(),
        }),
        position,
      }))
      await store.save(activities)
      await fc.assert(
        fc.asyncProperty(
          snapshots,
          fc.constantFrom(...filters),
          fc.constantFrom('asc' as const, 'desc' as const),
          fc.nat(5),
          async (snapshot, filter, order, skip) => {
            const whole = await store.find({ filter, order, limit: 100 })
            const expected = whole.filter(({ position }) => hasRecord(snapshot, position))
            const ofSnapshot = { ...filter, snapshot }
            expect(await store.find({ filter: ofSnapshot, order, limit: 5, skip })).toEqual(
              expected.slice(skip, skip + 5),
            )
            expect(await store.count(ofSnapshot)).toBe(expected.length)
            const after = whole[skip]?.key
            if (after === undefined) return
            const following = whole.slice(skip + 1).filter(({ position }) => hasRecord(snapshot, position))
            expect(await store.find({ filter: ofSnapshot, order, limit: 3, after })).toEqual(following.slice(0, 3))
          },
        ),
        { numRuns: 40 },
      )
    })
  })
}
