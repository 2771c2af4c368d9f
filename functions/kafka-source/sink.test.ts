import { until } from '@activity-log/shared/testing/builders.ts'
import { anHttpSink } from '@activity-log/shared/testing/http-sink.ts'
import { expect, test } from 'vitest'
import { openSink } from './sink.ts'

const never = () => new AbortController().signal
const request = { headers: { 'ce-id': 'a' }, body: Buffer.from('{}') }

test('posts to the path of the URL and reads the answer', async () => {
  await using server = await anHttpSink(() => ({ status: 400, headers: { 'KNE-Reason': 'schema' }, body: 'bad thing' }))
  using sink = openSink(`${server.url}undelivered`)
  const { status, headers, body } = await sink.send(request, never)
  expect([status, headers?.['kne-reason'], Buffer.from(body).toString()]).toEqual([400, 'schema', 'bad thing'])
  expect(server.received[0]).toMatchObject({ path: '/undelivered', body: Buffer.from('{}') })
  expect(server.received[0]?.headers).toMatchObject({ 'ce-id': 'a', 'content-length': '2' })
})

test('does not follow a redirect', async () => {
  await using server = await anHttpSink(() => ({ status: 307, headers: { location: '/elsewhere' } }))
  using sink = openSink(server.url)
  expect((await sink.send(request, never)).status).toBe(307)
  expect(server.received).toHaveLength(1)
})

test('closes the connection of an attempt that has timed out', async () => {
  await using server = await anHttpSink(() => new Promise(() => {}))
  using sink = openSink(server.url)
  const attempt = new AbortController()
  const sending = sink.send(request, () => attempt.signal)
  await until(() => server.received.length === 1)
  attempt.abort()
  await expect(sending).rejects.toThrow()
  await until(() => server.received[0]?.aborted === true)
})

test.each([
  '\n',
  '\r',
  '\0',
  '\x01',
  '\x7f',
])('rejects the control character %j without sending a request', async (control) => {
  await using server = await anHttpSink()
  using sink = openSink(server.url)
  const damaged = { ...request, headers: { 'ce-subject': `a${control}b` } }
  await expect(sink.send(damaged, never)).rejects.toThrow(/invalid character/i)
  expect(server.received).toEqual([])
})

test('keeps only as much of a long answer as a dead letter needs', async () => {
  await using server = await anHttpSink(() => ({ status: 503, body: 'x'.repeat(500_000) }))
  using sink = openSink(server.url)
  const { body } = await sink.send(request, never)
  expect(body.byteLength).toBeGreaterThanOrEqual(1024)
  expect(body.byteLength).toBeLessThan(100_000)
})
