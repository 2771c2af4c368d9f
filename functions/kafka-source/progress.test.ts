import fc from 'fast-check'
import { expect, test } from 'vitest'
import { startProgress } from './progress.ts'

test('has nothing to commit if nothing was taken', () => {
  expect(startProgress().committable()).toBeUndefined()
})

test('keeps the commit at the first record without an outcome until it has one', () => {
  const progress = startProgress()
  for (const offset of [5, 6, 7]) progress.taken(offset)
  progress.finished(6)
  progress.finished(7)
  expect([progress.committable(), progress.next()]).toEqual([5, 8])
  progress.finished(5)
  expect(progress.committable()).toBe(8)
})

test('commits past offsets that have no record', () => {
  const progress = startProgress()
  progress.taken(5)
  progress.taken(9)
  progress.finished(5)
  expect(progress.committable()).toBe(9)
  progress.finished(9)
  progress.passed(12)
  expect(progress.committable()).toBe(13)
})

test('commits only finished records, and all of them in the end, whatever the order of the outcomes', () => {
  const gapsAndOrder = fc
    .uniqueArray(fc.nat(1000), { minLength: 1, maxLength: 60 })
    .chain((offsets) => fc.tuple(fc.constant(offsets.toSorted((a, b) => a - b)), fc.shuffledSubarray(offsets)))
  fc.assert(
    fc.property(gapsAndOrder, ([offsets, finished]) => {
      const progress = startProgress()
      const open = new Set(offsets)
      for (const offset of offsets) progress.taken(offset)
      for (const offset of finished) {
        progress.finished(offset)
        open.delete(offset)
        const first = Math.min(...open)
        expect(progress.committable()).toBe(open.size > 0 ? first : offsets.at(-1)! + 1)
      }
    }),
  )
})
