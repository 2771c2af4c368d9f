import { describe, expect, test } from 'vitest'
import type { Position } from '../receipt.ts'
import { aDeadLetter, recorded } from '../testing/builders.ts'
import { maxPruned, type PruningRecords, pruneDuplicates } from './duplicate-pruning.ts'
import type { ActivityStore } from './store.ts'

export type OpenedForPruning = { store: ActivityStore; records: PruningRecords }

const dayMs = 86_400_000
const recordedAt = new Date('2024-01-01T00:00:00Z')
const sealedAt = Date.parse('2024-02-01T00:00:00Z')

/** The promises of every store about outcomes that it removes. */
export function testPruning(open: () => Promise<OpenedForPruning>): void {
  const receipt = (offset: number) => ({ position: { partition: 0, offset }, recordedAt })
  const at = (position: Position, id: string) => ({ ...recorded({ id }), position, recordedAt })
  const duplicates = (first: number, count: number) =>
    Array.from({ length: count }, (_, n) => at({ partition: 0, offset: first + n }, 'a'))
  const letter = aDeadLetter({ position: { partition: 0, offset: 1 }, recordedAt, reason: 'conflict' })

  /** Prunes as if that many days had passed since the first seal. */
  async function prune(records: PruningRecords, days: number): Promise<number> {
    let steps = 0
    const pause = async () => void steps++
    await pruneDuplicates(records, () => new Date(sealedAt + days * dayMs), pause)
    return steps
  }

  describe('the outcome of a duplicate', () => {
    test('is removed 30 days after it was sealed, in steps; then its receipt has expired', async () => {
      const { store, records } = await open()
      await using _ = store
      await store.save([at({ partition: 0, offset: 0 }, 'a')])
      await store.deadLetter([letter])
      for (let first = 2; first < 2 + maxPruned + 200; first += 400) await store.save(duplicates(first, 400))
      // compacts everything that is known
      await store.abandon(0, 0)
      const before = await store.ledger()

      expect(await prune(records, 0)).toBe(0)
      expect(await prune(records, 29)).toBe(0)
      expect(await store.outcome(receipt(2))).toMatchObject({ outcome: 'duplicate' })
      expect(await prune(records, 31)).toBe(2)
      expect(await store.outcome(receipt(2))).toEqual({ outcome: 'expired' })
      expect(await store.outcome(receipt(maxPruned + 2))).toEqual({ outcome: 'expired' })
      expect(await store.outcome(receipt(0))).toMatchObject({ outcome: 'stored' })
      expect(await store.outcome(receipt(1))).toMatchObject({ outcome: 'conflict' })
      expect(await store.ledger()).toEqual(before)
      expect(await prune(records, 31)).toBe(0)
    })

    test('stays while an earlier record is missing, for it is not sealed', async () => {
      const { store, records } = await open()
      await using _ = store
      await store.save([at({ partition: 0, offset: 1 }, 'a'), ...duplicates(2, 400)])
      await store.abandon(0, 0)
      for (const days of [0, 31, 62]) await prune(records, days)
      expect(await store.outcome(receipt(2))).toMatchObject({ outcome: 'duplicate' })
    })

    test('is sealed when the ledger has counted it, not when it was received', async () => {
      const { store, records } = await open()
      await using _ = store
      await store.save([at({ partition: 0, offset: 0 }, 'a'), ...duplicates(1, 200)])
      await store.abandon(0, 0)
      await prune(records, 0)
      await store.save(duplicates(201, 200))
      await store.abandon(0, 0)
      await prune(records, 31)
      expect(await store.outcome(receipt(50))).toEqual({ outcome: 'expired' })
      expect(await store.outcome(receipt(210))).toMatchObject({ outcome: 'duplicate' })
      await prune(records, 62)
      expect(await store.outcome(receipt(210))).toEqual({ outcome: 'expired' })
    })
  })

  test('a record that left the queue before its outcome was known has expired, unless it was received just now', async () => {
    const { store } = await open()
    await using _ = store
    await store.save([at({ partition: 0, offset: 3 }, 'a')])
    expect(await store.outcome(receipt(1))).toBeUndefined()
    await store.abandon(0, 3)
    expect(await store.outcome(receipt(1))).toEqual({ outcome: 'expired' })
    expect(await store.outcome({ ...receipt(1), recordedAt: new Date() })).toBeUndefined()
    expect(await store.outcome(receipt(4))).toBeUndefined()
    // another record has this position
    expect(await store.outcome({ ...receipt(3), recordedAt: new Date(0) })).toBeUndefined()
  })
}
