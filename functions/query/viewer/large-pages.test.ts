import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { anyTurn } from '@activity-log/shared/http/turns.ts'
import type { JsonObject } from '@activity-log/shared/json.ts'
import { recorded, silent } from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { html } from 'hono/html'
import { describe, expect, test } from 'vitest'
import { createApp } from '../app.ts'
import { drawEach, openDrawings } from './drawing.ts'
import { h } from './html-elements.ts'
import { endOf, readList } from './list-table.ts'
import { valueLinks } from './views/value-links.ts'
import { href, type View, viewOf, withColumn } from './views/view.ts'

const mebibyte = 1024 * 1024
const rows = 100

async function viewer(metadata: JsonObject, changes: { userId?: (n: number) => string } = {}) {
  const { userId = () => 'u' } = changes
  const store = openMemoryStore()
  await store.save(Array.from({ length: rows }, (_, n) => recorded({ id: `id-${n}`, userId: userId(n), metadata })))
  const app = createApp({ store, log: silent, now: () => new Date('2024-01-20T12:00:00Z') })
  return async (path: string) => {
    const response = await app.request(path)
    return { status: response.status, page: await response.text() }
  }
}

const members = (count: number, value: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, value]))
const idsIn = (page: string) => [...page.matchAll(/<tbody data-id="(.*?)"/g)].length
/** Users of a filter, as long together as an address may be. */
const manyUsers = Array.from({ length: 45 }, (_, n) => `userId=${n === 0 ? 'u' : `${n}`.padEnd(150, 'x')}`).join('&')

describe('a page is bounded, however large its rows are', () => {
  test.each([
    ['hundreds of members', members(300, 1), '/?limit=100'],
    ['text that HTML escapes', { text: '<&"\''.repeat(5_000) }, '/?limit=100'],
    ['hundreds of members around an activity', members(300, 1), '/viewer/logs/id-50'],
  ])('%s', async (_, metadata, path) => {
    const get = await viewer(metadata)
    const { status, page } = await get(path)
    expect(status).toBe(200)
    expect(page.length).toBeLessThan(4 * mebibyte)
    // rows that are not drawn in full lead to their details, too
    expect(page.split('Open with context').length - 1).toBeGreaterThanOrEqual(Math.max(20, idsIn(page)))
  })

  test.each([
    '/?limit=100',
    '/viewer/users?limit=100',
  ])('and however long the address is that its links repeat: %s', async (path) => {
    const get = await viewer(members(300, 1), { userId: (n) => (n < 50 ? 'u' : `user-${n}`) })
    const { status, page } = await get(`${path}&${manyUsers}`)
    expect(status).toBe(200)
    expect(page.length).toBeLessThan(4 * mebibyte)
  })

  test('and its columns have long names', async () => {
    const get = await viewer({})
    const { page } = await get(`/?limit=100&columns=metadata.${'x'.repeat(7_000)}`)
    expect(page.length).toBeLessThan(2 * mebibyte)
  })

  test.each(['/', '/viewer/users', '/viewer/logs/id-7'])('an address that is too long is a fault: %s', async (path) => {
    const get = await viewer({})
    const { status, page } = await get(`${path}?q=${"'".repeat(3_000)}`)
    expect([status, page.length < mebibyte]).toEqual([path === '/viewer/logs/id-7' ? 200 : 400, true])
  })
})

test('the rows of a list are cut from its text, whatever they contain', async () => {
  const odd = [
    { id: '],"page":1', text: '],"page":2,"data":[' },
    { id: '\\"', metadata: { page: [1, { page: '"]' }] } },
  ]
  const rest = { page: 3, limit: 50, next: '/logs?q=],"page":4', previous: null, completeThrough: null }
  const text = JSON.stringify({ data: odd, ...rest })
  const { data, ...others } = await readList(text, anyTurn)
  expect(data.map((each) => JSON.parse(each))).toEqual(odd)
  expect([others, endOf(text)]).toEqual([rest, rest])
  expect((await readList(JSON.stringify({ data: [], ...rest }), anyTurn)).data).toEqual([])
})

test.each<[string, string]>([
  ['', 'click'],
  ['page=2&cursor=c&userId=a&userId=b', 'click'],
  ['action=x,y&columns=metadata.c,user,time&q=%00', 'click'],
  ['columns=metadata.a.b&metadata.a.b=1&order=asc&row=3', 'a,b*'],
  ['columns=nothing&zone=Europe/Berlin', '!x'],
])('the links beside a value are those of any other link: %s', (query, action) => {
  const view: View = viewOf(new URLSearchParams(query))
  for (const path of ['metadata.a.b', 'metadata.c', 'metadata.\0&=☃']) {
    for (const added of [undefined, action]) {
      const narrow = added === undefined ? {} : { action: added.replace(/^!|[\\,*]/g, '\\$&') }
      expect(valueLinks(view, added)(path, 'v &=')).toEqual({
        only: href(view, { ...narrow, [path]: 'v &=' }),
        column: href(view, { columns: withColumn(view, path) }),
      })
    }
  }
})

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const heapUsed = () => {
  collect()
  return process.memoryUsage().heapUsed
}

test('rows that are drawn are text, not the pieces that somebody would have to join', async () => {
  const pieces = Array.from({ length: 2_000 }, () => h('i', null, 'x'))
  const before = heapUsed()
  const drawn = await drawEach(Array(50).fill(0), { turn: anyTurn, isGone: () => false }, () => html`${pieces}`)
  const bytes = heapUsed() - before
  const characters = drawn.reduce((sum, row) => sum + String(row).length, 0)
  expect(characters).toBe(50 * 2_000 * '<i>x</i>'.length)
  expect(bytes).toBeLessThan(2 * characters)
})

describe('pages are drawn one after another', () => {
  const asked = (length: number) => async () => ({ ok: true as const, answer: 'x'.repeat(length) })
  const large = 100 * 1024

  test('a large one waits for a large one, and a small one for neither', async () => {
    const openDrawing = openDrawings()
    const open = () => openDrawing('shop')
    const first = open()
    await first.load(asked(large), '/')
    let isDrawn = false
    using second = open()
    const loaded = second.load(asked(large), '/').then(() => {
      isDrawn = true
    })
    using small = open()
    await small.load(asked(10), '/')
    await new Promise(setImmediate)
    expect(isDrawn).toBe(false)
    first[Symbol.dispose]()
    await loaded
    expect(isDrawn).toBe(true)
  })

  test('beyond a bound they forget what they are drawn from, and ask again in their turn', async () => {
    const openDrawing = openDrawings()
    const open = () => openDrawing('shop')
    const holding = open()
    await holding.load(asked(15 * mebibyte), '/')
    using waiting = open()
    const texts: string[] = []
    const loaded = waiting.load(
      async () => ({ ok: true, answer: `${texts.length}`.padEnd(2 * mebibyte) }),
      '/',
      async (text) => void texts.push(text),
    )
    await new Promise(setImmediate)
    holding[Symbol.dispose]()
    const result = await loaded
    expect([texts.length, result.ok && result.answer.startsWith('1')]).toEqual([1, true])
  })

  test('nobody draws the rest for a client that went away', async () => {
    let isGone = false
    const drawn: number[] = []
    await drawEach([1, 2, 3, 4], { turn: anyTurn, isGone: () => isGone }, (n) => {
      drawn.push(n)
      isGone = n === 2
      return html`${h('p', null, n)}`
    })
    expect(drawn).toEqual([1, 2])
  })
})
