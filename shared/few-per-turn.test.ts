import { expect, test } from 'vitest'
import { fewPerTurn } from './few-per-turn.ts'

const nextTurn = () => new Promise(setImmediate)

test('does work in order, so many pieces per turn, and the first ones at once', async () => {
  const gradually = fewPerTurn(3)
  const done: number[] = []
  for (let n = 0; n < 8; n++) gradually(() => done.push(n))
  expect(done).toEqual([0, 1, 2])
  await nextTurn()
  expect(done).toEqual([0, 1, 2, 3, 4, 5])
  // what comes later does not overtake
  gradually(() => done.push(8))
  await nextTurn()
  expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
  await nextTurn()
  gradually(() => done.push(9))
  expect(done.at(-1)).toBe(9)
})

test('goes on after a piece that fails', async () => {
  const gradually = fewPerTurn(2)
  const done: number[] = []
  expect(() => {
    gradually(() => {
      throw new Error('broken')
    })
  }).toThrow('broken')
  for (let n = 0; n < 5; n++) gradually(() => done.push(n))
  for (let turn = 0; turn < 4; turn++) await nextTurn()
  expect(done).toEqual([0, 1, 2, 3, 4])
})
