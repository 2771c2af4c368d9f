import { createService } from '@activity-log/shared/http/service.ts'
import { readersOf } from '@activity-log/shared/store/tenant-reader.ts'
import { recorded, silent } from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { expect, test } from 'vitest'
import { createKnownLedger } from './known-ledger.ts'
import { liveRoutes } from './live-stream.ts'

const followers = 200

/** Follows the log as often as that. `count` tells how many events come in each turn of the event loop. */
async function followed(pollMs = 1) {
  const store = openMemoryStore()
  const stop = new AbortController()
  let looks = 0
  const ledger = () => {
    looks++
    return store.ledger()
  }
  const known = createKnownLedger({ ledger, log: silent })
  const tail = { known, forTenant: readersOf(store), log: silent, pollMs }
  const app = createService({ log: silent, routes: liveRoutes({ ...tail, stopping: stop.signal }) })
  const readers = await Promise.all(
    Array.from({ length: followers }, async () => (await app.request('/live')).body!.getReader()),
  )
  for (const reader of readers) await reader.read()
  const perTurn: number[] = []
  let inTurn = 0
  async function count() {
    const read = readers.map(async (reader) => {
      await reader.read()
      inTurn++
    })
    while (perTurn.reduce((sum, each) => sum + each, 0) < followers) {
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

test('an event reaches many followers in several turns of the event loop', async () => {
  const { store, count } = await followed()
  await store.save([recorded({ id: 'a' })])
  expect(Math.max(...(await count()))).toBeLessThanOrEqual(50)
})

test('followers who leave wake nobody else', async () => {
  const { readers, stop, looks } = await followed(60_000)
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
