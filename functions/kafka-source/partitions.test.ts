import { expect, test } from 'vitest'
import { noPartitions } from './partitions.ts'

const numbers = (partitions: readonly { number: number }[]) => partitions.map(({ number }) => number)

test('a partition that goes is released and says nothing more; one that stays keeps its progress', () => {
  const partitions = noPartitions()
  const [gone, kept] = partitions.assign([0, 1]).came
  gone!.progress.taken(5)
  kept!.progress.taken(7)
  const { came, stayed } = partitions.assign([1, 2])
  expect([numbers(came), numbers(stayed)]).toEqual([[2], [1]])
  expect([gone!.release.signal.aborted, kept!.release.signal.aborted]).toEqual([true, false])
  expect(partitions.get(1)).toBe(kept)
  gone!.progress.finished(5)
  expect(partitions.due()).toEqual([{ partition: kept, offset: 7 }])
})

test('one that comes back starts anew', () => {
  const partitions = noPartitions()
  const [before] = partitions.assign([0]).came
  before!.progress.taken(5)
  partitions.assign([])
  partitions.assign([0])
  expect(partitions.get(0)).not.toBe(before)
  expect(partitions.due()).toEqual([])
})

test('what was committed is due again only after the group has agreed anew, or when it is to be said again', () => {
  const partitions = noPartitions()
  const [partition] = partitions.assign([0]).came
  partition!.progress.taken(5)
  partition!.committed = 5
  expect(partitions.due()).toEqual([])
  partitions.assign([0])
  expect(partitions.due()).toEqual([{ partition, offset: 5 }])
  partition!.committed = 5
  partitions.sayAgain()
  expect(partitions.due()).toEqual([{ partition, offset: 5 }])
})
