import { sequenceLimit } from '@activity-log/shared/key.ts'
import { expect, test } from 'vitest'
import { createArrivals, newSalt } from './arrivals.ts'

const at = (ms: number) => new Date(ms)

test('numbers what arrives in a millisecond from 0, and begins again with the next', () => {
  const arrive = createArrivals()
  expect([5, 5, 5, 6, 9, 9].map((ms) => arrive(at(ms)))).toEqual([
    { receivedAt: at(5), sequence: 0 },
    { receivedAt: at(5), sequence: 1 },
    { receivedAt: at(5), sequence: 2 },
    { receivedAt: at(6), sequence: 0 },
    { receivedAt: at(9), sequence: 0 },
    { receivedAt: at(9), sequence: 1 },
  ])
})

test('takes the next millisecond when no number is left', () => {
  const arrive = createArrivals()
  for (let n = 0; n < sequenceLimit; n++) arrive(at(5))
  expect([5, 5, 6].map((ms) => arrive(at(ms)))).toEqual([
    { receivedAt: at(6), sequence: 0 },
    { receivedAt: at(6), sequence: 1 },
    { receivedAt: at(6), sequence: 2 },
  ])
})

test('the numbers of a request grow after the clock was set back', () => {
  const arrive = createArrivals()
  arrive(at(1000))
  const [first, second] = [arrive(at(5)), arrive(at(5))]
  expect([first.receivedAt, second.receivedAt]).toEqual([at(5), at(5)])
  expect(second.sequence).toBeGreaterThan(first.sequence)
})

test('a salt is 16 bytes that come once', () => {
  const salts = Array.from({ length: 1000 }, newSalt)
  expect(new Set(salts).size).toBe(1000)
  for (const salt of salts) expect(Buffer.from(salt, 'base64url')).toHaveLength(16)
})
