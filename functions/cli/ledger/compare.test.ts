import { type PartitionSummary, summarize, toRanges } from '@activity-log/shared/ledger-summary.ts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compare, isComplete, isOpen, sizeOf } from './compare.ts'

const summaryWith = (offsets: readonly number[], uncounted = false): PartitionSummary =>
  summarize(0, toRanges(offsets.map((offset) => ({ offset, outcome: 'stored' }))), uncounted)
const range = (first: number, end: number) => ({ partition: 0, first, end })

describe('an offset without an outcome', () => {
  const one = compare(range(2, 9), 9, summaryWith([1, 3, 5]))

  test('is gone if it is below the first offset of Kafka', () => {
    expect(one.gone).toEqual([{ first: 0, last: 0 }])
    expect(compare(range(4, 4), 4, undefined).gone).toEqual([{ first: 0, last: 3 }])
  })

  test('is missing if later ones have an outcome', () => {
    expect(one.missing).toEqual([
      { first: 2, last: 2 },
      { first: 4, last: 4 },
    ])
  })

  test('is not delivered if it comes after the last one with an outcome', () => {
    expect(one.notDelivered).toEqual([{ first: 6, last: 8 }])
    expect(compare(range(0, 2), 2, undefined).notDelivered).toEqual([{ first: 0, last: 1 }])
  })

  test('is exactly one of gone, missing and not delivered, if it is below the end that Kafka had', () => {
    const numbers = fc.nat(30)
    fc.assert(
      fc.property(fc.uniqueArray(numbers), numbers, numbers, (known, some, other) => {
        const [first, end] = [Math.min(some, other), Math.max(some, other)]
        const offsets = known.toSorted((a, b) => a - b)
        const { missing, notDelivered, gone } = compare(range(first, end), 31, summaryWith(offsets))
        const open = [...gone, ...missing, ...notDelivered].flatMap((range) =>
          Array.from({ length: sizeOf([range]) }, (_, n) => range.first + n),
        )
        const unknown = Array.from({ length: end }, (_, n) => n).filter((offset) => !known.includes(offset))
        expect(open.toSorted((a, b) => a - b)).toEqual(unknown)
      }),
    )
  })
})

describe('the ledger is complete', () => {
  test('when every record that Kafka had has an outcome, even if newer records came or the topic is empty', () => {
    const all = [compare(range(0, 3), 6, summaryWith([0, 1, 2, 5])), compare(range(0, 0), 0, undefined)]
    expect(isComplete(all)).toBe(true)
  })

  test.each([
    ['something is missing', compare(range(0, 3), 3, summaryWith([0, 2]))],
    ['something is not delivered', compare(range(0, 3), 3, summaryWith([0, 1]))],
    ['something is gone', compare(range(1, 2), 2, summaryWith([1]))],
    ['not everything was counted', compare(range(0, 1), 1, summaryWith([0], true))],
    ['the log knows offsets that Kafka never assigned', compare(range(0, 1), 1, summaryWith([0, 1]))],
  ])('but not if %s', (_what, comparison) => {
    expect(isComplete([comparison])).toBe(false)
  })
})

test('an offset is open if it is missing, if it comes later, or if the partition is not counted', () => {
  const offsets = [0, 1, 2, 3, 4]
  const open = (summary?: PartitionSummary) => offsets.filter((offset) => isOpen(summary, offset))
  expect(open(summaryWith([0, 1, 3]))).toEqual([2, 4])
  expect(open(summaryWith([0, 1, 3], true))).toEqual(offsets)
  expect(open()).toEqual(offsets)
})
