import { expect, test } from 'vitest'
import { randomNumbers } from './random.ts'

const firstOf = (seed: number, count: number) => {
  const next = randomNumbers(seed)
  return Array.from({ length: count }, next)
}

test('a seed always gives the same numbers, so that a recorded seed stays useful', () => {
  expect(firstOf(1, 3)).toEqual([0.6270739405881613, 0.002735721180215478, 0.5274470399599522])
  expect(firstOf(2 ** 32 + 1, 3)).toEqual(firstOf(1, 3))
})

test('spreads numbers evenly from 0 up to 1', () => {
  const tenths = Array.from({ length: 10 }, () => 0)
  for (const number of firstOf(7, 10_000)) tenths[Math.floor(number * 10)]!++
  for (const count of tenths) expect(Math.abs(count - 1000)).toBeLessThan(150)
})
