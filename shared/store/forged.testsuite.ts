import { describe, expect, test } from 'vitest'
import { isComplete, maxPartitions } from '../ledger-summary.ts'
import type { Position } from '../receipt.ts'
import { aDeadLetter, recorded } from '../testing/builders.ts'
import type { ActivityStore } from './store.ts'

const recordedAt = new Date('2024-01-01T00:00:00Z')
const tenant = 'default'
const far = 999_999_999_999_999

/** The promises of every store about records whose positions somebody invented. */
export function testForgedPositions(open: () => Promise<ActivityStore>): void {
  const at = (partition: number, offset: number) => ({
    ...recorded({ id: `${partition}-${offset}` }),
    position: { partition, offset },
    recordedAt,
  })
  const receipt = (position: Position) => ({ position, recordedAt })
  const ids = async (store: ActivityStore) =>
    (await store.find({ filter: { tenant }, order: 'asc', limit: 100 })).map(({ activity }) => activity.id).toSorted()

  describe('a record with an invented partition', () => {
    test('is stored, but beyond 1,000 partitions it is not counted, and the ledger says so', async () => {
      await using store = await open()
      await store.save([at(0, 0), at(0, 1)])
      const forged = Array.from({ length: 200 }, (_, n) => at(n + 900, 0))
      for (let from = 0; from < forged.length; from += 100) await store.save(forged.slice(from, from + 100))
      const counted = await store.ledger()
      expect(counted.partitions).toHaveLength(1 + maxPartitions - 900)
      expect(counted).toMatchObject({ hasUncountedPartitions: true, completeThrough: recordedAt })
      expect(isComplete(counted)).toBe(false)
      expect(await store.count({ tenant })).toBe(202)
      const beyond = { partition: 1050, offset: 0 }
      expect(await store.outcome(receipt(beyond))).toMatchObject({ outcome: 'stored', activityId: '1050-0' })
      // a snapshot cannot leave out what it does not count
      const snapshot = [{ partition: 0, last: 0, missing: [] }]
      expect(await store.count({ tenant, snapshot })).toBe(1 + 100)
    })

    test.each([1000, 8191, 8192, 2 ** 31 - 1])('is found out by the ledger: %d', async (partition) => {
      await using store = await open()
      await store.save([at(0, 0)])
      expect(isComplete(await store.ledger())).toBe(true)
      await store.deadLetter([aDeadLetter({ position: { partition, offset: 1 } })])
      expect(await store.ledger()).toMatchObject({ hasUncountedPartitions: true, partitions: [{ partition: 0 }] })
    })
  })

  describe('a record with an invented time', () => {
    test.each(['hour', 'day', 'month'] as const)('does not keep others from being counted by %s', async (by) => {
      await using store = await open()
      const late = { id: 'late', timestamp: '9999-12-31T23:59:59.999Z' }
      await store.save([recorded(late, 0), recorded({ id: 'first', timestamp: '1970-01-01T00:00:00Z' }, 1)])
      const all = { data: [{ count: 1 }, { count: 1 }], total: 2 }
      for (const timezone of ['UTC', 'Europe/Berlin', 'Africa/Monrovia']) {
        for (const userId of [undefined, 'user_123']) {
          const filter = { tenant, ...(userId && { userId }) }
          expect(await store.stats({ filter, by, timezone, limit: 10 })).toMatchObject(all)
        }
      }
    })
  })

  describe('writing off', () => {
    test('makes the ledger forget what the queue never had, and keeps the activities', async () => {
      await using store = await open()
      await store.save([at(0, 0), at(0, 1), at(0, 0x1_0000), at(0, far), at(1, 0), at(7, 3), at(9000, 0)])
      await store.save([{ ...at(0, 0), position: { partition: 3, offset: 7 } }])
      await store.deadLetter([aDeadLetter({ position: { partition: 0, offset: far - 5 }, recordedAt })])
      // compacts everything that is known
      for (const partition of [0, 7]) await store.abandon(partition, 0)
      const all = await ids(store)
      expect(isComplete(await store.ledger())).toBe(false)

      expect(await store.writeOff(async () => [2, 1])).toBe(6)
      const after = await store.ledger()
      expect(after).toMatchObject({
        completeThrough: recordedAt,
        partitions: [
          { partition: 0, last: 1, counts: { stored: 2, rejected: 0 }, missing: [], abandoned: 0 },
          { partition: 1, last: 0, missing: [] },
        ],
      })
      expect(after.partitions).toHaveLength(2)
      expect(isComplete(after)).toBe(true)
      expect(await ids(store)).toEqual(all)
      // the next record of the queue has its position
      await store.save([at(0, 2)])
      expect((await store.ledger()).partitions).toMatchObject([{ completeThrough: 2 }, {}])
      expect(await store.outcome(receipt({ partition: 0, offset: 2 }))).toMatchObject({ outcome: 'stored' })
      expect(await store.writeOff(async () => [3, 1])).toBe(0)
    })

    test('cuts a range in which a forged record follows the last one of the queue', async () => {
      await using store = await open()
      await store.save([at(0, 0), at(0, 1), at(0, 2), at(0, 3)])
      await store.abandon(0, 0)
      expect(await store.writeOff(async () => [2])).toBe(2)
      expect((await store.ledger()).partitions).toMatchObject([{ last: 1, counts: { stored: 2 }, abandoned: 0 }])
    })

    test('takes many steps, and leaves a record alone that arrives in the meantime', async () => {
      await using store = await open()
      await store.save([at(0, 0)])
      for (let from = 0; from < 1500; from += 500) {
        await store.save(Array.from({ length: 500 }, (_, n) => at(0, 100_000 + from + n)))
      }
      let end = 1
      const readEnds = async () => {
        // the queue gets a record, and the store has it at once
        if (end < 3) await store.save([at(0, end)])
        return [Math.min(++end, 3)]
      }
      expect(await store.writeOff(readEnds)).toBe(1500)
      expect((await store.ledger()).partitions).toMatchObject([{ last: 2, counts: { stored: 3 }, missing: [] }])
    })
  })
}
