import { get, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { buffer, text } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import type { Access } from '@activity-log/shared/access/access.ts'
import { anybody } from '@activity-log/shared/http/caller.ts'
import { Problem } from '@activity-log/shared/http/problem.ts'
import type { Caller } from '@activity-log/shared/http/route.ts'
import { listen } from '@activity-log/shared/http/serve.ts'
import type { FindQuery } from '@activity-log/shared/store/activities.ts'
import { type ActivityStore, StoreUnavailable } from '@activity-log/shared/store/store.ts'
import { accessAs } from '@activity-log/shared/testing/access.ts'
import { answerOf, recorded, silent, until } from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore, openTestStore, withFind } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { createApp } from './app.ts'

/** A store with this many activities, a second apart; id-0 is the oldest. It records its finds. */
async function query(count = 0, find?: (query: FindQuery, nth: number) => Promise<void>) {
  const store = openMemoryStore()
  const base = Date.parse('2024-01-15T10:00:00Z')
  const activities = Array.from({ length: count }, (_, n) => {
    const timestamp = new Date(base + n * 1000).toISOString()
    return recorded({ id: `id-${n}`, userId: `user_${n % 3}`, action: n % 2 ? 'cart.add' : 'login', timestamp })
  })
  await store.save(activities)
  const finds: FindQuery[] = []
  const seen: ActivityStore['find'] = async (query) => {
    finds.push(query)
    await find?.(query, finds.length)
    return store.find(query)
  }
  const warnings: string[] = []
  const log = { ...silent, warn: (_fields: object, message: string) => void warnings.push(message) }
  const app = createApp({ store: withFind(store, seen), log, now: () => new Date(base) })
  return { app, finds, warnings, get: (url: string, init?: RequestInit) => app.request(url, init) }
}

/** A log that never ends. */
function endless(access?: Access) {
  const activities = Array.from({ length: 1000 }, (_, n) => ({
    id: `${n}`,
    // random text, which does not compress
    userId: Array.from({ length: 20 }, Math.random).join(),
    action: 'login',
    timestamp: '2024-01-15T10:00:00Z',
    recordedAt: '2026-01-01T00:00:00.000Z',
  }))
  let finds = 0
  const find: ActivityStore['find'] = async ({ limit }) => {
    finds++
    return activities
      .slice(0, limit)
      .map((activity) => ({ key: '01HM6RK0000000000000000000', activity, position: { partition: 0, offset: 0 } }))
  }
  const store = withFind(openMemoryStore(), find)
  return { app: createApp({ store, log: silent, now: () => new Date(), access }), finds: () => finds }
}

const idsIn = (ndjson: string) => ndjson.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line).id]))
const newestFirst = (count: number) => Array.from({ length: count }, (_, n) => `id-${count - 1 - n}`)

test('an export breaks off when its key is revoked', async () => {
  const reader = { ...anybody, keyId: 'k' }
  let found: Caller | Problem = reader
  const { app } = endless({ ...accessAs(reader), authenticate: () => found })
  const body = (await app.request('/export?format=ndjson')).body!.getReader()
  for (let part = 0; part < 3; part++) expect((await body.read()).done).toBe(false)
  found = new Problem('unauthenticated', 'The key is not valid.')
  const readAll = async () => {
    while (!(await body.read()).done);
  }
  await expect(readAll()).rejects.toThrow('interrupted')
})

describe('an export', () => {
  test('as NDJSON has every activity as in lists, newest first', async () => {
    const { get } = await query(2500)
    const response = await get('/export?format=ndjson')
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-ndjson'])
    const body = await response.text()
    expect(idsIn(body)).toEqual(newestFirst(2500))
    expect(body.endsWith('}\n')).toBe(true)
    const [first] = (await answerOf(await get('/logs?limit=1'))).data
    expect(JSON.parse(body.slice(0, body.indexOf('\n')))).toEqual(first)
  })

  test('as CSV has a header and a line for each activity', async () => {
    const { get } = await query(2)
    const response = await get('/export?format=csv&order=asc')
    expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present')
    expect(await response.text()).toBe(
      [
        'id,userId,action,timestamp,recordedAt,metadata',
        'id-0,user_0,login,2024-01-15T10:00:00.000Z,2026-01-01T00:00:00.000Z,',
        'id-1,user_1,cart.add,2024-01-15T10:00:01.000Z,2026-01-01T00:00:00.000Z,',
        '',
      ].join('\r\n'),
    )
  })

  test('as CSV begins with a byte order mark on request', async () => {
    const { get } = await query(1)
    const bytes = await (await get('/export?format=csv&bom=1')).bytes()
    expect(Buffer.from(bytes).toString()).toMatch(/^\uFEFFid,userId,/)
  })

  test('as CSV has one header, however many pages there are', async () => {
    const { get } = await query(1500)
    const lines = (await (await get('/export?format=csv')).text()).split('\r\n')
    expect([lines.length, lines.filter((line) => line.startsWith('id,')).length]).toEqual([1502, 1])
  })

  test.each([
    ['csv', 'id,userId,action,timestamp,recordedAt,metadata\r\n'],
    ['ndjson', ''],
  ])('without matches, as %s, is %j', async (format, expected) => {
    const { get } = await query(5)
    const response = await get(`/export?format=${format}&userId=nobody`)
    expect([response.status, await response.text()]).toEqual([200, expected])
  })

  test('shows the log as it was at its start, whatever is added meanwhile', async () => {
    const store = openTestStore()
    const at = (n: number) => new Date(Date.UTC(2024, 0, 15, 10, 0, n)).toISOString()
    await store.save(Array.from({ length: 150 }, (_, n) => recorded({ id: `id-${n}`, timestamp: at(2 * n) }, n)))
    let late = 150
    const find: ActivityStore['find'] = async (query) => {
      await store.save([recorded({ id: 'late', timestamp: at(1) }, late++)])
      return store.find(query)
    }
    const app = createApp({ store: withFind(store, find), log: silent, now: () => new Date() })
    expect(idsIn(await (await app.request('/export?format=ndjson')).text())).toEqual(newestFirst(150))
  })

  test('shows the log as of the snapshot in asOf', async () => {
    const store = openTestStore()
    const app = createApp({ store, log: silent, now: () => new Date() })
    await store.save([recorded({ id: 'id-0' }, 0)])
    const { asOf } = (await (await app.request('/logs')).json()) as { asOf: string }
    await store.save([recorded({ id: 'id-1' }, 1)])
    const body = await (await app.request(`/export?format=ndjson&asOf=${asOf}`)).text()
    expect(idsIn(body)).toEqual(['id-0'])
  })

  test.each([0, 1, 99, 100, 101, 1099, 1100, 1101])('of %i activities is complete', async (count) => {
    const { get } = await query(count)
    expect(idsIn(await (await get('/export?format=ndjson')).text())).toEqual(newestFirst(count))
  })

  test('filters by metadata itself, so that no time limit of the store ends it', async () => {
    const { app, finds } = await query(350)
    const response = await app.request('/export?format=ndjson&action=login&metadata.n=1')
    expect([response.status, await response.text()]).toEqual([200, ''])
    expect(finds.length).toBeGreaterThan(1)
    for (const { filter } of finds) expect(filter).not.toHaveProperty('metadata')
    const store = openTestStore()
    await store.save(Array.from({ length: 250 }, (_, n) => recorded({ id: `${n}`, metadata: { n: n % 125 } })))
    const some = createApp({ store, log: silent, now: () => new Date() })
    const exported = await (await some.request('/export?format=ndjson&userId=user_123&metadata.n=7')).text()
    expect(
      exported
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).id)
        .toSorted(),
    ).toEqual(['132', '7'])
  })

  test('has only what the filters match', async () => {
    const { get } = await query(12)
    const filters = 'userId=user_1&action=cart.*&from=2024-01-15T10:00:02Z&to=2024-01-15T10:00:11Z&order=asc'
    expect(idsIn(await (await get(`/export?format=ndjson&${filters}`)).text())).toEqual(['id-7'])
  })

  test.each([
    ['', 'activities.csv'],
    ['&from=2024-01-15T10:00:00%2B01:00', 'activities-from-20240115T090000Z.csv'],
    ['&to=2024-01-16T00:00:00Z', 'activities-to-20240116T000000Z.csv'],
    [
      '&from=2024-01-15T00:00:00Z&to=2024-01-16T00:00:00.5Z',
      'activities-from-20240115T000000Z-to-20240116T000000.500Z.csv',
    ],
  ])('is a file with its time range in the name: %s', async (parameters, name) => {
    const { get } = await query()
    const response = await get(`/export?format=csv${parameters}`)
    expect(response.headers.get('content-disposition')).toBe(`attachment; filename="${name}"`)
  })

  test('is compressed for clients that prefer it, with Vary for caches', async () => {
    const { get } = await query(3000)
    const plain = await get('/export?format=ndjson')
    const packed = await get('/export?format=ndjson', { headers: { 'accept-encoding': 'br, gzip' } })
    expect(plain.headers.get('content-encoding')).toBeNull()
    expect(packed.headers.get('content-encoding')).toBe('gzip')
    for (const { headers } of [plain, packed]) {
      expect([headers.get('vary'), headers.get('cache-control')]).toEqual(['accept-encoding', 'private, no-store'])
    }
    const bytes = Buffer.from(await packed.arrayBuffer())
    expect(gunzipSync(bytes).toString()).toBe(await plain.text())
  })

  test('answers HEAD with the same headers and without asking the store', async () => {
    const { get, finds } = await query(3)
    const url = '/export?format=csv&from=2024-01-15T10:00:00Z'
    const [head, whole] = [await get(url, { method: 'HEAD' }), await get(url)]
    expect(finds).toHaveLength(1)
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect(Object.fromEntries(head.headers)).toEqual(Object.fromEntries(whole.headers))
  })

  test('lets other work run between any two pages', async () => {
    const { get, finds } = await query(5000)
    let turns = 0
    let isDone = false
    const count = () => {
      turns++
      if (!isDone) setImmediate(count)
    }
    const response = await get('/export?format=ndjson')
    setImmediate(count)
    await response.text()
    isDone = true
    expect(turns).toBeGreaterThanOrEqual(finds.length - 1)
  })

  test.each(['identity', 'gzip'])('reads no more than its client takes: %s', async (encoding) => {
    const { app, finds } = endless()
    const response = await app.request('/export?format=ndjson', { headers: { 'accept-encoding': encoding } })
    const reader = response.body!.getReader()
    await reader.read()
    for (let turn = 0; turn < 300; turn++) await new Promise(setImmediate)
    expect(finds()).toBeLessThan(7)
    await reader.cancel()
  })

  test('reads few rows at a time when rows are large', async () => {
    const store = openTestStore()
    const metadata = { text: 'x'.repeat(30_000) }
    await store.save(Array.from({ length: 300 }, (_, n) => recorded({ id: `${n}`, metadata })))
    const limits: number[] = []
    const find: ActivityStore['find'] = (query) => {
      limits.push(query.limit)
      return store.find(query)
    }
    const app = createApp({ store: withFind(store, find), log: silent, now: () => new Date() })
    expect(idsIn(await (await app.request('/export?format=ndjson')).text())).toHaveLength(300)
    expect(Math.max(...limits.slice(1))).toBeLessThan(10)
  })

  test.each([
    ['', 'format'],
    ['format=xml', 'format'],
    ['format=csv&format=csv', 'format'],
    ['format=csv&limit=1', 'limit'],
    ['format=csv&bom=2', 'bom'],
    ['format=ndjson&bom=1', 'bom'],
    ['format=csv&order=up', 'order'],
    ['format=csv&userId=', 'userId'],
    ['format=csv&from=2024-01-15T10:00:00Z&to=2024-01-15T09:00:00Z', 'to'],
  ])('is rejected with the name of the parameter: %s', async (parameters, name) => {
    const { get, finds } = await query(1)
    const response = await get(`/export?${parameters}`)
    expect([response.status, (await answerOf(response)).errors.map(({ pointer }) => pointer)]).toEqual([400, [name]])
    expect(finds).toEqual([])
  })

  test('without a format is rejected with the formats that exist', async () => {
    const { get } = await query(1)
    const { detail } = await answerOf(await get('/export'))
    expect(detail).toBe('format is required: csv or ndjson')
  })

  test('that fails before its first page is a problem like any other', async () => {
    const { get } = await query(1, () => Promise.reject(new StoreUnavailable('secret')))
    const response = await get('/export?format=csv')
    expect([response.status, response.headers.get('content-type')]).toEqual([503, 'application/problem+json'])
  })

  test('takes no other method', async () => {
    const { get } = await query()
    const response = await get('/export?format=csv', { method: 'POST' })
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })
})

describe('an export over a socket', () => {
  const serve = async (app: Awaited<ReturnType<typeof query>>['app']) => {
    const server = await listen({ fetch: app.fetch, port: 0, log: silent })
    onTestFinished(() => server[Symbol.asyncDispose]())
    return server
  }
  const ask = (port: number, headers: Record<string, string> = {}) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      const path = '/export?format=ndjson&order=asc'
      get({ port, path, host: 'localhost', headers, agent: false }, resolve).on('error', reject)
    })
  const encodings = [['identity'], ['gzip']]

  test.each(encodings)('is complete: %s', async (encoding) => {
    const { app } = await query(5000)
    const { port } = await serve(app)
    const bytes = await buffer(await ask(port, { 'accept-encoding': encoding }))
    const body = encoding === 'gzip' ? gunzipSync(bytes) : bytes
    expect(idsIn(body.toString())).toHaveLength(5000)
  })

  test.each(encodings)('is cut off when the store fails midway: %s', async (encoding) => {
    const failing = (_query: FindQuery, nth: number) =>
      nth < 3 ? Promise.resolve() : Promise.reject(new StoreUnavailable('secret'))
    const { app, finds, warnings } = await query(5000, failing)
    const { port } = await serve(app)
    const response = await ask(port, { 'accept-encoding': encoding })
    expect(response.statusCode).toBe(200)
    const received: Buffer[] = []
    response.on('data', (chunk) => received.push(chunk))
    await expect(new Promise((resolve, reject) => response.on('end', resolve).on('error', reject))).rejects.toThrow()
    expect(response.complete).toBe(false)
    const bytes = Buffer.concat(received)
    if (encoding === 'gzip') expect(() => gunzipSync(bytes)).toThrow()
    expect(bytes.toString()).not.toContain('Error')
    expect([finds.length, warnings]).toEqual([3, ['an export failed']])
  })

  test('is also reset for a client that takes the end of the connection for the end of the answer', async () => {
    const failing = (_query: FindQuery, nth: number) =>
      nth < 3 ? Promise.resolve() : Promise.reject(new StoreUnavailable('secret'))
    const { app } = await query(5000, failing)
    const { port } = await serve(app)
    const socket = connect(port, 'localhost')
    socket.write('GET /export?format=ndjson HTTP/1.0\r\nhost: localhost\r\n\r\n')
    await expect(text(socket)).rejects.toMatchObject({ code: 'ECONNRESET' })
  })

  test.each(encodings)('reads no more when its client has gone: %s', async (encoding) => {
    const gate = Promise.withResolvers<void>()
    const { app, finds } = await query(20_000, (_query, nth) => (nth < 3 ? Promise.resolve() : gate.promise))
    const { port } = await serve(app)
    const response = await ask(port, { 'accept-encoding': encoding })
    const closed = new Promise((resolve) => response.once('close', resolve))
    response.resume()
    await until(() => finds.length === 3)
    response.destroy()
    await closed
    // a later request on another connection is answered only after the server has seen the end of this one
    await (await fetch(`http://localhost:${port}/healthz`)).text()
    gate.resolve()
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
    expect(finds).toHaveLength(3)
  })

  test('begins before it finds a match', async () => {
    const gate = Promise.withResolvers<void>()
    const { get } = await query(2000, (_query, nth) => (nth === 1 ? Promise.resolve() : gate.promise))
    const response = await get('/export?format=ndjson&action=login&metadata.none=1')
    expect(response.status).toBe(200)
    gate.resolve()
    expect(await response.text()).toBe('')
  })

  test('is cut off when the process must end first', async () => {
    const { app } = endless()
    const server = await listen({ fetch: app.fetch, port: 0, log: silent })
    const socket = connect(server.port, 'localhost')
    const received: Buffer[] = []
    socket.write('GET /export?format=ndjson HTTP/1.1\r\nhost: localhost\r\n\r\n')
    await new Promise((resolve) => socket.once('readable', resolve))
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    onTestFinished(() => void vi.useRealTimers())
    const closing = server[Symbol.asyncDispose]()
    vi.advanceTimersByTime(8_000)
    await closing
    socket.on('data', (chunk) => received.push(chunk))
    await new Promise((resolve) => socket.once('close', resolve).once('error', resolve))
    const body = Buffer.concat(received).toString()
    expect(body.startsWith('HTTP/1.1 200')).toBe(true)
    expect(body.endsWith('0\r\n\r\n')).toBe(false)
  })
})
