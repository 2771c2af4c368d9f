import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { silent } from '../testing/builders.ts'
import { openWay, ways } from '../testing/ways.ts'
import type { Answer } from './answer.ts'
import { gzip, prefersGzip } from './gzip.ts'
import { Problem } from './problem.ts'
import type { Route } from './route.ts'
import { createService } from './service.ts'

test.each([
  [undefined, false],
  ['', false],
  ['gzip', true],
  ['GZIP', true],
  ['x-gzip', true],
  ['br, gzip;q=0.5', true],
  ['*', true],
  ['*;q=0', false],
  ['gzip;q=0', false],
  ['gzip;q=0, *', false],
  ['gzip; q=0.0', false],
  ['br', false],
  ['identity', false],
  ['identity, gzip;q=0.5', false],
  ['identity;q=0.5, gzip;q=0.5', true],
  ['identity;q=0, *;q=0.1', true],
  ['identity;q=0', true],
  ['identity;q=0, gzip;q=0', false],
  ['identity;q=0, *;q=0', false],
  ['deflate, gzip;q=1.0, *;q=0.5', true],
  ['gzipped', false],
])('Accept-Encoding: %s', (header, expected) => {
  expect(prefersGzip(header)).toBe(expected)
})

async function* numbers(count: number, after: () => void = () => {}) {
  try {
    for (let n = 0; n < count; n++) yield Buffer.from(`${n}\n`)
  } finally {
    after()
  }
}

test('many large answers at once are sent uncompressed beyond what may be compressed at a time', async () => {
  const body = { text: 'x'.repeat(1024 * 1024) }
  const route: Route = { scope: 'read', handle: async () => ({ status: 200, body }) }
  const { request } = createService({ log: silent, routes: { 'GET /x': route } })
  const codings = async (count: number) => {
    const headers = { 'accept-encoding': 'gzip' }
    const answers = await Promise.all(Array.from({ length: count }, () => request('/x', { headers })))
    return answers.map((answer) => answer.headers.get('content-encoding') ?? 'identity')
  }
  const flood = await codings(30)
  expect(flood.filter((coding) => coding === 'gzip')).toHaveLength(7)
  expect(flood).toContain('identity')
  expect(await codings(7)).not.toContain('identity')
})

describe.each(ways)('over %s', (name) => {
  const large = 'x'.repeat(2000)
  const json = (text: string): Answer => ({ status: 200, body: { text } })
  async function ask(answer: () => Answer, acceptEncoding: string, more: Partial<Route> = {}, init: RequestInit = {}) {
    await using way = await openWay(name)
    const route: Route = { scope: 'read', handle: async () => answer(), ...more }
    const service = createService({ log: silent, routes: { 'GET /x': route, 'POST /x': route } })
    const response = await way.request(service, '/x', { ...init, headers: { 'accept-encoding': acceptEncoding } })
    const { headers, status } = response
    // whether the client has decompressed the body depends on the way
    const bytes = Buffer.from(await response.arrayBuffer())
    const text = (bytes[0] === 0x1f ? gunzipSync(bytes) : bytes).toString()
    return {
      status,
      text,
      coding: headers.get('content-encoding'),
      vary: headers.get('vary'),
      etag: headers.get('etag'),
    }
  }

  test('a large answer is compressed on request, and says that it depends on the request', async () => {
    const text = JSON.stringify({ text: large })
    expect(await ask(() => json(large), 'gzip')).toMatchObject({ text, coding: 'gzip', vary: 'accept-encoding' })
    expect(await ask(() => json(large), 'gzip;q=0')).toMatchObject({ text, coding: null, vary: 'accept-encoding' })
    expect(await ask(() => json('x'), 'gzip')).toMatchObject({ coding: null, vary: 'accept-encoding' })
    const page = { status: 200, headers: { 'content-type': 'text/html; charset=utf-8', vary: 'cookie' }, body: large }
    expect(await ask(() => page, 'gzip')).toMatchObject({
      text: large,
      coding: 'gzip',
      vary: 'cookie, accept-encoding',
    })
  })

  test('images and streams are not compressed', async () => {
    const image = { status: 200, headers: { 'content-type': 'image/png' }, body: large }
    expect(await ask(() => image, 'gzip')).toMatchObject({ coding: null, vary: null })
    const events = { status: 200, headers: { 'content-type': 'text/event-stream' }, body: large }
    expect(await ask(() => events, 'gzip', { streams: true })).toMatchObject({ coding: null, vary: null })
  })

  test('a strong entity tag becomes weak for a client that prefers gzip, also in a 304', async () => {
    const headers = { etag: '"v1"', 'content-type': 'application/json' }
    const found = { status: 200, headers, body: JSON.stringify(large) }
    expect(await ask(() => found, 'gzip')).toMatchObject({ coding: 'gzip', etag: 'W/"v1"' })
    expect(await ask(() => found, 'identity')).toMatchObject({ coding: null, etag: '"v1"' })
    const known = { status: 304, headers: { etag: '"v1"' } }
    expect(await ask(() => known, 'gzip')).toMatchObject({ status: 304, etag: 'W/"v1"', vary: 'accept-encoding' })
    expect(await ask(() => known, '')).toMatchObject({ status: 304, etag: '"v1"', vary: 'accept-encoding' })
  })

  test('HEAD has the headers of GET, and no body', async () => {
    const head = await ask(() => json(large), 'gzip', {}, { method: 'HEAD' })
    expect(head).toMatchObject({ text: '', coding: 'gzip', vary: 'accept-encoding' })
  })

  test('the answer to a POST and a long problem are compressed, too', async () => {
    expect(await ask(() => json(large), 'gzip', {}, { method: 'POST' })).toMatchObject({ coding: 'gzip' })
    const wrong = () => {
      throw new Problem('invalid-input', large)
    }
    expect(await ask(wrong, 'gzip')).toMatchObject({ status: 400, coding: 'gzip' })
    expect((await ask(wrong, '')).text).toContain(large)
  })
})

test('compresses part by part', async () => {
  const parts: Uint8Array[] = []
  for await (const part of gzip(numbers(10_000))) parts.push(part)
  expect(gunzipSync(Buffer.concat(parts)).toString().split('\n')).toHaveLength(10_001)
})

test('a failed stream has no trailer', async () => {
  async function* failing() {
    yield* numbers(10_000)
    throw new Error('broken')
  }
  const parts: Uint8Array[] = []
  const read = async () => {
    for await (const part of gzip(failing())) parts.push(part)
  }
  await expect(read()).rejects.toThrow('broken')
  expect(() => gunzipSync(Buffer.concat(parts))).toThrow()
})

test('a stream that is no longer read closes its source', async () => {
  const ended = Promise.withResolvers<void>()
  for await (const _ of gzip(numbers(1e9, ended.resolve))) break
  await ended.promise
})
