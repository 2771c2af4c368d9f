import { firstKeyAt } from '@activity-log/shared/key.ts'
import { TooBroad } from '@activity-log/shared/store/activities.ts'
import type { ActivityStore } from '@activity-log/shared/store/store.ts'
import { answerOf, recorded, silent } from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { expect, test } from 'vitest'
import { createApp } from './app.ts'

const at = (n: number) => new Date(Date.UTC(2024, 0, 15, 10, n)).toISOString()

/** id-0 is the oldest. */
async function query(metadata: string[] = [], changes: Partial<ActivityStore> = {}) {
  const store = openMemoryStore()
  await store.save(metadata.map((text, n) => recorded({ id: `id-${n}`, timestamp: at(n), metadata: JSON.parse(text) })))
  const app = createApp({ store: { ...store, ...changes }, log: silent, now: () => new Date() })
  const list = async (url: string) => answerOf(await app.request(url))
  return { list, get: (url: string) => app.request(url) }
}
const user = 'userId=user_123'
const aKey = firstKeyAt(1_000_000_000n)

test.each([
  ['metadata.count=3', ['id-1', 'id-0']],
  ['metadata.flag=true', ['id-2']],
  ['metadata.a.b=x', ['id-4']],
  ['metadata.a%5C.b=x', ['id-3']],
  ['metadata.a\\.b=x', ['id-3']],
  ['metadata.%24where=sleep(1)', ['id-5']],
  ['metadata.__proto__.admin=true', ['id-6']],
  ['metadata.a.b=x&metadata.c=1', ['id-4']],
  ['metadata.a.b=x&metadata.c=2', []],
  ['metadata.constructor.name=Object', []],
])('%s finds its activities', async (parameters, ids) => {
  const { list } = await query([
    '{"count":3}',
    '{"count":"3"}',
    '{"flag":true,"count":[3]}',
    '{"a.b":"x"}',
    '{"a":{"b":"x"},"c":1}',
    '{"$where":"sleep(1)"}',
    '{"__proto__":{"admin":true}}',
  ])
  const answer = await list(`/logs?${user}&${parameters}`)
  expect(answer.data.map(({ id }) => id)).toEqual(ids)
  expect(answer).toMatchObject({ total: ids.length, totalIsExact: true })
})

test.each([
  user,
  'action=click_button',
  'action=click*,login',
  'from=2024-01-01T00:00:00Z&to=2024-02-01T00:00:00Z',
])('metadata filters are accepted beside %s', async (parameters) => {
  const { list } = await query(['{"a":1}', '{"a":2}'])
  expect((await list(`/logs?${parameters}&metadata.a=1`)).data.map(({ id }) => id)).toEqual(['id-0'])
})

test.each([
  '',
  '&limit=1&count=none',
  '&from=2024-01-01T00:00:00Z',
  '&to=2024-01-01T00:00:00Z',
  '&from=2024-01-01T00:00:00Z&to=2024-02-01T00:00:00.001Z',
  '&action=*',
  '&action=login,*',
])('metadata filters are rejected alone, with what they require: %s', async (parameters) => {
  const { get } = await query([], { find: () => Promise.reject(new Error('asked')) })
  const response = await get(`/logs?metadata.a=1${parameters}`)
  expect(response.status).toBe(400)
  expect((await answerOf(response)).errors).toEqual([
    { pointer: 'metadata.a', detail: 'requires userId, action, or from and to at most 31 days apart' },
  ])
})

test.each([
  ['metadata=1', 'metadata'],
  ['metadata.=1', 'metadata.'],
  ['metadata.a..b=1', 'metadata.a..b'],
  ['metadata.a.=1', 'metadata.a.'],
  ['metadata[a]=1', 'metadata[a]'],
  ['metadata.a=1&metadata.a=1', 'metadata.a'],
  ['metadata.a=1&metadata.%61=2', 'metadata.a'],
  ['metadata.a=%FF', 'metadata.a'],
  ['metadata.a%00=1', 'metadata.a\0'],
  ['metadata.a=%00', 'metadata.a'],
  [`metadata.a=${'x'.repeat(257)}`, 'metadata.a'],
  [`metadata.${Array(100).fill('a').join('.')}=1`, `metadata.${Array(100).fill('a').join('.')}`],
  [Array.from({ length: 11 }, (_, n) => `metadata.m${n}=1`).join('&'), 'metadata.m10'],
  ['Metadata.a=1', 'Metadata.a'],
])('invalid metadata filters are rejected by name: %s', async (parameters, name) => {
  const { get } = await query()
  const response = await get(`/logs?${user}&${parameters}`)
  expect(response.status).toBe(400)
  expect((await answerOf(response)).errors.map(({ pointer }) => pointer)).toEqual([name])
})

test('a rejection names every error', async () => {
  const { get } = await query()
  const { errors } = await answerOf(await get('/logs?metadata.a=1&metadata.b..c=1&limit=0&nope=1'))
  expect(errors.map(({ pointer }) => pointer).toSorted()).toEqual(['limit', 'metadata.a', 'metadata.b..c', 'nope'])
})

test('links keep metadata filters, and a cursor accepts them in any order but rejects others', async () => {
  const { list, get } = await query(Array.from({ length: 9 }, (_, n) => `{"a.b":${n % 2},"c":"x&y=z#"}`))
  const [one, other] = ['metadata.a%5C.b=0', 'metadata.c=x%26y%3Dz%23']
  const first = await list(`/logs?${user}&${one}&${other}&limit=2`)
  expect(first.data.map(({ id }) => id)).toEqual(['id-8', 'id-6'])
  const second = await list(first.next!)
  expect(second.data.map(({ id }) => id)).toEqual(['id-4', 'id-2'])
  expect((await list(second.previous!)).data).toEqual(first.data)
  const cursor = new URL(first.next!, 'http://log').searchParams.get('cursor')
  expect((await list(`/logs?${other}&${one}&${user}&cursor=${cursor}`)).data[0]?.id).toBe('id-4')
  for (const changed of [one, `${one}&metadata.c=x`, `${one}&metadata.d=x`, `metadata.a.b=0&${other}`]) {
    expect((await get(`/logs?${user}&${changed}&cursor=${cursor}`)).status).toBe(400)
  }
})

test('a total is no less than what the page shows', async () => {
  const count = () => Promise.reject(new TooBroad('', { counted: 0 }))
  const { list } = await query(
    Array.from({ length: 9 }, () => '{"a":1}'),
    { count },
  )
  expect(await list('/logs?action=!none&limit=3')).toMatchObject({ total: 4, totalIsExact: false })
})

test('a list that ran out of time is counted no further', async () => {
  let counts = 0
  const count = async () => ++counts
  const find: ActivityStore['find'] = () => Promise.reject(new TooBroad('', { searched: { found: [], through: aKey } }))
  const { list } = await query([], { find, count })
  for (const filter of [`${user}&metadata.a=1`, 'action=!none'])
    expect(await list(`/logs?${filter}`)).toMatchObject({ data: [], total: 0, totalIsExact: false })
  expect(counts).toBe(0)
})

test('a page number whose search ran out of time answers what was found on it, and leads on', async () => {
  const find: ActivityStore['find'] = () => Promise.reject(new TooBroad('', { searched: { found: [], through: aKey } }))
  const { list } = await query([], { find })
  const answer = await list(`/logs?${user}&metadata.a=1&page=3`)
  expect(answer).toMatchObject({ data: [], page: 3, searchedThrough: '1970-01-01T00:00:01Z' })
  expect(answer.next).toContain('cursor=')
})

test('a search that takes too long says how to narrow it', async () => {
  const { get } = await query([], { find: () => Promise.reject(new TooBroad('secret')) })
  const response = await get(`/logs?${user}&metadata.a=1`)
  expect([response.status, (await answerOf(response)).detail]).toEqual([400, expect.stringMatching(/narrow it/)])
})

test('a total that takes too long is the count so far, which is remembered for a minute', async () => {
  let counts = 0
  const count = async () => {
    counts++
    throw new TooBroad('', { counted: 7 })
  }
  const { list, get } = await query(['{"a":1}', '{"a":1}', '{"a":2}', '{"a":2}'], { count })
  expect(await list(`/logs?${user}&metadata.a=1&limit=1`)).toMatchObject({ total: 7, totalIsExact: false })
  expect(await list(`/logs?${user}&metadata.a=1&limit=1`)).toMatchObject({ total: 7, totalIsExact: false })
  expect(counts).toBe(1)
  await list(`/logs?${user}&metadata.a=2&limit=1`)
  expect(counts).toBe(2)
  // a page that is not full is everything
  expect(await list(`/logs?${user}&metadata.a=1`)).toMatchObject({ total: 2, totalIsExact: true })
  expect(await list(`/logs?${user}&metadata.a=none`)).toMatchObject({ total: 0, totalIsExact: true })
  expect(counts).toBe(2)
  expect((await get(`/logs?${user}&metadata.a=1&count=exact`)).status).toBe(400)
})
