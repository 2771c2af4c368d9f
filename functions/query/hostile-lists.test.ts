import { answerOf, recorded, silent } from '@activity-log/shared/testing/builders.ts'
import { openTestStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { createApp } from './app.ts'

const at = (n: number) => new Date(Date.UTC(2024, 0, 15, 10, n)).toISOString()
const userIds = ['ann', '.*', '%', "' OR 1=1 --", '$ne', '{"$ne":null}', '__proto__', '☃', '[object Object]', 'null']
const actions = ['login', 'log.in', 'log*', 'log%', 'log_in', '^log', '(a+)+$', 'a\\b', 'a,b', '$where']

let get: (url: string, init?: RequestInit) => Promise<Response>
beforeAll(async () => {
  const store = openTestStore()
  await store.save(
    Array.from({ length: 100 }, (_, n) =>
      recorded({
        id: `id-${n}`,
        timestamp: at(n),
        userId: userIds[n % 10] as string,
        action: actions[Math.floor(n / 10)] as string,
        metadata: { n, 'a.b': { $where: 'x' } },
      }),
    ),
  )
  const app = createApp({ store, log: silent, now: () => new Date() })
  get = async (url, init) => app.request(url, init)
})

const names = [
  'userId',
  'action',
  'from',
  'to',
  'order',
  'page',
  'limit',
  'cursor',
  'count',
  'asOf',
  'receipt',
  'wait',
  'q',
]

describe('text that looks like a query language is only text', () => {
  test.each(userIds)('userId=%s', async (userId) => {
    const { data, total } = await answerOf(await get(`/logs?${new URLSearchParams({ userId, limit: '100' })}`))
    expect([total, new Set(data.map((each) => each.userId))]).toEqual([10, new Set([userId])])
  })

  test.each(actions)('action=%s, and as a prefix', async (action) => {
    const escaped = action.replace(/[\\,*]/g, '\\$&')
    const { data } = await answerOf(await get(`/logs?${new URLSearchParams({ action: escaped, limit: '100' })}`))
    expect([data.length, new Set(data.map((each) => each.action))]).toEqual([10, new Set([action])])
    const prefixed = await answerOf(await get(`/logs?${new URLSearchParams({ action: `${escaped}*`, limit: '100' })}`))
    expect(prefixed.total).toBe(10 * actions.filter((each) => each.startsWith(action)).length)
  })

  test.each([
    ['metadata.%24where', '1==1', 0],
    ['metadata.a\\.b.%24where', 'x', 10],
    ['metadata.a\\.b.%24where', '.*', 0],
    ['metadata.n', '{"$gt":0}', 0],
    ['metadata.n', '[$ne]', 0],
  ])('%s=%s', async (name, value, total) => {
    const answer = await answerOf(await get(`/logs?userId=ann&${name}=${encodeURIComponent(value)}`))
    expect(answer.total).toBe(total)
  })
})

describe('rejects operators in the names of parameters', () => {
  const shapes = ['[$ne]', '[$gt]', '[]', '[0]', '.$ne', '[$where]', '%00', '%20']
  test.each(names.flatMap((name) => shapes.map((shape) => `${name}${shape}`)))('%s', async (name) => {
    const response = await get(`/logs?${name}=1`)
    expect(response.status).toBe(400)
    expect((await answerOf(response)).errors.map(({ pointer }) => pointer)).toEqual([decodeURIComponent(name)])
  })

  test.each([
    '$where=1',
    '$or=1',
    '__proto__[x]=1',
    'constructor=1',
    'toString=1',
    'hasOwnProperty=1',
  ])('%s', async (parameter) => expect((await get(`/logs?${parameter}`)).status).toBe(400))
})

test.each(names)('rejects %s when it is empty or repeated', async (name) => {
  const repeated = name === 'userId' ? [] : [`${name}=1&${name}=1`]
  for (const parameters of [`${name}=`, name, `${name}=1&${name}=`, ...repeated]) {
    const response = await get(`/logs?${parameters}`)
    expect([parameters, response.status]).toEqual([parameters, 400])
    const pointers = (await answerOf(response)).errors.map(({ pointer }) => pointer)
    expect(pointers).toContain(name)
  }
})

test.each([
  ['limit=1', 1],
  ['limit=1000', 100],
  ['limit=100&page=1', 100],
  ['limit=1&page=100', 1],
  ['limit=1&page=101', 0],
  ['limit=1000&page=4000000000', 0],
])('accepts values at the limits: %s', async (parameters, length) => {
  const response = await get(`/logs?${parameters}`)
  expect([response.status, (await answerOf(response)).data.length]).toEqual([200, length])
})

describe('a cursor', () => {
  const filters = 'userId=ann&order=asc'
  const cursorOf = async (parameters: string) =>
    new URL((await answerOf(await get(`/logs?limit=2&${parameters}`))).next as string, 'http://log').searchParams.get(
      'cursor',
    ) as string

  test('with any one character changed, added or removed is rejected', async () => {
    const cursor = await cursorOf(filters)
    const other = (character: string) => (character === 'A' ? 'B' : 'A')
    for (let n = 0; n < cursor.length; n++) {
      const [head, tail] = [cursor.slice(0, n), cursor.slice(n + 1)]
      for (const changed of [
        head + other(cursor[n] as string) + tail,
        head + tail,
        head + cursor[n] + cursor[n] + tail,
      ]) {
        if (changed === cursor) continue
        const response = await get(`/logs?${filters}&cursor=${changed}`)
        expect([changed, response.status]).toEqual([changed, 400])
      }
    }
  })

  test.each([
    'order=asc',
    'userId=ann',
    'userId=ann&order=desc',
    'userId=%24ne&order=asc',
    'userId=ann&order=asc&action=login',
    'userId=ann&order=asc&from=1970-01-01T00:00:00Z',
    'userId=ann&order=asc&to=2030-01-01T00:00:00Z',
    'userId=ann&order=asc&metadata.n=1',
  ])('with other filters is rejected: %s', async (others) => {
    const response = await get(`/logs?${others}&cursor=${await cursorOf(filters)}`)
    expect(response.status).toBe(400)
    expect((await answerOf(response)).errors).toMatchObject([
      { pointer: 'cursor', detail: expect.stringMatching(/other/) },
    ])
  })
})

describe('the host of a request', () => {
  test.each(['evil.example', 'evil.example:80@x', 'evil.example\'"><script>'])('is in no link: %s', async (host) => {
    const headers = { host, 'x-forwarded-host': host, forwarded: `host="${host}"` }
    const response = await get('/logs?limit=2&page=2', { headers })
    const text = JSON.stringify([await response.json(), [...response.headers]])
    expect(response.status).toBe(200)
    expect(text).not.toContain('evil')
    expect(response.headers.get('link')).toMatch(/^<\/logs\?/)
  })
})

test('any parameters with any values get a list, or a 400 that names some of them', async () => {
  const value = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string(),
    fc.constantFrom(
      ...userIds,
      ...actions,
      '1',
      '0',
      '-1',
      '1e3',
      '10',
      'asc',
      'exact',
      at(3),
      at(9),
      '*',
      '\\',
      'a*,',
    ),
  )
  const name = fc.oneof(
    fc.constantFrom(...names),
    fc.string().map((path) => `metadata.${path}`),
    fc.constantFrom('metadata.n', 'metadata.__proto__.x', 'metadata.a\\.b.$where'),
  )
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: 5 }),
      async (parts) => {
        // other tests cover waiting for a record
        const parameters = parts.filter(([key]) => key !== 'wait' && key !== 'receipt')
        const response = await get(`/logs?${new URLSearchParams(parameters)}`)
        const answer = await answerOf(response)
        if (response.status === 200) return
        expect(response.status).toBe(400)
        const given = new Set(parameters.map(([key]) => new URLSearchParams([[key, '']]).keys().next().value))
        for (const { pointer } of answer.errors) expect(given).toContain(pointer)
        expect(answer.errors.length).toBeGreaterThan(0)
      },
    ),
    { numRuns: 500 },
  )
})
