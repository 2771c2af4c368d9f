import { expect, test } from 'vitest'
import { noPartitions } from './partitions.ts'

test('a partition that goes is released and says nothing more; one that stays keeps its progress', () => {
  const partitions = noPartitions()
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

test('one that comes back starts anew', () => {
  const partitions = noPartitions()
  partitions.assign([0])
  const before = partitions.get(0)
  before!.progress.taken(5)
  partitions.assign([])
  partitions.assign([0])
  expect(partitions.get(0)).not.toBe(before)
  expect(partitions.due()).toEqual([])
})

test('what was committed is due again only after the group has agreed anew, or when it is to be said again', () => {
  const partitions = noPartitions()
  partitions.assign([0])
  const partition = partitions.get(0)
  partition!.progress.taken(5)
  partition!.committed = 5
  expect(partitions.due()).toEqual([])
  partitions.assign([0])
  expect(partitions.due()).toEqual([{ partition, offset: 5 }])
  partition!.committed = 5
  partitions.sayAgain()
  expect(partitions.due()).toEqual([{ partition, offset: 5 }])
})
