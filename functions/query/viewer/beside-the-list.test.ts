import { Problem } from '@activity-log/shared/http/problem.ts'
import { createService } from '@activity-log/shared/http/service.ts'
import { silent } from '@activity-log/shared/testing/builders.ts'
import { describe, expect, test } from 'vitest'
import { viewerRoutes } from './viewer.ts'
import { barsOf } from './views/counts.ts'

type Query = { [name: string]: string }
const list = {
  data: [],
  page: 1,
  limit: 50,
  total: 0,
  totalIsExact: true,
  next: null,
  previous: null,
  completeThrough: null,
}

/** A log with the given counts. */
function viewer(stats: (query: Query) => object | Promise<object>, totalIsExact = true) {
  const asked: Query[] = []
  const app = createService({
    log: silent,
    routes: {
      'GET /logs': { scope: 'read', handle: async () => ({ status: 200, body: { ...list, totalIsExact } }) },
      'GET /stats': {
        scope: 'read',
        async handle({ url }) {
          const query = Object.fromEntries(new URL(url).searchParams)
          asked.push(query)
          return { status: 200, body: await stats(query) }
        },
      },
      ...viewerRoutes({ now: () => new Date('2024-01-20T12:00:00Z'), timeoutMs: 50 }),
    },
  })
  return { asked, html: async (path: string) => (await app.request(path)).text() }
}

const counts = (by: string) =>
  ({
    action: { data: [{ key: 'log,in*', count: 1200 }], other: 30, total: 1230 },
    userId: { data: [{ key: '<b>', count: 3 }], other: 0, total: 3 },
    day: {
      data: [
        { key: '2024-01-01', count: 5 },
        { key: '2024-01-15', count: 10 },
      ],
      other: 0,
      total: 15,
    },
  })[by] ?? { data: [], other: 0, total: 0 }

describe('a count beside the list', () => {
  test('links to a list filtered by it, and back', async () => {
    const { html } = viewer(({ by = '' }) => counts(by))
    const page = await html('/?order=asc')
    const href = `/?${new URLSearchParams({ order: 'asc', action: 'log\\,in\\*' })}`.replaceAll('&', '&amp;')
    expect(page).toContain(
      `<a href="${href}"><span class="name"><bdi>log,in*</bdi></span><span class="count">1,200</span></a>`,
    )
    expect(page).toContain('<a class="all" href="/viewer/actions?order=asc">All actions</a>')
    expect(page).toContain('<a class="all" href="/viewer/users?order=asc">All users</a>')
    expect(page).toContain('<bdi>&lt;b&gt;</bdi>')
    expect(await html(href.replaceAll('&amp;', '&'))).toContain('<a href="/?order=asc" aria-current="true">')
  })

  test('offers the names beside the chosen ones, and leaves actions out', async () => {
    const { asked, html } = viewer(({ by = '' }) => counts(by))
    const page = await html('/?userId=a&userId=b,c&from=2024-01-01T00:00:00Z')
    const { asOf: _, ...ofUsers } = asked.find(({ by }) => by === 'userId') ?? {}
    expect(ofUsers).toEqual({ by: 'userId', from: '2024-01-01T00:00:00Z' })
    const also = 'userId=a&amp;userId=b%2Cc&amp;userId=%3Cb%3E'
    expect(page).toMatch(new RegExp(`href="[^"]*${also}[^"]*" title="also user &lt;b&gt;"`))
    const not = new URLSearchParams({ action: '!log\\,in\\*' })
    expect(page).toMatch(new RegExp(`href="[^"]*${`${not}`.replace(/[*\\]/g, '\\$&')}" title="not action log,in\\*"`))
    const without = await html('/?action=!log%5C,in%5C*,!other')
    expect(without).toContain('<a href="/?action=%21other" class="off">')
  })

  test('has the same filters as the list', async () => {
    const { asked, html } = viewer(({ by = '' }) => counts(by))
    await html('/?userId=a&action=b&metadata.x=1&zone=Europe%2FBerlin&limit=7&columns=id')
    expect(asked.find(({ by }) => by === 'action')).toEqual({
      by: 'action',
      userId: 'a',
      action: 'b',
      'metadata.x': '1',
    })
    expect(asked.some(({ by }) => by === 'userId')).toBe(false)
    expect(asked.find(({ by }) => by === 'day')).toMatchObject({ userId: 'a', action: 'b', timezone: 'Europe/Berlin' })
  })

  test('over time has a bar for every day, which links to that day', async () => {
    const { html } = viewer(({ by = '' }) => counts(by))
    const page = await html('/')
    expect(page.match(/class="bar" x/g)).toHaveLength(15)
    expect(page).toContain('href="/?from=2024-01-01T00%3A00%3A00Z&amp;to=2024-01-02T00%3A00%3A00Z"')
  })

  test('is left out if it fails, and the page still appears', async () => {
    const { html } = viewer(() => {
      throw new Problem('unavailable', 'too broad')
    })
    const page = await html('/')
    expect(page).toContain('The log is empty')
    expect(page).not.toMatch(/class="(facet|histogram)"/)
  })

  test('is left to the script when the log is long', async () => {
    const { asked, html } = viewer(({ by = '' }) => counts(by), false)
    expect(await html('/')).toContain('data-counts="missing"')
    expect(asked).toEqual([])
  })

  test('does not delay the page unless the reader chooses to wait', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const { html } = viewer(async ({ by = '' }) => {
      await promise
      return counts(by)
    })
    const page = await html('/')
    expect(page).toContain('data-counts="missing"')
    const href = /<a href="([^"]*)">Wait for the counts<\/a>/.exec(page)![1]!
    const counted = html(href)
    resolve()
    expect(await counted).toContain('class="histogram"')
  })
})

describe('bars', () => {
  const none = { from: undefined, to: undefined }
  const keyed = (...keys: string[]) => ({ data: keys.map((key) => ({ key, count: 1 })), other: 0, total: keys.length })
  const sum = (bars: readonly { count: number }[]) => bars.reduce((total, { count }) => total + count, 0)

  test.each([
    ['hour', ['2024-03-31T01:00:00+01:00', '2024-03-31T03:00:00+02:00'], 'hour', 2],
    ['day', ['2024-03-30', '2024-04-01'], 'day', 3],
    ['day', ['2023-01-01', '2023-12-31'], 'week', 53],
    ['day', ['2019-01-01', '2023-12-31'], 'month', 60],
    ['month', ['2015-08', '2026-08'], 'month', 133],
    ['month', ['1970-01', '2024-01'], 'year', 55],
  ] as const)('are few enough to tell apart: counts by %s at %j become bars by %s: %i', (by, keys, unit, count) => {
    const histogram = barsOf(keyed(...keys), by, none, 'Europe/Berlin')!
    expect([histogram.unit, histogram.bars.length]).toEqual([unit, count])
    expect(sum(histogram.bars)).toBe(keys.length)
    for (const [at, { from }] of histogram.bars.entries()) if (at > 0) expect(from).toBe(histogram.bars[at - 1]!.to)
  })

  test('cover the whole chosen range, even where nothing was counted', () => {
    const range = { from: Date.parse('2024-01-01T00:00:00Z'), to: Date.parse('2024-01-11T00:00:00Z') }
    expect(barsOf(keyed('2024-01-05'), 'day', range, 'UTC')!.bars).toHaveLength(10)
  })

  test.each([
    ['one of 1970', ['1970-01-01', '2024-01-01', '2024-01-02', '2024-01-03'], 3, { before: 1, after: 0 }],
    ['one that is ahead', ['2024-01-01', '2024-01-02', '2024-01-03', '2034-01-01'], 3, { before: 0, after: 1 }],
    ['nothing, since two are no bulk', ['1970-01-01', '2024-01-01'], 55, { before: 0, after: 0 }],
    ['nothing, since gaps are usual', ['2024-01-01', '2024-01-11', '2024-01-21'], 21, { before: 0, after: 0 }],
  ] as const)('leave out %s', (_, keys, count, outside) => {
    const histogram = barsOf(keyed(...keys), 'day', none, 'UTC')!
    expect([histogram.bars.length, histogram.outside]).toEqual([count, outside])
    expect(sum(histogram.bars)).toBe(keys.length - outside.before - outside.after)
  })

  test('leave out nothing on a side that the reader has chosen', () => {
    const range = { from: Date.parse('1970-01-01T00:00:00Z'), to: undefined }
    const histogram = barsOf(keyed('1970-01-01', '2024-01-01', '2024-01-02'), 'day', range, 'UTC')!
    expect([sum(histogram.bars), histogram.outside]).toEqual([3, { before: 0, after: 0 }])
  })
})
