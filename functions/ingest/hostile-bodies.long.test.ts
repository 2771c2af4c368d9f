import { request } from 'node:http'
import { startCommand, written } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'

const size = 4 * 1024 * 1024 - 1
const filled = (before: string, part: string, after = '') =>
  before + part.repeat(Math.floor((size - before.length - after.length) / part.length)) + after
const names = (count: number) =>
  Array.from({ length: count }, (_, n) => `"k${n.toString(36).padStart(4, '0')}":0`).join()
const activity = (metadata: string) => `{"userId":"u","action":"a","metadata":${metadata}}`
const repeated = (item: string) => filled('[', `${item},`, `${item}]`)

const json = 'application/json'
/** Bodies of 4 MiB that would take far more memory once parsed, each with the statuses that may answer it. */
const bodies: readonly [what: string, contentType: string, body: string, statuses: readonly number[]][] = [
  ['brackets', json, filled('', '['), [400]],
  ['brackets that close', json, `${'['.repeat(size / 2)}${']'.repeat(size / 2)}`, [400]],
  ['empty objects', json, filled('[', '{},', '{}]'), [413]],
  ['one object with 330,000 names', json, `{${names(330_000)}}`, [413]],
  ['empty objects inside of one', json, filled('{"a":[', '{},', '{}]}'), [413]],
  ['empty objects inside of items', json, repeated(activity(`[${'{},'.repeat(80_000)}{}]`)), [400]],
  ['many values in each of many items', json, repeated(activity(`{"a":[${'{},'.repeat(1_900)}{}]}`)), [400]],
  [
    'the most values that are allowed, in lines',
    'application/x-ndjson',
    filled('', `${activity(`{"a":[${'{},'.repeat(1_900)}{}]}`)}\n`),
    [503, 207],
  ],
  ['empty lines', 'application/x-ndjson', filled('', '\n'), [400]],
  ['lines of an empty object', 'application/x-ndjson', filled('', '{}\n'), [413]],
  ['tiny numbers', json, filled('[', '1,', '1]'), [413]],
  ['tiny numbers inside of an item', json, filled('[[', '1,', '1]]'), [400]],
  ['numbers of many digits', json, filled('[1e', '9', ']'), [400]],
  ['escapes', json, filled('["', '\\u0000', '"]'), [400]],
  ['escapes in names', json, filled('[{"', '\\u0000', '":1}]'), [400]],
  ['commas', json, filled('[', ','), [413]],
]

test('survives six bodies of 4 MiB of any kind at once, in a small heap', { timeout: 240_000 }, async () => {
  // nothing listens there, so whatever is valid is answered with a 503
  const env = { PORT: '0', KAFKA_BROKERS: '127.0.0.1:1', LOG_LEVEL: 'info' }
  const flags = ['--max-old-space-size=128', '--max-semi-space-size=8', 'functions/ingest/main.ts']
  await using ingest = startCommand(process.execPath, flags, env)
  const port = Number(await written(ingest, /"port":(\d+)/))
  const post = (contentType: string, body: string) =>
    new Promise<number>((resolve, reject) => {
      const headers = { 'content-type': contentType, 'content-length': Buffer.byteLength(body) }
      request({ port, path: '/logs', method: 'POST', headers }, (response) => {
        response.resume().once('end', () => resolve(Number(response.statusCode)))
      })
        .once('error', reject)
        .end(body)
    })
  for (const [what, contentType, body, expected] of bodies) {
    const statuses = await Promise.all(Array.from({ length: 6 }, () => post(contentType, body)))
    for (const status of statuses) expect([...expected, 503], `${what}: ${statuses}`).toContain(status)
    expect(
      statuses.some((status) => expected.includes(status)),
      `${what}: ${statuses}`,
    ).toBe(true)
  }
  expect(await post(json, '{}')).toBe(400)
})

test.each([
  `application/json${' '.repeat(15_000)}x`,
  `application/json; charset=utf-8${'; a=b'.repeat(100)}`,
])('a content type that is too long is a 415', async (contentType) => {
  const { createApp } = await import('./app.ts')
  const nothing = {} as never
  const app = createApp({ broker: nothing, log: nothing, now: () => new Date(), newId: nothing })
  const response = await app.request('/logs', { method: 'POST', body: '{}', headers: { 'content-type': contentType } })
  expect([response.status, await response.text()]).toEqual([415, expect.stringContaining('longer than 256 characters')])
})
