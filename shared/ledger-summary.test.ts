import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  abandonBelow,
  type CountedRange,
  compactRanges,
  joinRanges,
  type Known,
  noCounts,
  openRanges,
  summarize,
  toRanges,
} from './ledger-summary.ts'

const known = (...offsets: number[]): Known[] => offsets.map((offset) => ({ offset, outcome: 'stored' }))
const range = (first: number, last: number): CountedRange => ({
  first,
  last,
  counts: { ...noCounts, stored: last - first + 1 },
})
const boundsOf = (ranges: readonly CountedRange[]) => ranges.map(({ first, last }) => [first, last])

test('offsets without a gap form one range with counted outcomes', () => {
  const outcomes: Known[] = [
    { offset: 3, outcome: 'rejected' },
    { offset: 3, outcome: 'stored' },
  ]
  expect(toRanges([...known(0, 1, 2), ...outcomes, ...known(7)])).toEqual([
    { first: 0, last: 3, counts: { ...noCounts, stored: 3, rejected: 1 } },
    { first: 7, last: 7, counts: { ...noCounts, stored: 1 } },
  ])
})

test('open ranges lie between the compacted ranges and after them', () => {
  expect(openRanges([])).toEqual([{ first: 0 }])
  expect(openRanges([range(0, 4), range(9, 9)])).toEqual([{ first: 5, last: 8 }, { first: 10 }])
  expect(openRanges([range(2, 4)])).toEqual([{ first: 0, last: 1 }, { first: 5 }])
})

describe('compacts', () => {
  test('the range from 0 and offsets that continue it', () => {
    expect(boundsOf(compactRanges([], toRanges(known(0, 1, 3))))).toEqual([[0, 1]])
    expect(boundsOf(compactRanges([range(0, 1)], toRanges(known(2, 3, 5))))).toEqual([[0, 3]])
    expect(compactRanges([], toRanges(known(1, 2)))).toEqual([])
  })

  test('offsets far behind the newest even after a gap, so that few offsets stay uncompacted', () => {
    const counted = [range(0, 9), range(11, 500), range(501, 9000)]
    expect(boundsOf(compactRanges([], joinRanges([], counted)))).toEqual([
      [0, 9],
      [11, 9000],
    ])
    expect(boundsOf(compactRanges([], [range(0, 9), range(11, 8000)]))).toEqual([[0, 9]])
  })

  test('everything once no record is in flight', () => {
    const counted = [range(1, 2), range(4, 4)]
    expect(boundsOf(compactRanges([], counted, true))).toEqual(boundsOf(counted))
  })

  test('no range beyond a thousand, but extends the existing ranges', () => {
    const compacted = Array.from({ length: 1000 }, (_, n) => range(3 * n, 3 * n))
    const counted = [range(2998, 2998), range(4000, 4000), range(20_000, 20_000)]
    const more = boundsOf(compactRanges(compacted, counted, true))
    expect(more).toHaveLength(1000)
    expect(more.at(-1)).toEqual([2997, 2998])
  })

  test('everything that was compacted before, and joins ranges when the gap between them is filled', () => {
    const compacted = [range(0, 9), range(11, 9000)]
    expect(boundsOf(compactRanges(compacted, []))).toEqual(boundsOf(compacted))
    expect(boundsOf(compactRanges(compacted, toRanges(known(10))))).toEqual([[0, 9000]])
  })
})

test('the ledger does not depend on what was compacted in between', () => {
  const offsets = fc.uniqueArray(fc.nat(60), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(offsets, fc.integer({ min: 1, max: 10 }), (arrivals, step) => {
      const inOrder = (some: number[]) => some.toSorted((a, b) => a - b)
      let compacted: CountedRange[] = []
      const isCompacted = (offset: number) => compacted.some(({ first, last }) => offset >= first && offset <= last)
      const countOpen = (upTo: number) =>
        toRanges(known(...inOrder(arrivals.slice(0, upTo)).filter((o) => !isCompacted(o))))
      for (let upTo = step; upTo < arrivals.length; upTo += step) compacted = compactRanges(compacted, countOpen(upTo))
      const whole = summarize(0, toRanges(known(...inOrder(arrivals))), false)
      const joined = summarize(
        0,
        joinRanges(compacted, toRanges(known(...inOrder(arrivals).filter((o) => !isCompacted(o))))),
        false,
      )
      expect(joined).toEqual(whole)
    }),
  )
})

test('an abandoned offset is neither missing nor an outcome', () => {
  const summary = (ranges: readonly CountedRange[]) => summarize(0, ranges, false)
  expect(summary(abandonBelow([range(3, 4), range(8, 8)], 6))).toMatchObject({
    completeThrough: 5,
    abandoned: 4,
    missing: [{ first: 6, last: 7 }],
    counts: { stored: 3 },
  })
  expect(summary(abandonBelow([], 2))).toMatchObject({ completeThrough: 1, last: 1, abandoned: 2, missingCount: 0 })
  expect(abandonBelow([range(0, 4)], 3)).toEqual([range(0, 4)])
})
