import type { EventRecord } from '@activity-log/shared/activity-recorded.ts'
import { ownActivity } from '@activity-log/shared/own-activity.ts'
import { accessOf, anAccessFile, bearer } from '@activity-log/shared/testing/access.ts'
import { anActivity, post, silent, until } from '@activity-log/shared/testing/builders.ts'
import { expect, test } from 'vitest'
import { createApp } from './app.ts'

/** An ingest whose broker acknowledges nothing before it is told to. */
function anIngest(rate?: number) {
  const gate = Promise.withResolvers<void>()
  const { path, keys } = anAccessFile(
    { acme: { tenant: 'acme' }, audit: { tenant: '*', scopes: ['audit'] } },
    { limits: { ...(rate !== undefined && { default: rate }), tenants: {} } },
  )
  let taken = 0
  const publish = async (records: readonly EventRecord[]) => {
    taken += records.length
    await gate.promise
    return records.map((_, offset) => ({ partition: 0, offset }))
  }
  const now = () => new Date('2026-01-01T00:00:00Z')
  let ids = 0
  const newId = () => `id-${++ids}`
  const access = accessOf(path, { clock: () => 0 })
  const bounds = { deadlineMs: 60_000, maxWaitingBytes: 20_000 }
  const app = createApp({ broker: { publish }, log: silent, now, newId, access, ...bounds })
  const send = async (count: number) => {
    const sent = post(Array.from({ length: count }, () => anActivity()))
    const headers = { ...(sent.headers as object), ...bearer(keys.acme) }
    return (await app.request('/logs/batch', { ...sent, headers })).status
  }
  const { activity } = ownActivity('acme', { action: 'discard', keyId: 'k', at: now(), metadata: {} })
  const record = async () => {
    const sent = post(activity)
    const headers = { ...(sent.headers as object), ...bearer(keys.audit) }
    return (await app.request('/own-activities?tenant=acme', { ...sent, headers })).status
  }
  return { send, record, taken: () => taken, acknowledge: gate.resolve }
}

test('a tenant whose queue is full does not keep the log from recording what operators do with it', async () => {
  const { send, record, taken, acknowledge } = anIngest()
  const first = send(1)
  await until(() => taken() > 0)
  // the last ones find the queue full
  const flood = Array.from({ length: 10 }, () => send(10))
  expect(await Promise.race(flood)).toBe(503)
  const act = record()
  // it would be rejected at once
  const waiting = (async () => {
    for (let n = 0; n < 100; n++) await new Promise(setImmediate)
  })()
  expect(await Promise.race([act, waiting])).toBe(undefined)
  acknowledge()
  expect(await act).toBe(204)
  await Promise.all([first, ...flood])
})

test('nor does a tenant that has used up its rate', async () => {
  const { send, record, acknowledge } = anIngest(5)
  acknowledge()
  expect([await send(10), await send(1)]).toEqual([202, 429])
  expect(await record()).toBe(204)
})
