import { anybody } from '@activity-log/shared/http/caller.ts'
import { createService, type Service } from '@activity-log/shared/http/service.ts'
import { openTurns } from '@activity-log/shared/http/turns.ts'
import { readersOf } from '@activity-log/shared/store/tenant-reader.ts'
import { asTenant } from '@activity-log/shared/tenant.ts'
import { recorded, silent } from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { expect, test } from 'vitest'
import { createApp } from './app.ts'
import { createKnownLedger } from './known-ledger.ts'
import { liveRoutes } from './live-stream.ts'

const followers = 200

/** Asks a service for a tenant, in turns whose time passes only by the work that the test counts. */
function asking(app: Service) {
  let workedMs = 0
  const clock = () => workedMs
  const { reads: turn } = openTurns(clock, clock)
  return {
    ask: async (tenant: string, path: string) => {
      const onBehalfOf = {
        caller: { ...anybody, isOperator: false, tenant: asTenant(tenant) },
        requestId: undefined,
        turn,
      }
      return app.fetch(new Request(`http://localhost${path}`), { onBehalfOf })
    },
    work: (ms: number) => {
      workedMs += ms
    },
  }
}

/** Many who follow the log of a tenant, from the first event on. */
async function followersOf(tenant: string, ask: ReturnType<typeof asking>['ask']) {
  const readers = await Promise.all(
    Array.from({ length: followers }, async () => (await ask(tenant, '/live')).body!.getReader()),
  )
  for (const reader of readers) await reader.read()
  return readers
}

/** Follows the log as often as that. `count` tells how many parts of events come in each turn of the event loop. */
async function followed({ pollMs = 1, heartbeatMs = 60_000 } = {}) {
  const store = openMemoryStore()
  const stop = new AbortController()
  let looks = 0
  const ledger = () => {
    looks++
    return store.ledger()
  }
  const known = createKnownLedger({ ledger, log: silent })
  const tail = { known, forTenant: readersOf(store), log: silent, pollMs }
  const app = createService({ log: silent, routes: liveRoutes({ ...tail, heartbeatMs, stopping: stop.signal }) })
  const { ask, work } = asking(app)
  const readers = await followersOf(anybody.tenant, ask)
  const perTurn: number[] = []
  let inTurn = 0
  async function count(parts: number, msOfEach: number) {
    const read = readers.map(async (reader) => {
      for (let part = 0; part < parts; part++) {
        await reader.read()
        inTurn++
        work(msOfEach)
      }
    })
    while (perTurn.reduce((sum, each) => sum + each, 0) < parts * followers) {
      await new Promise(setImmediate)
      perTurn.push(inTurn)
      inTurn = 0
    }
    await Promise.all(read)
    stop.abort()
    return perTurn
  }
  return { store, count, readers, stop, looks: () => looks }
}

test('in each turn of the event loop, as many followers get an event as there is time for', async () => {
  const { store, count } = await followed()
  await store.save([recorded({ id: 'a' })])
  expect(Math.max(...(await count(1, 0.5)))).toBe(4)
})

test('events that are large together come in parts, each in its turn', async () => {
  const { store, count } = await followed()
  const metadata = { note: 'x'.repeat(30_000) }
  await store.save(['a', 'b', 'c', 'd'].map((id) => recorded({ id, metadata })))
  expect(Math.max(...(await count(2, 2)))).toBe(1)
})

test('heartbeats come in turns, since all of them may be due at the same time', async () => {
  const { count } = await followed({ heartbeatMs: 0 })
  expect(Math.max(...(await count(1, 0.5)))).toBe(4)
})

test('many followers of one tenant do not delay the lists of another', async () => {
  const store = openMemoryStore()
  const stop = new AbortController()
  const app = createApp({ store, log: silent, now: () => new Date(), stopping: stop.signal })
  const { ask, work } = asking(app)
  const readers = await followersOf('acme', ask)
  await store.save([recorded({ id: 'a' }, 1, 'acme')])
  let served = 0
  const read = readers.map(async (reader) => {
    await reader.read()
    served++
    work(2)
  })
  await Promise.race(read)
  expect((await ask('bolt', '/logs')).status).toBe(200)
  expect(served).toBeLessThan(followers / 4)
  await Promise.all(read)
  stop.abort()
})

test('followers who leave wake nobody else', async () => {
  const { readers, stop, looks } = await followed({ pollMs: 60_000 })
  const before = looks()
  const rest = readers.slice(100).map((reader) => reader.read())
  for (const reader of readers.slice(0, 100)) {
    void reader.read()
    await reader.cancel()
  }
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate)
  expect(looks()).toBe(before)
  stop.abort()
  await Promise.all(rest)
})
