import type { EventRecord } from '@activity-log/shared/activity-recorded.ts'
import { post, silent } from '@activity-log/shared/testing/builders.ts'
import { expect, test } from 'vitest'
import { createApp } from './app.ts'

function ingest(now: () => Date) {
  const published: EventRecord[] = []
  const app = createApp({
    broker: {
      async publish(records) {
        published.push(...records)
        return records.map((_record, offset) => ({ partition: 0, offset }))
      },
    },
    log: silent,
    now,
    newId: () => crypto.randomUUID(),
  })
  const receptions = () =>
    published.map(({ headers }) => [headers['ce_recordedtime'], Number(headers['ce_sequence'])] as const)
  return { app, published, receptions }
}

const line = (action: string) => JSON.stringify({ userId: 'u', action })
const ndjson = { 'content-type': 'application/x-ndjson' }

test('the lines of requests in one millisecond are numbered in their order, each with a salt of its own', async () => {
  const { app, published, receptions } = ingest(() => new Date(1_000))
  await app.request('/logs', post([line('a'), line('b'), '{', line('c')].join('\n'), ndjson))
  await app.request('/logs', post(line('d')))
  expect(published.map(({ value }) => JSON.parse(value).action)).toEqual(['a', 'b', 'c', 'd'])
  expect(receptions()).toEqual([0, 1, 2, 3].map((sequence) => ['1970-01-01T00:00:01.000Z', sequence]))
  expect(new Set(published.map(({ headers }) => headers['ce_salt'])).size).toBe(4)
})

test('the time of receipt is that of the whole body', async () => {
  const clock = { ms: 1_000 }
  const { app, receptions } = ingest(() => new Date(clock.ms))
  const body = new ReadableStream({
    pull(controller) {
      // the second half of the body comes later
      if (clock.ms === 1_000) controller.enqueue(Buffer.from(line('a').slice(0, 5)))
      else {
        controller.enqueue(Buffer.from(line('a').slice(5)))
        controller.close()
      }
      clock.ms += 7_000
    },
  })
  const headers = { 'content-type': 'application/json' }
  const response = await app.request('/logs', { method: 'POST', headers, body, duplex: 'half' } as RequestInit)
  expect(response.status).toBe(202)
  expect(receptions()).toEqual([['1970-01-01T00:00:15.000Z', 0]])
})

test('a clock that is set back while a body arrives does not put its timestamp too far ahead', async () => {
  const times = [new Date(10_000), new Date(5_000)]
  const { app, receptions } = ingest(() => times.shift() ?? new Date(5_000))
  const ahead = new Date(10_000 + 24 * 3_600_000).toISOString()
  const response = await app.request('/logs', post({ userId: 'u', action: 'a', timestamp: ahead }))
  expect(response.status).toBe(202)
  expect(receptions()).toEqual([['1970-01-01T00:00:10.000Z', 0]])
})
