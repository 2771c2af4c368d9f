import { createService } from '@activity-log/shared/http/service.ts'
import { readersOf } from '@activity-log/shared/store/tenant-reader.ts'
import { recorded, silent } from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { expect, test } from 'vitest'
import { createKnownLedger } from './known-ledger.ts'
import { liveRoutes } from './live-stream.ts'

const followers = 200

/** Follows the log as often as that. `count` tells how many events come in each turn of the event loop. */
async function followed() {
  const store = openMemoryStore()
  const stop = new AbortController()
  const known = createKnownLedger({ ledger: store.ledger, log: silent })
  const tail = { known, forTenant: readersOf(store), log: silent, pollMs: 1 }
  const app = createService({ log: silent, routes: liveRoutes({ ...tail, stopping: stop.signal }) })
  const readers = await Promise.all(
    Array.from({ length: followers }, async () => (await app.request('/live')).body!.getReader()),
  )
  for (const reader of readers) await reader.read()
  const perTurn: number[] = []
  let inTurn = 0
  const read = readers.map(async (reader) => {
    await reader.read()
    inTurn++
  })
  async function count() {
    while (perTurn.reduce((sum, each) => sum + each, 0) < followers) {
      await new Promise(setImmediate)
      perTurn.push(inTurn)
      inTurn = 0
    }
    await Promise.all(read)
    stop.abort()
    return perTurn
  }
  return { store, count }
}

test('an event reaches many followers in several turns of the event loop', async () => {
  const { store, count } = await followed()
  await store.save([recorded({ id: 'a' })])
  expect(Math.max(...(await count()))).toBeLessThanOrEqual(100)
})
