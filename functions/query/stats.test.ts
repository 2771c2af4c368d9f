import { TooBroad } from '@activity-log/shared/store/activities.ts'
import { type ActivityStore, StoreUnavailable } from '@activity-log/shared/store/store.ts'
import { answerOf, recorded, silent } from '@activity-log/shared/testing/builders.ts'
import { openTestStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { describe, expect, test } from 'vitest'
import { createApp } from './app.ts'

async function query(count = 0, changes: Partial<ActivityStore> = {}) {
  const store = openTestStore()
  const base = Date.parse('2024-01-15T22:30:00Z')
  await store.save(
    Array.from({ length: count }, (_, n) => {
      const timestamp = new Date(base + n * 600_000).toISOString()
      return recorded({ id: `id-${n}`, userId: `user_${n % 3}`, action: n % 2 ? 'cart.add' : 'login', timestamp }, n)
    }),
  )
  const app = createApp({ store: { ...store, ...changes }, log: silent, now: () => new Date(base) })
  const get = (url: string) => app.request(url)
  const json = async (url: string) => (await get(url)).json()
  return { store, app, get, json }
}

describe('stats', () => {
  test('by name list the most frequent, and sum up the rest', async () => {
    const { json } = await query(10)
    expect(await json('/stats?by=userId&limit=1')).toEqual({
      by: 'userId',
      data: [{ key: 'user_0', count: 4 }],
      other: 6,
      total: 10,
      next: expect.stringContaining('/stats?by=userId&limit=1&asOf='),
      asOf: expect.any(String),
    })
  })

  test('by time list the newest in order, and sum up what is older', async () => {
    const { json } = await query(10)
    expect(await json('/stats?by=hour&timezone=Europe/Berlin&limit=2')).toEqual({
      by: 'hour',
      timezone: 'Europe/Berlin',
      data: [
        { key: '2024-01-16T00:00:00+01:00', count: 6 },
        { key: '2024-01-16T01:00:00+01:00', count: 1 },
      ],
      other: 3,
      total: 10,
      asOf: expect.any(String),
    })
  })

  test('are in UTC by default, else in the zone, however its name is written', async () => {
    const { json } = await query(10)
    expect(await json('/stats?by=day')).toMatchObject({
      timezone: 'UTC',
      data: [
        { key: '2024-01-15', count: 9 },
        { key: '2024-01-16', count: 1 },
      ],
      other: 0,
    })
    expect(await json('/stats?by=month&timezone=europe/berlin')).toMatchObject({
      timezone: 'Europe/Berlin',
      data: [{ key: '2024-01', count: 10 }],
    })
  })

  test('list ten names, or a thousand times, by default', async () => {
    const limits: number[] = []
    const stats: ActivityStore['stats'] = async ({ limit }) => {
      limits.push(limit)
      return { data: [], total: 0 }
    }
    const { get } = await query(0, { stats })
    for (const by of ['action', 'userId', 'hour', 'day', 'month']) await get(`/stats?by=${by}`)
    // one name more tells whether others follow
    expect(limits).toEqual([11, 11, 1000, 1000, 1000])
  })

  test('count only what the filters match', async () => {
    const { json } = await query(10)
    const filters = 'userId=user_1&action=cart.*&from=2024-01-15T22:45:00Z&to=2024-01-15T23:50:00Z'
    expect(await json(`/stats?by=action&${filters}`)).toMatchObject({ data: [{ key: 'cart.add', count: 1 }], total: 1 })
  })

  test('without matches are empty', async () => {
    const { json } = await query()
    expect(await json('/stats?by=day')).toMatchObject({ data: [], other: 0, total: 0 })
  })

  test('count the snapshot in asOf', async () => {
    const { store, json } = await query(4)
    const { asOf } = (await json('/stats?by=action')) as { asOf: string }
    await store.save([recorded({ id: 'late', timestamp: '2024-01-15T22:00:00Z' }, 4)])
    expect(await json(`/stats?by=action&asOf=${asOf}`)).toMatchObject({ total: 4, asOf })
    expect(await json('/stats?by=action')).toMatchObject({ total: 5 })
  })

  test.each([
    ['', ['by']],
    ['by=', ['by']],
    ['by=metadata', ['by']],
    ['by=action&by=action', ['by']],
    ['by=action&limit=0', ['limit']],
    ['by=action&limit=1001', ['limit']],
    ['by=day&limit=1.5', ['limit']],
    ['by=action&timezone=UTC', ['timezone']],
    ['by=day&timezone=', ['timezone']],
    ['by=day&timezone=Europe/Nowhere', ['timezone']],
    ['by=day&timezone=%2B01:00', ['timezone']],
    ['by=day&timezone=UTC&timezone=UTC', ['timezone']],
    ['by=day&page=1', ['page']],
    ['by=day&userId[$ne]=1', ['userId[$ne]']],
    ['by=day&from=1', ['from']],
    ['by=day&from=2024-01-15T10:00:00Z&to=2024-01-15T09:00:00Z', ['to']],
    ['by=day&asOf=x', ['asOf']],
    ['by=year&limit=x&from=1', ['by', 'limit', 'from']],
  ])('are rejected with the name of the parameter: %s', async (parameters, names) => {
    const { get } = await query(1)
    const response = await get(`/stats?${parameters}`)
    const pointers = (await answerOf(response)).errors.map(({ pointer }) => pointer)
    expect([response.status, pointers.toSorted()]).toEqual([400, names.toSorted()])
  })

  test('that are too broad are a problem of their own, which says how to narrow them', async () => {
    const { get } = await query(1, { stats: () => Promise.reject(new TooBroad('secret')) })
    const response = await get('/stats?by=userId')
    const problem = (await response.json()) as { type: string; detail: string }
    expect([response.status, problem.type]).toEqual([400, 'urn:activity-log:problem:too-broad'])
    expect(problem.detail).toMatch(/userId.*action.*from.*to/)
  })

  test('are a 503 while the store is unavailable', async () => {
    const { get } = await query(1, { stats: () => Promise.reject(new StoreUnavailable('secret')) })
    expect((await get('/stats?by=userId')).status).toBe(503)
  })

  test('accept no other method', async () => {
    const { app } = await query()
    const response = await app.request('/stats?by=action', { method: 'POST' })
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })
})
