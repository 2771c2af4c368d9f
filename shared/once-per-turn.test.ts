import { expect, test } from 'vitest'
import { oncePerTurn } from './once-per-turn.ts'

const nextTurn = () => new Promise(setImmediate)

test('work that is asked for often is done once in the next turn, and again only when it is asked for again', async () => {
  let done = 0
  const ask = oncePerTurn(() => done++)
  for (let n = 0; n < 3; n++) ask()
  expect(done).toBe(0)
  await nextTurn()
  await nextTurn()
  expect(done).toBe(1)
  ask()
  await nextTurn()
  expect(done).toBe(2)
})

test('work may ask for itself, and has another turn', async () => {
  let done = 0
  const ask = oncePerTurn(() => {
    if (++done < 3) ask()
  })
  ask()
  await nextTurn()
  expect(done).toBe(1)
  for (let n = 0; n < 3; n++) await nextTurn()
  expect(done).toBe(3)
})
