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
  ['accepts a ratio slightly below the recorded one when more is better', { min: 1 }, 10, 8.6, false],
  ['reports a ratio well below the recorded one when more is better', { min: 1 }, 10, 8.4, true],
  ['accepts a ratio far above the recorded one when more is better', { min: 1 }, 10, 100, false],
  ['accepts a ratio slightly above the recorded one when less is better', { max: 1 }, 1, 1.14, false],
  ['reports a ratio well above the recorded one when less is better', { max: 1 }, 1, 1.16, true],
  ['accepts any ratio when there is no target', undefined, 10, 1, false],
])('%s', (_what, target, was, is, isWorse) => {
  expect(fallen([row('it', target, was)], [row('it', target, is)])).toHaveLength(isWorse ? 1 : 0)
})

test('compares the medians of the rounds, and reports both', () => {
  const before = [row('it', { min: 1 }, 1, 10, 100)]
  expect(fallen(before, [row('it', { min: 1 }, 9, 9, 0.1)])).toEqual([])
  expect(fallen(before, [row('it', { min: 1 }, 9, 2, 0.1)])).toEqual(['it: 2.00 × another; it was 10.00 ×'])
})

test('does not judge a comparison that is not recorded yet', () => {
  expect(fallen([], [row('it', { min: 1 }, 0.1)])).toEqual([])
})
