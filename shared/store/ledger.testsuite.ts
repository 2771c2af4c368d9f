import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { acknowledgedWithinMs } from '../ledger-summary.ts'
import type { Position } from '../receipt.ts'
import { aDeadLetter, recorded } from '../testing/builders.ts'
import type { RecordedActivity } from './activities.ts'
import { deadLetterId } from './dead-letter-id.ts'
import { unknownPartition } from './outcomes.ts'
import type { ActivityStore } from './store.ts'

const recordedAt = new Date('2026-01-01T00:00:00Z')
const tenant = 'default'

/** The promises of every store about outcomes and the ledger. */
export function testLedger(open: () => Promise<ActivityStore>): void {
  const at = (position: Position) => ({ position, recordedAt })
  const activity = (offset: number, partition = 0, id = `${partition}-${offset}`): RecordedActivity => ({
    ...recorded({ id }),
    position: { partition, offset },
    recordedAt: new Date(recordedAt.getTime() + offset),
  })
  const receipt = ({ position, recordedAt }: RecordedActivity) => ({ position, recordedAt })
  const summaryOf = async (store: ActivityStore) => (await store.ledger()).partitions

  describe('outcome', () => {
    test('is unknown for a record that never arrived', async () => {
      await using store = await open()
      expect(await store.outcome(at({ partition: 0, offset: 0 }))).toBeUndefined()
    })

    test('is stored, duplicate, conflict or rejected, each with its activity or dead letter', async () => {
      await using store = await open()
      const first = activity(0, 0, 'a')
      const second = activity(1, 0, 'a')
      await store.save([first, second])
      expect(await store.outcome(receipt(first))).toEqual({ outcome: 'stored', tenant, activityId: 'a' })
      expect(await store.outcome(receipt(second))).toEqual({ outcome: 'duplicate', tenant, activityId: 'a' })

      const conflict = aDeadLetter({ ...at({ partition: 0, offset: 2 }), reason: 'conflict', activityId: 'a' })
      const rejected = aDeadLetter({ position: { partition: 0, offset: 3 } })
      await store.deadLetter([conflict, rejected])
      const ofConflict = { outcome: 'conflict', tenant, activityId: 'a', deadLetter: deadLetterId(conflict) }
      expect(await store.outcome(at(conflict.position))).toEqual(ofConflict)
      expect(await store.outcome(at(rejected.position))).toEqual({
        outcome: 'rejected',
        tenant,
        deadLetter: deadLetterId(rejected),
      })
    })

    test('is that of each record if a topic was created again and reuses its positions', async () => {
      await using store = await open()
      const before = activity(0, 0, 'a')
      const after = { ...before, recordedAt: new Date(before.recordedAt.getTime() + 1) }
      expect(await store.save([before])).toEqual(['stored'])
      expect(await store.save([after])).toEqual(['duplicate'])
      expect(await store.save([before])).toEqual(['stored'])
      expect(await store.outcome(receipt(before))).toMatchObject({ outcome: 'stored' })
      expect(await store.outcome(receipt(after))).toMatchObject({ outcome: 'duplicate' })
    })

    test('stays the same when a record is delivered again', async () => {
      await using store = await open()
      const records = [activity(0, 0, 'a'), activity(1, 0, 'a')]
      const letter = aDeadLetter({ ...at({ partition: 0, offset: 2 }) })
      const outcomes = () =>
        Promise.all([...records.map(receipt), at(letter.position)].map((one) => store.outcome(one)))
      await store.save(records)
      await store.deadLetter([letter])
      const before = await outcomes()
      await store.save(records.toReversed())
      await store.deadLetter([letter])
      expect(await outcomes()).toEqual(before)
      expect((await store.ledger()).partitions).toMatchObject([
        { counts: { stored: 1, duplicate: 1, conflict: 0, rejected: 1 } },
      ])
    })

    test('of an undelivered record is known if its original position is', async () => {
      await using store = await open()
      const firstPosition = { partition: 2, offset: 5 }
      const position = { partition: 0, offset: 0 }
      await store.deadLetter([aDeadLetter({ position, reason: 'undelivered', recordedAt, firstPosition })])
      expect(await store.outcome(at(firstPosition))).toMatchObject({ outcome: 'rejected' })
      expect(await store.outcome(at(position))).toBeUndefined()
    })

    test('does not change if a dispatcher gives up because it got no answer', async () => {
      await using store = await open()
      const firstPosition = { partition: 2, offset: 5 }
      await store.deadLetter([aDeadLetter({ ...at(firstPosition), reason: 'conflict', activityId: 'a' })])
      await store.deadLetter([aDeadLetter({ reason: 'undelivered', recordedAt, firstPosition })])
      expect(await store.outcome(at(firstPosition))).toMatchObject({ outcome: 'conflict', activityId: 'a' })
    })

    test('belongs to one record, and not to the next at its position after the topic was created again', async () => {
      await using store = await open()
      const [old, next] = [activity(0, 0, 'old'), { ...activity(0, 0, 'next'), recordedAt: new Date() }]
      await store.save([old])
      expect(await store.outcome(receipt(next))).toBeUndefined()
      await store.save([next])
      expect(await store.outcome(receipt(next))).toMatchObject({ activityId: 'next' })
      expect(await store.outcome(receipt(old))).toMatchObject({ activityId: 'old' })
    })

    test('of a duplicate or a dead letter belongs to one record, and gives way to that of the next one', async () => {
      await using store = await open()
      const duplicate = activity(1, 0, 'a')
      const letter = aDeadLetter(at({ partition: 0, offset: 2 }))
      await store.save([activity(9, 0, 'a'), duplicate])
      await store.deadLetter([letter])
      const next = new Date(recordedAt.getTime() + 3_600_000)
      for (const { position } of [duplicate, letter]) {
        expect(await store.outcome({ position, recordedAt: next })).toBeUndefined()
        await store.deadLetter([aDeadLetter({ position, recordedAt: next, body: Buffer.from('next') })])
        expect(await store.outcome({ position, recordedAt: next })).toMatchObject({ outcome: 'rejected' })
      }
      const [partition] = await summaryOf(store)
      expect(Object.values(partition!.counts).reduce((sum, count) => sum + count, 0)).toBe(3)
    })

    test.each([
      ['stored', 'b'],
      ['duplicate', 'a'],
    ])('of a record that its dispatcher gave up on becomes %s when it is saved', async (outcome, id) => {
      await using store = await open()
      const record = activity(5, 2, id)
      const letter = aDeadLetter({
        reason: 'undelivered',
        recordedAt: record.recordedAt,
        firstPosition: record.position,
      })
      await store.save([activity(0, 1, 'a')])
      await store.deadLetter([letter])
      expect(await store.outcome(receipt(record))).toMatchObject({ outcome: 'rejected' })
      expect(await store.save([record])).toEqual([outcome])
      // the dispatcher delivers its dead letter again, too
      await store.deadLetter([letter])
      expect(await store.outcome(receipt(record))).toEqual({ outcome, tenant, activityId: id })
      expect((await summaryOf(store))[1]).toMatchObject({ counts: { [outcome]: 1, rejected: 0 } })
    })

    test('is known at an offset of more than 32 bits', async () => {
      await using store = await open()
      const offset = 2 ** 40
      const stored = activity(offset)
      const letter = aDeadLetter(at({ partition: 0, offset: offset + 1 }))
      await store.save([stored])
      await store.deadLetter([letter])
      expect(await store.outcome(receipt(stored))).toMatchObject({ outcome: 'stored' })
      expect(await store.outcome(at(letter.position))).toMatchObject({ outcome: 'rejected' })
      await store.abandon(0, offset)
      expect(await summaryOf(store)).toMatchObject([{ completeThrough: offset + 1, abandoned: offset }])
      const arrived = await store.arrivals({ tenant, partition: 0, first: offset, last: offset, limit: 1 })
      expect(arrived).toMatchObject([{ position: stored.position }])
    })

    test('can be awaited', async () => {
      await using store = await open()
      const [stored, conflict] = [activity(0), aDeadLetter(at({ partition: 0, offset: 1 }))]
      const elsewhere = at({ partition: 0, offset: 2 })
      const never = new AbortController().signal
      const waiting = [receipt(stored), at(conflict.position), elsewhere].map((one) => store.outcome(one, never))
      await store.save([stored])
      await store.deadLetter([conflict])
      await store.account([{ ...elsewhere, tenant, outcome: 'conflict' }])
      expect((await Promise.all(waiting)).map((known) => known?.outcome)).toEqual(['stored', 'rejected', 'conflict'])
    })

    test('is awaited no longer than the signal allows', async () => {
      await using store = await open()
      const place = at({ partition: 0, offset: 0 })
      expect(await store.outcome(place, AbortSignal.timeout(5))).toBeUndefined()
      expect(await store.outcome(place, AbortSignal.abort())).toBeUndefined()
    })
  })

  describe('ledger', () => {
    test('is empty at first, and complete', async () => {
      await using store = await open()
      expect(await store.ledger()).toEqual({ partitions: [], completeThrough: undefined })
    })

    test('is complete through the range from 0, never through the maximum, and lists what is missing', async () => {
      await using store = await open()
      await store.save([0, 1, 2, 5, 9].map((offset) => activity(offset)))
      await store.save([activity(1, 4)])
      expect(await summaryOf(store)).toMatchObject([
        {
          partition: 0,
          first: 0,
          last: 9,
          completeThrough: 2,
          missing: [
            { first: 3, last: 4 },
            { first: 6, last: 8 },
          ],
          missingCount: 5,
        },
        { partition: 4, first: 1, last: 1, completeThrough: -1, missing: [{ first: 0, last: 0 }], missingCount: 1 },
      ])
    })

    test('is complete once the missing records arrive, with any outcome', async () => {
      await using store = await open()
      await store.save([0, 3].map((offset) => activity(offset)))
      await store.save([activity(1, 0, '0-0')])
      await store.deadLetter([aDeadLetter(at({ partition: 0, offset: 2 }))])
      const counts = { stored: 2, duplicate: 1, conflict: 0, rejected: 1 }
      expect(await summaryOf(store)).toMatchObject([{ completeThrough: 3, counts, missing: [], missingCount: 0 }])
    })

    test('does not count a record without a position', async () => {
      await using store = await open()
      await store.save([activity(7, unknownPartition, 'a'), activity(8, unknownPartition, 'a')])
      await store.deadLetter([aDeadLetter({ reason: 'undelivered' })])
      expect(await summaryOf(store)).toEqual([])
    })

    test('accepts an outcome that becomes known later, unless one is known already', async () => {
      await using store = await open()
      await store.save([activity(0), activity(2)])
      const deadLetter = 'f'.repeat(32)
      const found = [1, 2].map((offset) => ({
        position: { partition: 0, offset },
        outcome: 'rejected' as const,
        tenant,
      }))
      await store.account(found.map((outcome) => ({ ...outcome, deadLetter })))
      await store.account(found)
      expect(await summaryOf(store)).toMatchObject([{ missingCount: 0, counts: { stored: 2, rejected: 1 } }])
      expect(await store.outcome(at({ partition: 0, offset: 1 }))).toMatchObject({ outcome: 'rejected', deadLetter })
    })

    test('abandons and counts records that Kafka no longer has', async () => {
      await using store = await open()
      await store.save([3, 4].map((offset) => activity(offset)))
      await store.abandon(0, 3)
      expect(await summaryOf(store)).toMatchObject([{ completeThrough: 4, abandoned: 3, missingCount: 0 }])
      await store.abandon(1, 2)
      expect((await summaryOf(store))[1]).toMatchObject({ partition: 1, completeThrough: 1, abandoned: 2 })
    })

    test('is complete through the newest receipt, or through the last before a gap less the answer time', async () => {
      await using store = await open()
      await store.save([activity(0), activity(1), activity(0, 1)])
      expect((await store.ledger()).completeThrough).toEqual(new Date(recordedAt.getTime() + 1))
      await store.save([activity(3, 1)])
      expect((await store.ledger()).completeThrough).toEqual(new Date(recordedAt.getTime() - acknowledgedWithinMs))
      await store.save([activity(1, 2)])
      expect((await store.ledger()).completeThrough).toBeUndefined()
    })

    test('is not complete through a time of receipt that lies days ahead of the clock', async () => {
      await using store = await open()
      const forged = { ...activity(1), recordedAt: new Date(Date.now() + 48 * 3_600_000) }
      await store.save([activity(0), forged])
      await store.deadLetter([aDeadLetter({ position: { partition: 0, offset: 2 }, recordedAt: forged.recordedAt })])
      expect(await store.ledger()).toMatchObject({ completeThrough: recordedAt, partitions: [{ completeThrough: 2 }] })
    })

    test('does not depend on when records were compacted or in which order they arrived', async () => {
      const orders = fc.shuffledSubarray(
        Array.from({ length: 600 }, (_, offset) => offset),
        { minLength: 590, maxLength: 600 },
      )
      await fc.assert(
        fc.asyncProperty(orders, async (offsets) => {
          await using store = await open()
          for (let from = 0; from < offsets.length; from += 50) {
            const some = offsets.slice(from, from + 50)
            await store.save(some.map((offset) => activity(offset, 0, `${offset - (offset % 3 === 2 ? 1 : 0)}`)))
          }
          const known = new Set(offsets)
          const [partition] = await summaryOf(store)
          let next = 0
          while (known.has(next)) next++
          expect(partition).toMatchObject({ completeThrough: next - 1, last: Math.max(...offsets) })
          expect(partition!.counts.stored + partition!.counts.duplicate).toBe(offsets.length)
          expect(partition!.missingCount).toBe(Math.max(...offsets) + 1 - offsets.length)
        }),
        { numRuns: 10 },
      )
    })
  })
}
