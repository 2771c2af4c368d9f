import { expect, test } from 'vitest'
import type { Comparison } from './compare-rounds.ts'
import { fallen } from './gate.ts'

const row = (what: string, target: Comparison['target'], ...ratios: number[]): Comparison => ({
  what,
  against: 'another',
  ...(target && { target }),
  ours: ratios,
  theirs: ratios.map(() => 1),
})

test.each([
  ['more is better, and it is a little less', { min: 1 }, 10, 8.6, false],
  ['more is better, and it is much less', { min: 1 }, 10, 8.4, true],
  ['more is better, and it is far more', { min: 1 }, 10, 100, false],
  ['less is better, and it is a little more', { max: 1 }, 1, 1.14, false],
  ['less is better, and it is much more', { max: 1 }, 1, 1.16, true],
  ['nobody says what is better', undefined, 10, 1, false],
])('%s', (_what, target, was, is, isWorse) => {
  expect(fallen([row('it', target, was)], [row('it', target, is)])).toHaveLength(isWorse ? 1 : 0)
})

test('goes by the median of the rounds, and says what it was', () => {
  const before = [row('it', { min: 1 }, 1, 10, 100)]
  expect(fallen(before, [row('it', { min: 1 }, 9, 9, 0.1)])).toEqual([])
  expect(fallen(before, [row('it', { min: 1 }, 9, 2, 0.1)])).toEqual(['it: 2.00 × another; it was 10.00 ×'])
})

test('what is not recorded yet is not judged', () => {
  expect(fallen([], [row('it', { min: 1 }, 0.1)])).toEqual([])
})
