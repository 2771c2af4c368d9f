import { TooBroad } from '@activity-log/shared/store/activities.ts'
import type { ActivityStore } from '@activity-log/shared/store/store.ts'
import { answerOf, recorded, silent } from '@activity-log/shared/testing/builders.ts'
import { openTestStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { describe, expect, test } from 'vitest'
import { createApp } from './app.ts'

const at = (n: number) => new Date(Date.UTC(2024, 0, 15, 10, 0, n)).toISOString()
type Sent = { userId?: string; action?: string; metadata?: { [name: string]: string | number } }

/** id-0 is the oldest. */
async function query(sent: readonly Sent[], changes: (store: ActivityStore) => Partial<ActivityStore> = () => ({})) {
  const store = openTestStore()
  await store.save(sent.map((each, n) => recorded({ id: `id-${n}`, timestamp: at(n), ...each }, n)))
  const app = createApp({ store: { ...store, ...changes(store) }, log: silent, now: () => new Date() })
  const get = async (url: string) => app.request(url)
  const list = async (url: string) => answerOf(await get(url))
  const ids = async (url: string) => (await list(url)).data.map(({ id }) => id.slice(3)).join(' ')
  const wrong = async (url: string) => {
    const response = await get(url)
    return [response.status, (await answerOf(response)).errors]
  }
  return { store, get, list, ids, wrong }
}

describe('several users', () => {
  const sent = ['ann', 'bob', 'cid', 'ann', 'bob', 'dan'].map((userId) => ({ userId }))

  test('are listed, counted and exported together, each once', async () => {
    const { ids, list, get } = await query(sent)
    expect(await ids('/logs?userId=ann&userId=bob')).toBe('4 3 1 0')
    expect(await ids('/logs?userId=bob&userId=ann&userId=ann&userId=%20bob&order=asc')).toBe('0 1 3 4')
    expect(await list('/logs?userId=cid&userId=dan&limit=1')).toMatchObject({ total: 2, totalIsExact: true })
    const stats = await list('/stats?by=userId&userId=ann&userId=cid')
    expect(stats).toMatchObject({
      data: [
        { key: 'ann', count: 2 },
        { key: 'cid', count: 1 },
      ],
      total: 3,
    })
    const file = await (await get('/export?format=ndjson&userId=cid&userId=dan&order=asc')).text()
    expect(file.match(/id-\d/g)).toEqual(['id-2', 'id-5'])
  })

  test('stay in the links, and a cursor accepts them in any order but no others', async () => {
    const { list, wrong } = await query(sent)
    const first = await list('/logs?userId=ann&userId=bob&limit=2')
    const parameters = new URL(first.next!, 'http://log').searchParams
    expect(parameters.getAll('userId')).toEqual(['ann', 'bob'])
    const second = await list(first.next!)
    expect(second.data.map(({ id }) => id)).toEqual(['id-1', 'id-0'])
    expect((await list(second.previous!)).data).toEqual(first.data)
    const cursor = parameters.get('cursor')
    expect((await list(`/logs?userId=bob&userId=ann&userId=bob&cursor=${cursor}`)).data).toHaveLength(2)
    for (const others of ['userId=ann', 'userId=ann&userId=bob&userId=cid', 'userId=ann,bob', 'limit=2']) {
      expect(await wrong(`/logs?${others}&cursor=${cursor}`)).toEqual([
        400,
        [{ pointer: 'cursor', detail: 'belongs to other filters or another order; start again without it' }],
      ])
    }
  })

  test('are limited in number', async () => {
    const { get, wrong } = await query(sent)
    const users = Array.from({ length: 51 }, (_, n) => `userId=u${n}`)
    expect((await get(`/logs?${users.slice(1).join('&')}`)).status).toBe(200)
    const tooMany = [400, [{ pointer: 'userId', detail: 'must be sent at most 50 times' }]]
    for (const route of ['/logs?', '/stats?by=action&', '/export?format=csv&', '/live?']) {
      expect(await wrong(`${route}${users.join('&')}`)).toEqual(tooMany)
    }
  })
})

describe('excluded actions', () => {
  const actions = ['login', '!login', 'cart.add', 'cart.view', 'Login', '\\login', 'a,!b']
  const excluding = (...values: string[]) => `/logs?${new URLSearchParams({ action: values.join() })}&order=asc`

  test.each([
    ['!login', '1 2 3 4 5 6'],
    ['\\!login', '1'],
    ['!\\!login', '0 2 3 4 5 6'],
    ['!cart.*', '0 1 4 5 6'],
    ['cart.*,!cart.view', '2'],
    ['!cart.view,cart.*', '2'],
    ['login,!login', ''],
    ['!login,!cart.*', '1 4 5 6'],
    ['!\\\\login', '0 1 2 3 4 6'],
    ['!a\\,!b', '0 1 2 3 4 5'],
    ['a\\,!b', '6'],
    ['!none', '0 1 2 3 4 5 6'],
    ['!*', ''],
    ['\\!*', '1'],
  ])('%s', async (value, found) => {
    const { ids, list } = await query(actions.map((action) => ({ action })))
    expect(await ids(excluding(value))).toBe(found)
    expect((await list(excluding(value))).total).toBe(found === '' ? 0 : found.split(' ').length)
  })

  test('are limited together with the others, and do not make a search by metadata narrow', async () => {
    const { wrong } = await query([])
    const names = Array.from({ length: 201 }, (_, n) => `${n % 2 ? '!' : ''}a${n}`)
    expect(await wrong(`/logs?action=${names}`)).toEqual([
      400,
      [{ pointer: 'action', detail: 'must list at most 200 names' }],
    ])
    const [, errors] = await wrong('/logs?action=!a&metadata.a=1')
    expect(errors).toMatchObject([{ pointer: 'metadata.a' }])
  })
})

test('a prefix of more than 200 actions finds, counts and exports all of them', async () => {
  const { list, get } = await query(Array.from({ length: 402 }, (_, n) => ({ action: n % 2 ? `cart.${n}` : 'x' })))
  expect(await list('/logs?action=cart.*&limit=1000')).toMatchObject({ total: 201, totalIsExact: true })
  const first = await list('/logs?action=cart.*,x&limit=100')
  expect((await list(first.next!)).data[0]?.id).toBe('id-301')
  expect((await list('/stats?by=action&action=cart.*&limit=1')).total).toBe(201)
  const file = await (await get('/export?format=ndjson&action=cart.*')).text()
  expect(file.trim().split('\n')).toHaveLength(201)
})

test('an empty value matches a member that is present with the empty string', async () => {
  const { ids } = await query([{ metadata: { a: '' } }, { metadata: { a: ' ' } }, { metadata: { b: '' } }, {}])
  expect(await ids('/logs?userId=user_123&metadata.a=')).toBe('0')
  expect(await ids('/logs?userId=user_123&metadata.a')).toBe('0')
})

describe('text', () => {
  const sent = [
    { userId: 'Ann', metadata: { note: 'Paid 17 €' } },
    { userId: 'bob', action: 'order.PAID' },
    { userId: 'bob', metadata: { unPaid: 0 } },
    { userId: 'bob', metadata: { n: 17 } },
  ]

  test.each([
    ['q=paid&from=2024-01-01T00:00:00Z', '2 1 0'],
    ['q=PAID&userId=bob', '2 1'],
    ['q=paid&userId=bob&userId=Ann&action=!order.*', '2 0'],
    ['q=17&to=2025-01-01T00:00:00Z', '3 0'],
    ['q=17+%E2%82%AC&action=click_button', '0'],
    ['q=%20&userId=Ann', '0'],
    ['q=ann&userId=Ann&metadata.note=Paid+17+%E2%82%AC', '0'],
    ['q=%00&userId=Ann', ''],
  ])('%s', async (parameters, found) => {
    const { ids, list } = await query(sent)
    expect(await ids(`/logs?${parameters}`)).toBe(found)
    expect((await list(`/stats?by=day&${parameters}`)).total).toBe(found === '' ? 0 : found.split(' ').length)
  })

  test.each([
    '',
    '&action=!a',
    '&action=*',
    '&order=asc',
  ])('is rejected alone, with what it requires: %s', async (beside) => {
    const { wrong } = await query([], () => ({ find: () => Promise.reject(new Error('asked')) }))
    const detail = 'requires userId, an action that is not excluded, from or to beside it'
    for (const route of ['/logs?', '/stats?by=day&', '/export?format=csv&', '/live?'])
      expect(await wrong(`${route}q=a${route === '/logs?' ? beside : beside.replace('&order=asc', '')}`)).toEqual([
        400,
        [{ pointer: 'q', detail }],
      ])
  })

  test('a list whose time is up answers what it found, and its links go on from there, and back', async () => {
    /** Each search examines two activities. */
    const changes = (store: ActivityStore): Partial<ActivityStore> => ({
      async find({ filter: { text, ...filter }, ...query }) {
        const looked = await store.find({ ...query, filter, limit: 2 })
        const found = looked.filter(({ activity }) => activity.metadataText?.includes('yes'))
        const last = looked[1]
        if (!last) return found
        throw new TooBroad('secret', { searched: { found, through: last.key } })
      },
    })
    const yes = new Set([0, 1, 6])
    const { list } = await query(
      Array.from({ length: 9 }, (_, n) => ({ metadata: { a: yes.has(n) ? 'yes' : 'no' } })),
      changes,
    )
    const shown: string[] = []
    const through: (string | undefined)[] = []
    let last = await list('/logs?userId=user_123&q=yes&count=none')
    for (let answer = last; ; answer = await list(answer.next!)) {
      last = answer
      shown.push(answer.data.map(({ id }) => id.slice(3)).join(' '))
      through.push(answer.searchedThrough)
      if (!answer.next) break
    }
    expect(shown).toEqual(['', '6', '', '1', '0'])
    expect(through).toEqual([at(7), at(5), at(3), at(1), undefined].map((text) => text?.replace('.000Z', 'Z')))
    const back: string[] = []
    for (let url = last.previous; url; url = last.previous) {
      last = await list(url)
      back.push(last.data.map(({ id }) => id.slice(3)).join(' '))
      expect(last.next).not.toBeNull()
    }
    expect(back.join(' ').trim().replace(/ +/g, ' ')).toBe('1 6')
  })

  test('a count that takes too long is a problem that says how to narrow it', async () => {
    const count = () => Promise.reject(new TooBroad('secret', { counted: 3 }))
    const { get, list } = await query(sent, () => ({ count, stats: count }))
    expect(await list('/logs?userId=bob&q=paid&limit=1')).toMatchObject({ total: 3, totalIsExact: false })
    for (const url of ['/logs?userId=bob&q=paid&count=exact', '/stats?by=action&userId=bob&q=paid']) {
      const response = await get(url)
      const { type, detail } = (await response.json()) as { type: string; detail: string }
      expect([response.status, type]).toEqual([400, 'urn:activity-log:problem:too-broad'])
      expect(detail).toMatch(/narrow it/)
    }
  })
})

describe('names in stats', () => {
  const actions = ['b', 'a.1', 'a.2', 'a.1', 'b', 'b', 'a.3', 'A.4']

  test('are walked page by page in one snapshot', async () => {
    const { store, list } = await query(actions.map((action) => ({ action })))
    const keys: string[] = []
    for (let url: string | null = '/stats?by=action&limit=2'; url; ) {
      const answer: Awaited<ReturnType<typeof list>> & { data: { key?: string }[] } = await list(url)
      keys.push(answer.data.map((each) => each['key' as never]).join())
      url = answer.next
      await store.save([recorded({ id: `late-${keys.length}`, action: 'z' }, 20 + keys.length)])
    }
    expect(keys).toEqual(['b,a.1', 'A.4,a.2', 'a.3'])
  })

  test('can be those with a prefix', async () => {
    const { list } = await query(actions.map((action) => ({ action })))
    const first = await list('/stats?by=action&prefix=a.&limit=2')
    expect(first).toMatchObject({
      data: [
        { key: 'a.1', count: 2 },
        { key: 'a.2', count: 1 },
      ],
      other: 1,
      total: 4,
    })
    expect(await list(first.next!)).toMatchObject({ data: [{ key: 'a.3', count: 1 }], next: null })
    expect(await list('/stats?by=action&prefix=c')).toMatchObject({ data: [], total: 0, next: null })
  })

  test.each([
    ['by=day&prefix=a', 'prefix'],
    ['by=day&cursor=a', 'cursor'],
    ['by=action&prefix=', 'prefix'],
    [`by=action&prefix=${'x'.repeat(257)}`, 'prefix'],
    ['by=action&cursor=', 'cursor'],
    ['by=action&cursor=x', 'cursor'],
  ])('are rejected with %s', async (parameters, name) => {
    const { wrong } = await query([])
    const [status, errors] = await wrong(`/stats?${parameters}`)
    expect([status, errors]).toMatchObject([400, [{ pointer: name }]])
  })

  test('have cursors that belong to their parameters', async () => {
    const { list, wrong } = await query(actions.map((action) => ({ action })))
    const { next } = await list('/stats?by=action&limit=1')
    const cursor = new URL(next!, 'http://log').searchParams.get('cursor')
    const ofList = new URL((await list('/logs?limit=1')).next!, 'http://log').searchParams.get('cursor')
    for (const parameters of [
      `by=userId&cursor=${cursor}`,
      `by=action&prefix=a&cursor=${cursor}`,
      `by=action&userId=a&cursor=${cursor}`,
      `by=action&cursor=${ofList}`,
    ]) {
      expect(await wrong(`/stats?${parameters}`)).toMatchObject([400, [{ pointer: 'cursor' }]])
    }
    expect(await wrong(`/logs?cursor=${cursor}`)).toMatchObject([400, [{ pointer: 'cursor' }]])
    expect((await list(`/stats?by=action&limit=3&cursor=${cursor}`)).data).toHaveLength(3)
  })
})
