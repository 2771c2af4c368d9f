import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTokenBuckets } from './token-buckets.ts'

function buckets(maxBuckets?: number) {
  let ms = 0
  const { left, take } = createTokenBuckets({ now: () => ms, ...(maxBuckets && { maxBuckets }) })
  const later = (by: number) => {
    ms += by
  }
  return { left, take, later }
}

test('a bucket begins full, and fills up again to what one second brings', () => {
  const { left, take, later } = buckets()
  expect(left('a', 10)).toBe(10)
  take('a', 10, 4)
  expect([left('a', 10), left('b', 10)]).toEqual([6, 10])
  later(200)
  expect(left('a', 10)).toBeCloseTo(8)
  later(60_000)
  expect(left('a', 10)).toBe(10)
})

test('what was taken beyond it has to come back first', () => {
  const { left, take, later } = buckets()
  take('a', 10, 1_000)
  expect(left('a', 10)).toBe(-990)
  later(99_000)
  expect(left('a', 10)).toBeCloseTo(0)
  later(100)
  expect(left('a', 10)).toBeCloseTo(1)
})

test('another rate counts from then on', () => {
  const { left, take, later } = buckets()
  take('a', 10, 20)
  later(1_000)
  expect(left('a', 5)).toBe(-5)
  expect(left('a', 100)).toBe(90)
})

test('those in debt outlast those that are full, and their number is bounded', () => {
  const { left, take, later } = buckets(4)
  take('debt', 1, 100)
  for (const name of ['a', 'b', 'c']) take(name, 1, 1)
  later(1_000)
  take('d', 1, 1)
  expect([left('debt', 1), left('d', 1)]).toEqual([-98, 0])
  for (const name of ['e', 'f', 'g', 'h']) take(name, 1, 100)
  expect(left('debt', 1)).toBe(1)
  expect(left('h', 1)).toBe(-99)
})

test('over any time, whoever only takes from a bucket that is not empty gets the rate and one second of it at most', () => {
  const calls = fc.array(fc.record({ ms: fc.nat(500), tokens: fc.integer({ min: 1, max: 20 }) }), { maxLength: 50 })
  fc.assert(
    fc.property(calls, fc.integer({ min: 1, max: 50 }), (calls, perSecond) => {
      const { left, take, later } = buckets()
      let taken = 0
      let last = 0
      let seconds = 0
      for (const { ms, tokens } of calls) {
        later(ms)
        seconds += ms / 1_000
        if (left('a', perSecond) <= 0) continue
        take('a', perSecond, tokens)
        taken += tokens
        last = tokens
      }
      expect(taken - last).toBeLessThanOrEqual(perSecond * (seconds + 1) + 1e-6)
    }),
  )
})
