import { expect, test } from 'vitest'
import { checkedClock } from './clock.ts'
import { Problem } from './problem.ts'

test.each([
  '1969-12-31T23:59:59Z',
  '1970-01-01T00:00:00Z',
  '2023-12-31T23:59:59Z',
  '2501-01-01T00:00:00Z',
])('a clock at %s is a 503 that says so', (text) => {
  const clock = checkedClock(() => new Date(text))
  expect(clock).toThrow(Problem)
  expect(clock).toThrow(`The clock of the log says ${new Date(text).toISOString()}`)
})

test('a clock that has no valid time leads to a 503', () => {
  expect(checkedClock(() => new Date(Number.NaN))).toThrow('The clock of the log says no valid time')
})

test('any other clock may be right', () => {
  const at = new Date('2026-11-29T12:00:00Z')
  expect(checkedClock(() => at)()).toBe(at)
})
