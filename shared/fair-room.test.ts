import { expect, test } from 'vitest'
import { createFairRoom } from './fair-room.ts'

test('an owner alone may hold the maximum, and leaves room for others', () => {
  const room = createFairRoom(100)
  room.hold('busy', 99)
  expect([room.hasRoom('busy', 1), room.hasRoom('busy', 2)]).toEqual([true, false])
  room.hold('busy', 1)
  expect(room.hasRoom('quiet', 20)).toBe(true)
  room.hold('quiet', 10)
  expect(room.hasRoom('another', 10)).toBe(true)
})

test('what all hold is bounded, however many they are', () => {
  const room = createFairRoom(100)
  let held = 0
  for (let owner = 0; owner < 1_000; owner++) {
    for (; room.hasRoom(`${owner}`, 1); held++) room.hold(`${owner}`, 1)
  }
  expect(held).toBeGreaterThan(100)
  expect(held).toBeLessThanOrEqual(125)
})

test('there is room again for what is no longer held', () => {
  const room = createFairRoom(100)
  room.hold('busy', 100)
  room.hold('busy', -50)
  expect([room.hasRoom('busy', 50), room.hasRoom('busy', 51)]).toEqual([true, false])
  room.hold('busy', -50)
  expect(room.hasRoom('busy', 100)).toBe(true)
})
