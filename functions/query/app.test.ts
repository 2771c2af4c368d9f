import { type ActivityStore, StoreUnavailable } from '@activity-log/shared/store/store.ts'
import { answerOf, recorded, silent } from '@activity-log/shared/testing/builders.ts'
import { openTestStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { openWay } from '@activity-log/shared/testing/ways.ts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createApp } from './app.ts'

/** A log with this many activities, a minute apart; id-0 is the oldest. */
async function query(count = 0, changes: Partial<ActivityStore> = {}) {
  const store = openTestStore()
  const base = Date.parse('2024-01-15T10:00:00Z')
  const activities = Array.from({ length: count }, (_, n) => {
    const timestamp = new Date(base + n * 60_000).toISOString().replace('.000', '')
    return recorded({ id: `id-${n}`, userId: `user_${n % 3}`, action: n % 2 ? 'cart.add' : 'login', timestamp })
  })
  await store.save(activities)
  const clock = { now: base }
  const app = createApp({ store: { ...store, ...changes }, log: silent, now: () => new Date(clock.now) })
  const get = (url: string) => app.request(url)
  const list = async (url: string) => answerOf(await get(url))
  const ids = async (url: string) => (await list(url)).data.map(({ id }) => id)
  return { app, get, list, ids, clock }
}

describe('a page', () => {
  test('shows the newest ten, with the total and a link to the next page', async () => {
    const { get } = await query(25)
    const response = await get('/logs')
    expect(response.status).toBe(200)
    const answer = await answerOf(response)
    expect(answer).toMatchObject({ page: 1, limit: 10, total: 25, totalIsExact: true, previous: null })
    expect(answer.data[0]).toEqual({
      id: 'id-24',
      userId: 'user_0',
      action: 'login',
      timestamp: '2024-01-15T10:24:00Z',
      recordedAt: '2026-01-01T00:00:00.000Z',
    })
    expect(answer.data.map(({ id }) => id)).toEqual(Array.from({ length: 10 }, (_, n) => `id-${24 - n}`))
    expect(response.headers.get('link')).toBe(`</logs>; rel="first", <${answer.next}>; rel="next"`)
  })

  test('is the same by number as by cursor', async () => {
    const { list } = await query(25)
    const [first, second] = [await list('/logs?limit=7'), await list('/logs?limit=7&page=2')]
    expect((await list(first.next!)).data).toEqual(second.data)
    expect((await list(first.next!)).page).toBe(2)
    expect((await list(second.previous!)).data).toEqual(first.data)
    expect((await list(second.previous!)).page).toBe(1)
  })

  test('beyond the end is empty and links back', async () => {
    const { list } = await query(5)
    const answer = await list('/logs?page=9')
    expect(answer).toMatchObject({ data: [], page: 9, total: 5, next: null })
    expect(answer.previous).toBe(`/logs?page=8&asOf=${answer.asOf}`)
  })

  test('of an empty log is empty', async () => {
    const { list } = await query()
    expect(await list('/logs')).toEqual({
      data: [],
      page: 1,
      limit: 10,
      total: 0,
      totalIsExact: true,
      next: null,
      previous: null,
      completeThrough: null,
      asOf: expect.any(String),
    })
  })

  test('answers HEAD without a body', async () => {
    const { app } = await query(3)
    const response = await app.request('/logs', { method: 'HEAD' })
    expect([response.status, await response.text()]).toEqual([200, ''])
  })

  test('has links that keep the filters and never name the host of the request', async () => {
    const { app } = await query(25)
    const response = await app.request('http://evil.example/logs?userId=user_1&limit=2&order=asc', {
      headers: { host: 'evil.example' },
    })
    const { next } = await answerOf(response)
    expect(next).toMatch(/^\/logs\?userId=user_1&limit=2&order=asc&cursor=[\w-]+&asOf=[\w-]+$/)
    expect(response.headers.get('link')).not.toContain('evil')
  })

  test('has cursors that lead to everything exactly once, there and back, with any limit', async () => {
    const { list } = await query(40)
    const all = (await list('/logs?limit=1000')).data.map(({ id }) => id)
    const limits = fc.integer({ min: 1, max: 45 })
    const walks = fc.asyncProperty(limits, fc.constantFrom('asc', 'desc'), async (limit, order) => {
      const there: string[] = []
      const back: string[] = []
      let url: string | null = `/logs?limit=${limit}&order=${order}`
      let last = url
      for (; url; url = (await list(url)).next) {
        there.push(...(await list(url)).data.map(({ id }) => id))
        last = url
      }
      for (url = last; url; url = (await list(url)).previous)
        back.unshift(...(await list(url)).data.map(({ id }) => id))
      expect(there).toEqual(order === 'desc' ? all : all.toReversed())
      expect(back).toEqual(there)
    })
    await fc.assert(walks, { numRuns: 15 })
  })
})

test.each([
  '/logs',
  '/logs?limit=2&order=asc',
  '/logs?receipt=AQAAAAAAAAAAAAAB',
  '/logs?limit=0',
  '/logs/',
  '/healthz',
  '/healthz?x=1',
])('%s gets the same answer from the front as from the app', async (path) => {
  const { app } = await query(3)
  await using socket = await openWay('over a socket')
  const seen = async (response: Response) => [
    response.status,
    response.headers.get('content-type'),
    response.headers.get('link'),
    response.headers.get('retry-after'),
    await response.text(),
  ]
  expect(await seen(await socket.request(app, path, {}))).toEqual(await seen(await app.request(path)))
})

describe('filters', () => {
  test.each([
    ['userId=user_1', ['id-4', 'id-1']],
    ['userId=%20user_1%20', ['id-4', 'id-1']],
    ['action=login', ['id-4', 'id-2', 'id-0']],
    ['action=cart.*', ['id-5', 'id-3', 'id-1']],
    ['action=login,cart.add&limit=2', ['id-5', 'id-4']],
    ['userId=user_1&action=login', ['id-4']],
    ['from=2024-01-15T10:04:00Z', ['id-5', 'id-4']],
    ['from=2024-01-15T11:04:00%2B01:00', ['id-5', 'id-4']],
    ['to=2024-01-15T10:02:00Z', ['id-1', 'id-0']],
    ['from=2024-01-15T10:01:00Z&to=2024-01-15T10:03:00Z&order=asc', ['id-1', 'id-2']],
    ['userId=nobody', []],
    ['action=%5C*', []],
  ])('%s', async (parameters, expected) => {
    const { ids } = await query(6)
    expect(await ids(`/logs?${parameters}`)).toEqual(expected)
  })
})

describe('the total', () => {
  const count = async (_filter: unknown, max = 12_345) => Math.min(12_345, max)

  test.each([
    ['', { total: 10_000, totalIsExact: false }],
    ['?count=capped', { total: 10_000, totalIsExact: false }],
    ['?count=exact', { total: 12_345, totalIsExact: true }],
  ])('of 12,345 matches: /logs%s', async (parameters, expected) => {
    const { list } = await query(11, { count })
    expect(await list(`/logs${parameters}`)).toMatchObject(expected)
  })

  test('of exactly 10,000 is exact', async () => {
    const { list } = await query(11, { count: async () => 10_000 })
    expect(await list('/logs')).toMatchObject({ total: 10_000, totalIsExact: true })
  })

  test('of a first page that is not full is its length, whatever is counted', async () => {
    const { list } = await query(6, { count: async () => 12_345 })
    expect(await list('/logs')).toMatchObject({ total: 6, totalIsExact: true })
    expect(await list('/logs?userId=nobody')).toMatchObject({ total: 0, totalIsExact: true })
    expect(await list('/logs?limit=5')).toMatchObject({ total: 10_000, totalIsExact: false })
    expect(await list('/logs?page=2&limit=5')).toMatchObject({ total: 10_000, totalIsExact: false })
  })

  test.each(['capped', 'exact'])('is never less than what the page shows, count=%s', async (count) => {
    const { list } = await query(6, { count: async () => 12 })
    const counts = [5, 6]
    const { list: grown } = await query(6, { count: async () => counts.shift() as number })
    expect(await list(`/logs?count=${count}`)).toMatchObject({ total: 6, totalIsExact: true })
    expect(await grown(`/logs?limit=5&count=${count}`)).toMatchObject({ total: 6, totalIsExact: true })
  })

  test('is not counted with count=none', async () => {
    const { list } = await query(1, { count: () => Promise.reject(new Error('counted')) })
    expect(await list('/logs?count=none')).not.toHaveProperty('total')
  })

  test('is remembered for a minute and its filter if it is over the cap, and else counted each time', async () => {
    const asked: unknown[] = []
    const { list, clock } = await query(15, {
      count: async (filter) => {
        asked.push(filter)
        return filter.userId ? 3 : 10_001
      },
    })
    await list('/logs')
    await list('/logs?page=2')
    expect(asked).toHaveLength(1)
    await list('/logs?userId=user_1')
    await list('/logs?userId=user_1')
    expect(asked).toHaveLength(3)
    clock.now += 60_001
    await list('/logs')
    expect(asked).toHaveLength(4)
  })
})

describe('rejects with the name of the parameter', () => {
  test.each([
    ['unknown=1', ['unknown']],
    ['userId[$ne]=1', ['userId[$ne]']],
    ['__proto__=1', ['__proto__']],
    ['userId=a&userId=', ['userId']],
    [Array(51).fill('userId=a').join('&'), ['userId']],
    ['action=a&action=b', ['action']],
    ['action=!', ['action']],
    ['action=!!a', ['action']],
    ['q=', ['q']],
    ['userId=a&q=a&q=b', ['q']],
    [`userId=a&q=${'x'.repeat(257)}`, ['q']],
    ['userId=', ['userId']],
    ['userId=%20', ['userId']],
    [`userId=${'x'.repeat(257)}`, ['userId']],
    ['userId=%FF', ['userId']],
    ['userId=%ZZ', ['userId']],
    ['page=0', ['page']],
    ['page=', ['page']],
    ['page=1.5', ['page']],
    ['page=0x10', ['page']],
    ['page=5000000000', ['page']],
    ['limit=0', ['limit']],
    ['limit=1001', ['limit']],
    ['limit=-1', ['limit']],
    ['order=up', ['order']],
    ['count=all', ['count']],
    ['from=1', ['from']],
    ['from=2024-02-31T00:00:00Z', ['from']],
    ['from=2024-01-15T10:00:00+01:00', ['from']],
    ['from=2024-01-15T10:00:00Z&to=2024-01-15T09:00:00Z', ['to']],
    ['action=', ['action']],
    ['action=a,,b', ['action']],
    ['action=a*b', ['action']],
    [`action=${Array.from({ length: 201 }, (_, n) => n).join()}`, ['action']],
    [`action=${'x'.repeat(257)}`, ['action']],
    ['cursor=', ['cursor']],
    ['cursor=abc', ['cursor']],
    ['unknown=1&page=0&from=x', ['unknown', 'page', 'from']],
  ])('%s', async (parameters, names) => {
    const { get } = await query(3)
    const response = await get(`/logs?${parameters}`)
    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect((await answerOf(response)).errors.map(({ pointer }) => pointer).toSorted()).toEqual(names.toSorted())
  })

  test('a cursor with other filters or another order, a changed one, and one combined with a page', async () => {
    const { get, list } = await query(9)
    const cursor = new URL((await list('/logs?limit=2&userId=user_1')).next!, 'http://x').searchParams.get('cursor')!
    expect((await get(`/logs?limit=3&userId=user_1&cursor=${cursor}`)).status).toBe(200)
    const changed = `${cursor.slice(0, 12)}${cursor[12] === 'A' ? 'B' : 'A'}${cursor.slice(13)}`
    for (const parameters of [
      `cursor=${cursor}`,
      `userId=user_2&cursor=${cursor}`,
      `userId=user_1&order=asc&cursor=${cursor}`,
      `userId=user_1&cursor=${changed}`,
      `userId=user_1&cursor=${cursor}&page=2`,
    ]) {
      expect((await get(`/logs?${parameters}`)).status).toBe(400)
    }
  })
})

describe('one activity', () => {
  test('is found by its id, whatever characters it has', async () => {
    const id = 'a/b?c#d%e&f=g+h'
    const store = openTestStore()
    await store.save([recorded({ id })])
    const { get } = await query(0, store)
    const response = await get(`/logs/${encodeURIComponent(id)}`)
    expect(response.status).toBe(200)
    expect((await answerOf(response)).id).toBe(id)
  })

  test('that does not exist is a 404', async () => {
    const { get } = await query(1)
    const response = await get('/logs/none')
    expect([response.status, response.headers.get('content-type')]).toEqual([404, 'application/problem+json'])
  })

  test('takes no parameters', async () => {
    expect((await (await query(1)).get('/logs/id-0?x=1')).status).toBe(400)
  })
})

describe('when the store', () => {
  test('is unavailable, answers 503 with Retry-After and reveals nothing of the driver', async () => {
    const find = () => Promise.reject(new StoreUnavailable('secret', { cause: new Error('secret') }))
    const { get } = await query(0, { find, count: find })
    const response = await get('/logs')
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await response.text()).not.toContain('secret')
  })

  test('holds an unreadable document, answers 500', async () => {
    const { get } = await query(0, { find: () => Promise.reject(new SyntaxError('secret')) })
    const response = await get('/logs')
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('secret')
  })
})

test('rejects another method and lists those that are allowed', async () => {
  const { app } = await query()
  const response = await app.request('/logs', { method: 'DELETE' })
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
})
