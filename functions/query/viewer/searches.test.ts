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
  expect(html.replace(/<[^>]+>/g, '')).toContain('everything since 2024-01-10 09:00:00; earlier activities take longer')
  const on = links(html).find((link) => link.includes('cursor=c')) ?? ''
  expect(parametersOf(on)).toEqual({ q: 'x', zone: 'Europe/Berlin', cursor: 'c', asOf: 'a' })
})
