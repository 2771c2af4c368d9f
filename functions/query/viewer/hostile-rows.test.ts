import type { ActivityStore } from '@activity-log/shared/store/store.ts'
import { recorded, silent } from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { describe, expect, test } from 'vitest'
import { createApp } from '../app.ts'

type Sent = Parameters<typeof recorded>[0]

async function viewer(activities: Sent[], changes: (store: ActivityStore) => Partial<ActivityStore> = () => ({})) {
  const store = openMemoryStore()
  await store.save(activities.map((activity) => recorded(activity)))
  const now = () => new Date('2024-01-20T12:00:00Z')
  const app = createApp({ store: { ...store, ...changes(store) }, log: silent, now })
  return async (path: string) => {
    const response = await app.request(path)
    return { status: response.status, type: response.headers.get('content-type'), html: await response.text() }
  }
}

const ids = (html: string) => [...html.matchAll(/<tbody data-id="(.*?)"/g)].map(([, id]) => id)

describe('a leap second is shown like any other time', () => {
  test.each([
    '2016-12-31T23:59:60Z',
    '2016-12-31t23:59:60z',
    '2016-12-31T23:59:60.5+00:00',
    '2017-01-01T08:59:60+09:00',
    '2016-12-31T23:59:60.999999999Z',
  ])('%s', async (timestamp) => {
    const get = await viewer([
      { id: 'leap', userId: 'ann', timestamp },
      { id: 'next', userId: 'ann' },
    ])
    for (const path of ['/?userId=ann', '/viewer/logs/leap', '/viewer/logs/next']) {
      const { status, html } = await get(path)
      expect([path, status, html.includes('23:59:59')]).toEqual([path, 200, true])
    }
    const { status } = await get(`/?to=${encodeURIComponent(timestamp)}&from=2000-01-01T00:00:00Z`)
    expect(status).toBe(200)
  })
})

test.each([
  ['a time that is none', { timestamp: 'yesterday' }],
  ['a time beyond all years', { timestamp: '+999999-01-01T00:00:00Z' }],
  ['no action', { action: undefined }],
  ['metadata that are none', { metadata: 'text' }],
  ['no members at all', { userId: null, action: null, timestamp: null, recordedAt: null }],
])('an activity with %s costs its own row only', async (_, broken) => {
  const get = await viewer([{ id: 'one' }, { id: 'two' }, { id: 'three' }], (store) => ({
    find: async (query) =>
      (await store.find(query)).map((each) =>
        each.activity.id === 'two' ? { ...each, activity: { ...each.activity, ...(broken as object) } } : each,
      ),
  }))
  const { status, html } = await get('/')
  expect([status, ids(html).toSorted()]).toEqual([200, ['one', 'three', 'two']])
})

test('no title of a page is turned around, whatever its address claims', async () => {
  const get = await viewer([])
  const { html } = await get(`/viewer/logs/${encodeURIComponent('\u202ecba')}`)
  expect(html).toContain('<title>⟦RLO⟧cba · Activity log</title>')
})

describe('a failure is shown as a page', () => {
  test('with a title, a heading, a way back, and a way to try again', async () => {
    const get = await viewer([{ id: 'one' }], () => ({
      find: async () => {
        throw new RangeError('Invalid time value')
      },
      get: async () => {
        throw new RangeError('Invalid time value')
      },
    }))
    for (const path of ['/?userId=ann', '/viewer/logs/one']) {
      const { status, type, html } = await get(path)
      expect([status, type]).toEqual([500, 'text/html; charset=utf-8'])
      expect(html).toMatch(/<title>[^<]+<\/title>/)
      expect(html).toMatch(/<h1>[^<]+<\/h1>/)
      expect(html).toContain('href="/"')
      expect(html).toContain(`href="${path}">Try again`)
      expect(html).not.toContain('Invalid time value')
    }
  })

  test('also when it cannot be written', async () => {
    const get = await viewer([], () => ({ get: async () => ({ id: 'one', userId: null }) as never }))
    const { status, type, html } = await get('/viewer/logs/one')
    expect([status, type]).toEqual([500, 'text/html; charset=utf-8'])
    expect(html).toMatch(/<title>[^<]+<\/title>/)
    expect(html).toMatch(/<h1>[^<]+<\/h1>/)
    expect(html).toContain('href="/viewer/logs/one">Try again')
  })
})

const controls = ['\u061C', '\u200E', '\u200F', ...'\u202A\u202B\u202C\u202D\u202E', ...'\u2066\u2067\u2068\u2069']
test.each(controls)('a character that turns the text is shown as a sign: %j', async (control) => {
  const name = `a${control}b`
  const get = await viewer([{ id: 'one', userId: name, action: name, metadata: { [name]: name } }])
  const columns = new URLSearchParams({ columns: `time,user,action,metadata.${name}` })
  for (const path of ['/', `/?${columns}`, '/viewer/logs/one', `/?${new URLSearchParams({ [name]: '1' })}`]) {
    const { html } = await get(path)
    // a form has to send the value as it got it
    const shown = html.replace(/<(input|option)[^>]*>/g, '')
    expect([path, shown.includes(control)]).toEqual([path, false])
    expect(shown).toMatch(/a⟦[A-Z]{3}⟧b/)
  }
})

test('every time on a page is in the zone of the page', async () => {
  const get = await viewer([{ id: 'one', timestamp: '2024-01-15T10:00:00Z' }])
  const filters = 'from=2024-01-15T22:00:00Z&to=2024-01-16T22:00:00Z'
  for (const path of [`/?${filters}&zone=Asia/Tokyo`, `/?${filters}&zone=Asia/Tokyo&userId=nobody`]) {
    const { html } = await get(path)
    const text = html.replace(/<script.*?<\/script>|<[^>]*>/gs, ' ')
    expect(text).toContain('2024-01-16 07:00:00')
    expect(text).not.toMatch(/22:00/)
  }
})
