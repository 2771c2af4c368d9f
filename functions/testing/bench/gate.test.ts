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
  ['more is better, and the ratio is slightly lower', { min: 1 }, 10, 8.6, false],
  ['more is better, and the ratio is much lower', { min: 1 }, 10, 8.4, true],
  ['more is better, and the ratio is far higher', { min: 1 }, 10, 100, false],
  ['less is better, and the ratio is slightly higher', { max: 1 }, 1, 1.14, false],
  ['less is better, and the ratio is much higher', { max: 1 }, 1, 1.16, true],
  ['there is no target', undefined, 10, 1, false],
])('%s', (_what, target, was, is, isWorse) => {
  expect(fallen([row('it', target, was)], [row('it', target, is)])).toHaveLength(isWorse ? 1 : 0)
})

test('compares the medians of the rounds, and reports the recorded one', () => {
  const before = [row('it', { min: 1 }, 1, 10, 100)]
  expect(fallen(before, [row('it', { min: 1 }, 9, 9, 0.1)])).toEqual([])
  expect(fallen(before, [row('it', { min: 1 }, 9, 2, 0.1)])).toEqual(['it: 2.00 × another; it was 10.00 ×'])
})

test('does not judge a comparison that is not recorded yet', () => {
  expect(fallen([], [row('it', { min: 1 }, 0.1)])).toEqual([])
})
