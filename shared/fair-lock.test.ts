import { expect, test } from 'vitest'
import { createFairLock } from './fair-lock.ts'

test('one piece of work goes on at a time, and owners take turns', async () => {
  const lock = createFairLock()
  const order: string[] = []
  let inProgress = 0
  const work = async (owner: string, name: string) => {
    const release = await lock(owner)
    order.push(name)
    expect(++inProgress).toBe(1)
    await new Promise(setImmediate)
    inProgress--
    release()
  }
  const busy = ['a1', 'a2', 'a3', 'a4'].map((name) => work('a', name))
  await Promise.all([...busy, work('b', 'b1'), work('c', 'c1'), work('b', 'b2')])
  expect(order).toEqual(['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4'])
  await work('a', 'a5')
  expect(order.at(-1)).toBe('a5')
})
