import { anybody } from '@activity-log/shared/http/caller.ts'
import { Problem } from '@activity-log/shared/http/problem.ts'
import { anyTurn } from '@activity-log/shared/http/turns.ts'
import { asTenant } from '@activity-log/shared/tenant.ts'
import { recorded, silent } from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createApp } from './app.ts'
import type { Hold } from './from-store.ts'
import { openRowRoom } from './row-room.ts'

const large = 100 * 1024

/** Finds rows of that size, and keeps them until it is told to go on. */
function aList(bytes: number) {
  const go = Promise.withResolvers<void>()
  let found = 0
  const find = async (hold: Hold) => {
    hold(bytes)
    found++
    await go.promise
    return found
  }
  return { find, go: () => go.resolve(), found: () => found }
}

const openRoom = (maxBytes: number) => {
  const inRoom = openRowRoom(maxBytes)
  return <Result>(find: (hold: Hold) => Promise<Result>, { tenant = 'busy', isOperator = false } = {}) =>
    inRoom(find, { turn: anyTurn, caller: { tenant: asTenant(tenant), isOperator } })
}

describe('rows that wait to become an answer are bounded', () => {
  test('a large list beyond the bound forgets its rows, and finds them again after the large one before it', async () => {
    const inRoom = openRoom(large)
    const [first, second, third] = [aList(large), aList(large), aList(large)]
    const all = [inRoom(first.find), inRoom(second.find), inRoom(third.find)]
    await new Promise(setImmediate)
    // the second did not keep what it found first, and the third waits for it
    expect([first.found(), second.found(), third.found()]).toEqual([1, 1, 0])
    second.go()
    await all[1]
    await new Promise(setImmediate)
    expect(third.found()).toBe(1)
    first.go()
    third.go()
    await Promise.all(all)
    const fourth = aList(large)
    fourth.go()
    expect(await inRoom(fourth.find)).toBe(1)
  })

  test('those that are too late give up in turns', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    onTestFinished(() => void vi.useRealTimers())
    const inRoom = openRowRoom(large)
    const first = aList(large)
    const rest = Array.from({ length: 10 }, () => aList(large))
    let turns = 0
    const turn = async () => {
      turns++
      await new Promise(setImmediate)
    }
    const all = [first, ...rest].map(({ find }) => inRoom(find, { turn, caller: anybody }).catch((error) => error))
    await new Promise(setImmediate)
    vi.advanceTimersByTime(6_000)
    const problems = await Promise.all(all.slice(1))
    expect(problems.every((problem) => problem instanceof Problem)).toBe(true)
    expect(turns).toBeGreaterThanOrEqual(problems.length)
    first.go()
    await all[0]
  })

  test('a small list never waits', async () => {
    const inRoom = openRoom(large)
    const [first, second, small] = [aList(large), aList(large), aList(1000)]
    const all = [inRoom(first.find), inRoom(second.find)]
    small.go()
    expect(await inRoom(small.find)).toBe(1)
    first.go()
    second.go()
    await Promise.all(all)
  })

  test.each([
    { whose: 'another tenant', asker: { tenant: 'quiet' } },
    { whose: 'operators who look after it', asker: { isOperator: true } },
  ])('the large lists of tenants take turns, and a tenant leaves room for those of $whose', async ({ asker }) => {
    const inRoom = openRoom(large)
    const busy = Array.from({ length: 5 }, () => aList(large))
    const all = busy.map(({ find }) => inRoom(find))
    await new Promise(setImmediate)
    const quiet = aList(large)
    quiet.go()
    const asked = inRoom(quiet.find, asker)
    await new Promise(setImmediate)
    // one of the others that wait has its turn before
    busy[1]?.go()
    busy[2]?.go()
    expect(await asked).toBe(1)
    expect(busy.map(({ found }) => found()).slice(0, 3)).toEqual([1, 1, 1])
    expect(busy[4]?.found()).toBe(0)
    for (const { go } of busy) go()
    await Promise.all(all)

    const inLargeRoom = openRoom(10 * large)
    const tenLists = Array.from({ length: 10 }, () => aList(large))
    const filling = tenLists.map(({ find }) => inLargeRoom(find))
    expect(await inLargeRoom(quiet.find, asker)).toBe(2)
    for (const { go } of tenLists) go()
    await Promise.all(filling)
  })

  test('a fault gives its room back, and reaches the caller', async () => {
    const inRoom = openRoom(large)
    const fault = new Problem('not-found', 'There is nothing.')
    const failing = async (hold: Hold) => {
      hold(large)
      throw fault
    }
    for (let n = 0; n < 3; n++) await expect(inRoom(failing)).rejects.toBe(fault)
    const list = aList(large)
    list.go()
    expect(await inRoom(list.find)).toBe(1)
  })
})

test.each([
  { path: '/logs?limit=40', searches: 1 },
  { path: '/logs?page=2&limit=40', searches: 1 },
  { path: '/logs/id-7/context?around=40', searches: 2 },
  { path: '/dead-letters?limit=40', searches: 0 },
])('any number of large answers hold the rows of few at a time: $path', async ({ path, searches }) => {
  const store = openMemoryStore()
  const metadata = { text: 'x'.repeat(31_000) }
  await store.save(Array.from({ length: 80 }, (_, n) => recorded({ id: `id-${n}`, userId: 'ada', metadata })))
  const body = new Uint8Array(31_000)
  const kept = {
    tenant: anybody.tenant,
    reason: 'rejected',
    topic: 'activities',
    errors: [],
    headers: {},
    body,
  } as const
  const positions = Array.from({ length: 40 }, (_, offset) => ({ partition: 0, offset }))
  await store.deadLetter(positions.map((position) => ({ ...kept, position, at: new Date() })))
  const app = createApp({ store, log: silent, now: () => new Date() })
  const gate = Promise.withResolvers<void>()
  let holding = 0
  const asked = Array.from({ length: 60 }, () => {
    let toBegin = searches
    const turn = () => {
      if (toBegin-- > 0) return undefined
      holding++
      return gate.promise
    }
    const onBehalfOf = { caller: anybody, requestId: undefined, turn }
    return app.fetch(new Request(`http://localhost${path}`), { onBehalfOf } as never)
  })
  while (holding < 10) await new Promise(setImmediate)
  for (let n = 0; n < 500; n++) await new Promise(setImmediate)
  expect(holding).toBeLessThan(40)
  gate.resolve()
  const statuses = await Promise.all(asked.map(async (answer) => (await answer).status))
  // whoever would have to wait for too long gets a 503
  expect([200, 503]).toEqual(expect.arrayContaining([...new Set(statuses)]))
})
