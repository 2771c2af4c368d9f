import { expect, test } from 'vitest'
import { maxActions, TooManyActions } from './activities.ts'
import { type NextAction, resolveActions } from './resolve-actions.ts'

/** Actions of three digits: 000, 001 … */
const all = Array.from({ length: 1000 }, (_, n) => String(n).padStart(3, '0'))

function counting() {
  let steps = 0
  const nextAction: NextAction = (_tenant, from, isAfter) => {
    steps++
    return all.find((action) => (isAfter ? action > from : action >= from))
  }
  const resolve = (...actions: ({ prefix: string } | { exact: string })[]) =>
    resolveActions(nextAction, { tenant: 't', actions })
  return { resolve, steps: () => steps }
}

test('several prefixes match as many actions together as one may', async () => {
  const { resolve } = counting()
  const [one, two, three] = [{ prefix: '1' }, { prefix: '2' }, { prefix: '3' }]
  expect(await resolve(one, two)).toHaveLength(maxActions)
  await expect(resolve(one, two, three)).rejects.toThrow(
    new TooManyActions('More than 200 actions begin with these prefixes'),
  )
})

test('a prefix that is repeated takes no more steps than that', async () => {
  const { resolve, steps } = counting()
  await expect(resolve(...Array.from({ length: 200 }, () => ({ prefix: '1' })))).rejects.toBeInstanceOf(TooManyActions)
  expect(steps()).toBeLessThan(2 * maxActions)
})

test('names that are written out are not looked up', async () => {
  const { resolve, steps } = counting()
  expect(await resolve({ exact: '001' }, { exact: 'x' }, { exact: '001' })).toEqual(['001', 'x'])
  expect(steps()).toBe(0)
})
