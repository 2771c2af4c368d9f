import { anybody } from '@activity-log/shared/http/caller.ts'
import { createService } from '@activity-log/shared/http/service.ts'
import { toReceipt } from '@activity-log/shared/receipt.ts'
import type { RecordOutcome } from '@activity-log/shared/store/ledger.ts'
import { readersOf } from '@activity-log/shared/store/tenant-reader.ts'
import { asTenant } from '@activity-log/shared/tenant.ts'
import { silent } from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { expect, test } from 'vitest'
import { createOutcomeFinder, type FindOutcome } from './find-outcome.ts'
import { receiptRoutes } from './receipts.ts'

const receipts = (count: number) =>
  Array.from({ length: count }, (_, offset) =>
    toReceipt({ position: { partition: 0, offset }, recordedAt: new Date(0) }),
  )

/** The tenant of a request is in its header, and whether an operator asks for it. */
function service(findOutcome: FindOutcome) {
  const { request } = createService({
    log: silent,
    routes: receiptRoutes({ findOutcome }),
    authenticate: ({ header }) => ({
      ...anybody,
      tenant: asTenant(header('tenant') ?? ''),
      isOperator: header('operator') !== undefined,
    }),
  })
  return async (count: number, tenant = 'busy', more: { operator?: string } = {}) => {
    const body = JSON.stringify(receipts(count))
    return (await request('/receipts', { method: 'POST', headers: { tenant, ...more }, body })).status
  }
}

test('only so many receipts of a tenant are in progress at a time, and a few more are always looked up', async () => {
  const gate = Promise.withResolvers<undefined>()
  const ask = service(() => gate.promise)
  const first = Array.from({ length: 110 }, () => ask(1_000))
  // those for which there is no room are answered while the others wait
  const rejected = await Promise.race(first)
  const few = ask(10)
  const ofAnother = ask(1_000, 'quiet')
  const ofOperator = ask(1_000, 'busy', { operator: 'yes' })
  gate.resolve(undefined)
  expect(rejected).toBe(503)
  expect(await few).toBe(200)
  // there is room for other tenants all the same, and for operators who look after this one
  expect([await ofAnother, await ofOperator]).toEqual([200, 200])
  const statuses = await Promise.all(first)
  expect(statuses.filter((status) => status === 200)).toHaveLength(100)
  expect(await ask(1_000)).toBe(200)
})

test('a tenant does not wait while the many receipts of another one are looked up', async () => {
  let ofBusy = 0
  const known: RecordOutcome = { outcome: 'expired' }
  const ask = service(async (_receipt, _wait, { caller }) => {
    if (caller.tenant === 'busy') ofBusy++
    return known
  })
  const busy = Array.from({ length: 20 }, () => ask(1_000))
  while (ofBusy < 500) await new Promise(setImmediate)
  const before = ofBusy
  expect(await ask(20, 'quiet')).toBe(200)
  expect(ofBusy - before).toBeLessThan(1_000)
  await Promise.all(busy)
  expect(ofBusy).toBe(20_000)
})

test('a store that answers at once looks up few receipts of a request in one turn of the event loop', async () => {
  let turn = 0
  let counter = setImmediate(function next() {
    turn++
    counter = setImmediate(next)
  })
  const byTurn = new Map<number, number>()
  const ask = service(async () => {
    byTurn.set(turn, (byTurn.get(turn) ?? 0) + 1)
    return { outcome: 'expired' }
  })
  expect(await ask(1_000)).toBe(200)
  clearImmediate(counter)
  expect([...byTurn.values()].reduce((sum, count) => sum + count)).toBe(1_000)
  expect(Math.max(...byTurn.values())).toBeLessThanOrEqual(100)
})

test('what is left of a wait need not be a whole number of milliseconds', async () => {
  const find = createOutcomeFinder({ forTenant: readersOf(openMemoryStore()), stopping: AbortSignal.abort() })
  const { signal } = new AbortController()
  const request = { caller: anybody, gone: () => signal, whyNoLonger: () => undefined }
  // 1000.9999999999999 ms
  expect(await find({ position: { partition: 0, offset: 0 }, recordedAt: new Date() }, 1.001, request)).toBe(undefined)
})
