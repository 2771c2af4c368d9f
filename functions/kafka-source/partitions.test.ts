import { expect, test } from 'vitest'
import { createPartitions } from './partitions.ts'

test('releases a partition that is taken away, and keeps the progress of one that stays', () => {
  const partitions = createPartitions()
  partitions.assign([0, 1])
  const [gone, kept] = [partitions.get(0), partitions.get(1)]
  gone!.progress.taken(5)
  kept!.progress.taken(7)
  expect(partitions.assign([1, 2])).toEqual([kept])
  expect([partitions.get(0), partitions.get(2)?.number]).toEqual([undefined, 2])
  expect([gone!.release.signal.aborted, kept!.release.signal.aborted]).toEqual([true, false])
  expect(partitions.get(1)).toBe(kept)
  gone!.progress.finished(5)
  expect(partitions.due()).toEqual([{ partition: kept, offset: 7 }])
})

test('forgets the progress of a partition that is taken away and comes back', () => {
  const partitions = createPartitions()
  partitions.assign([0])
  const before = partitions.get(0)
  before!.progress.taken(5)
  partitions.assign([])
  partitions.assign([0])
  expect(partitions.get(0)).not.toBe(before)
  expect(partitions.due()).toEqual([])
})

test('makes a committed offset due again only after a rebalance or on request', () => {
  const partitions = createPartitions()
  partitions.assign([0])
  const partition = partitions.get(0)
  partition!.progress.taken(5)
  partition!.committed = 5
  expect(partitions.due()).toEqual([])
  partitions.assign([0])
  expect(partitions.due()).toEqual([{ partition, offset: 5 }])
  partition!.committed = 5
  partitions.commitAgain()
  expect(partitions.due()).toEqual([{ partition, offset: 5 }])
})
