import { createService } from '@activity-log/shared/http/service.ts'
import { silent } from '@activity-log/shared/testing/builders.ts'
import { expect, test } from 'vitest'
import { viewerRoutes } from './viewer.ts'

const now = () => new Date('2024-01-20T12:00:00Z')
/** The viewer over an API that answers every list with `body`. */
const viewerOf = (body: object) =>
  createService({
    log: silent,
    routes: { ...viewerRoutes({ now }), 'GET /logs': { scope: 'read', handle: async () => ({ status: 200, body }) } },
  })

const links = (html: string) =>
  [...html.matchAll(/<a [^>]*?href="([^"]*)"/g)].map(([, href = '']) => href.replaceAll('&amp;', '&'))
const parametersOf = (link: string) => Object.fromEntries(new URLSearchParams(link.split('?')[1]))

test.each([
  ['metadata.n=1', '2023-12-22T00:00:00Z'],
  ['metadata=n%3D1', '2023-12-22T00:00:00Z'],
  ['metadata.n=1&action=!login', '2023-12-22T00:00:00Z'],
  ['metadata.n=1&from=2024-01-15T00:00:00Z&cursor=x', '2024-01-15T00:00:00Z'],
  ['metadata.n=1&from=2023-01-15T00:00:00Z', undefined],
  ['metadata.n=1&to=2024-01-15T00:00:00Z', undefined],
  ['metadata.n=1&userId=a', undefined],
  ['metadata.n=1&action=login', undefined],
  ['q=1', undefined],
])('leads from a filter by metadata alone to a range that can be searched: %s', async (query, from) => {
  const { status, headers } = await viewerOf({}).request(`/?${query}`)
  const { cursor, ...asked } = parametersOf(headers.get('location') ?? '')
  expect([status === 302, asked['from'], cursor]).toEqual([from !== undefined, from, undefined])
  if (from) expect(asked).toMatchObject({ 'metadata.n': '1', to: '2024-01-21T00:00:00Z' })
})

test('says how far a search came, and leads on', async () => {
  const searchedThrough = '2024-01-10T08:00:00Z'
  const app = viewerOf({
    data: [],
    page: 1,
    limit: 50,
    next: '/logs?q=x&cursor=c&asOf=a',
    previous: null,
    searchedThrough,
  })
  const html = await (await app.request('/?q=x&zone=Europe%2FBerlin')).text()
  expect(html).toMatch(/<h1[^>]*>Nothing found so far<\/h1>/)
  expect(html.replace(/<[^>]+>/g, '')).toContain('Searched back to 2024-01-10 09:00:00; earlier activities take longer')
  const on = links(html).find((link) => link.includes('cursor=c')) ?? ''
  expect(parametersOf(on)).toEqual({ q: 'x', zone: 'Europe/Berlin', cursor: 'c', asOf: 'a', row: '1' })
})

test('numbers the rows behind a page that ended early by what it has shown', async () => {
  const activity = { userId: 'a', action: 'b', timestamp: '2024-01-15T10:00:00Z', recordedAt: '2024-01-15T10:00:00Z' }
  const rows = (count: number) => Array.from({ length: count }, (_, n) => ({ id: `${n}`, ...activity }))
  const rest = { limit: 50, previous: null, next: null }
  const pageOf = async (url: string, answer: object) => {
    const html = await (await viewerOf({ data: [], page: 1, ...rest, ...answer }).request(url)).text()
    const hrefs = links(html)
    const to = (cursor: string) => parametersOf(hrefs.find((link) => link.includes(`cursor=${cursor}`)) ?? '')['row']
    return { place: /<span class="place">([^<]*)</.exec(html)?.[1], next: to('n'), previous: to('p') }
  }
  const next = '/logs?q=x&cursor=n'
  const previous = '/logs?q=x&cursor=p'
  const early = { data: rows(3), page: 1, next, searchedThrough: '2024-01-10T08:00:00Z' }
  expect(await pageOf('/?q=x', early)).toEqual({ place: '1–3', next: '4', previous: undefined })
  const second = { data: rows(50), page: 2, next, previous }
  expect(await pageOf('/?q=x&cursor=c&row=4', second)).toEqual({ place: '4–53', next: '54', previous: undefined })
  const third = { data: rows(50), page: 3, next, previous }
  expect(await pageOf('/?q=x&cursor=c&row=54', third)).toEqual({ place: '54–103', next: '104', previous: '4' })
  expect(await pageOf('/?q=x&cursor=c', second)).toEqual({ place: '51–100', next: undefined, previous: undefined })
  expect((await pageOf('/?q=x&cursor=c&row=-1', second)).place).toBe('51–100')
})
