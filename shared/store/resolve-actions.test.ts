import { expect, test } from 'vitest'
import type { ActionPattern, Filter } from '../filter.ts'
import { maxActions } from './activities.ts'
import { createManyActions, type NextAction, resolveActions } from './resolve-actions.ts'

/** Actions of three digits: 000, 001 … */
const all = Array.from({ length: 1000 }, (_, n) => String(n).padStart(3, '0'))

function counting() {
  let steps = 0
  const nextAction: NextAction = (_tenant, from, isAfter) => {
    steps++
    return all.find((action) => (isAfter ? action > from : action >= from))
  }
  const resolve = (...actions: ActionPattern[]) => resolveActions(nextAction, { tenant: 't', actions })
  const resolveFor = (userId: string[], ...actions: ActionPattern[]) =>
    resolveActions(nextAction, { tenant: 't', userId, actions })
  const clock = { now: 0 }
  const many = createManyActions(() => clock.now)
  const resolveAgain = (filter: Omit<Filter, 'tenant'>, tenant = 't') =>
    resolveActions(nextAction, { tenant, ...filter }, many)
  return { resolve, resolveFor, resolveAgain, clock, steps: () => steps }
}

test('several prefixes match as many actions together as one may', async () => {
  const { resolve } = counting()
  const [one, two, three] = [{ prefix: '1' }, { prefix: '2' }, { prefix: '3' }]
  expect(await resolve(one, two)).toHaveLength(maxActions)
  expect(await resolve(one, two, three)).toBeUndefined()
  expect(await resolve(one, two, { exact: 'x' })).toBeUndefined()
  expect(await resolve(one, two, { exact: '123' }, { prefix: '10' })).toHaveLength(maxActions)
})

test('each of several users takes a part of the index for each action', async () => {
  const { resolveFor } = counting()
  expect(await resolveFor(['a', 'b'], { prefix: '1' })).toHaveLength(maxActions / 2)
  expect(await resolveFor(['a', 'b', 'c'], { prefix: '1' })).toBeUndefined()
})

test('a prefix that is repeated takes no more steps than one', async () => {
  const { resolve, steps } = counting()
  const repeated = Array.from({ length: 200 }, () => ({ prefix: '1' }))
  expect(await resolve(...repeated, { prefix: '11' })).toHaveLength(100)
  expect(steps()).toBe(101)
})

test('no more actions are looked up than may be merged', async () => {
  const { resolve, steps } = counting()
  expect(await resolve({ prefix: '' })).toBeUndefined()
  expect(steps()).toBe(maxActions + 1)
})

test('names that are written out are not looked up', async () => {
  const { resolve, steps } = counting()
  expect(await resolve({ exact: '001' }, { exact: 'x' }, { exact: '001' })).toEqual(['001', 'x'])
  expect(steps()).toBe(0)
})

test('that a prefix has too many actions is remembered for a minute', async () => {
  const { resolveAgain, clock, steps } = counting()
  const filter = { actions: [{ prefix: '' }] }
  for (let n = 0; n < 3; n++) expect(await resolveAgain(filter)).toBeUndefined()
  expect(await resolveAgain({ ...filter, userId: ['a', 'b'] })).toBeUndefined()
  expect(steps()).toBe(maxActions + 1)
  await resolveAgain(filter, 'other')
  expect(steps()).toBe(2 * (maxActions + 1))
  clock.now += 60_001
  await resolveAgain(filter)
  expect(steps()).toBe(3 * (maxActions + 1))
})

test('too many for several users may be few enough for one', async () => {
  const { resolveAgain } = counting()
  const filter = { actions: [{ prefix: '1' }] }
  expect(await resolveAgain({ ...filter, userId: ['a', 'b', 'c'] })).toBeUndefined()
  expect(await resolveAgain(filter)).toHaveLength(100)
})
