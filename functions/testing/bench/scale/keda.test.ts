import { expect, test } from 'vitest'
import { activate, type KedaState, scaleByLag } from './keda.ts'
import type { Keda } from './settings.ts'

const keda: Keda = { minScale: 0, maxScale: 50, lagThreshold: 100, pollingS: 5, cooldownS: 300 }
const state = (consumers: number): KedaState => ({ consumers, lastLagAtS: 0, wanted: [] })

test('a first record brings a consumer, and nothing for the cooldown period takes the last', () => {
  expect(activate(keda, state(0), 5, 0).consumers).toBe(0)
  expect(activate(keda, state(0), 5, 1).consumers).toBe(1)
  expect([299, 300].map((atS) => activate(keda, state(3), atS, 0).consumers)).toEqual([3, 0])
  expect(activate(keda, state(3), 300, 1).consumers).toBe(3)
  expect(activate({ ...keda, minScale: 1 }, state(3), 900, 0).consumers).toBe(3)
})

test('there is a consumer for each lag-threshold, within the limits', () => {
  expect(scaleByLag(keda, state(10), 15, 1_401).consumers).toBe(15)
  expect(scaleByLag(keda, state(30), 15, 9_900).consumers).toBe(50)
})

test('a tenth more or less changes nothing', () => {
  expect([1_099, 1_101, 900].map((lag) => scaleByLag(keda, state(10), 15, lag).consumers)).toEqual([10, 12, 10])
})

test('in 15 s there are at most four more, or twice as many', () => {
  expect([1, 4, 20].map((consumers) => scaleByLag(keda, state(consumers), 15, 9_900).consumers)).toEqual([5, 8, 40])
})

test('it takes away what was not wanted for five minutes', () => {
  let now = scaleByLag(keda, state(10), 15, 1_000)
  now = scaleByLag(keda, now, 30, 200)
  expect(now.consumers).toBe(10)
  now = scaleByLag(keda, now, 314, 200)
  expect(now.consumers).toBe(10)
  expect(scaleByLag(keda, now, 315, 200).consumers).toBe(2)
})
