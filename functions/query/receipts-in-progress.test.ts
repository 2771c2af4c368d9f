import { createService } from '@activity-log/shared/http/service.ts'
import { toReceipt } from '@activity-log/shared/receipt.ts'
import { silent } from '@activity-log/shared/testing/builders.ts'
import { expect, test } from 'vitest'
import { receiptRoutes } from './receipts.ts'

const receipts = (count: number) =>
  Array.from({ length: count }, (_, offset) =>
    toReceipt({ position: { partition: 0, offset }, recordedAt: new Date(0) }),
  )

test('only so many receipts are in progress at a time, and a few more are always looked up', async () => {
  const gate = Promise.withResolvers<undefined>()
  const { request } = createService({ log: silent, routes: receiptRoutes({ findOutcome: () => gate.promise }) })
  const ask = async (count: number) =>
    (await request('/receipts', { method: 'POST', body: JSON.stringify(receipts(count)) })).status
  const first = Array.from({ length: 110 }, () => ask(1_000))
  // those for which there is no room are answered while the others wait
  const rejected = await Promise.race(first)
  const few = ask(10)
  gate.resolve(undefined)
  expect(rejected).toBe(503)
  expect(await few).toBe(200)
  const statuses = await Promise.all(first)
  expect(statuses.filter((status) => status === 200)).toHaveLength(100)
  expect(await ask(1_000)).toBe(200)
})
