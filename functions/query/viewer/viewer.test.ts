import { gzipSync } from 'node:zlib'
import { type ActivityStore, StoreUnavailable } from '@activity-log/shared/store/store.ts'
import { aDeadLetter, recorded, silent } from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { describe, expect, test } from 'vitest'
import { createApp } from '../app.ts'
import { buildAssets } from './build-assets.ts'

const now = new Date('2024-01-20T12:00:00Z')
type Sent = Parameters<typeof recorded>[0]

async function viewer(activities: Sent[] = [], changes: Partial<ActivityStore> = {}) {
  const store = openMemoryStore()
  await store.save(activities.map((activity) => recorded(activity)))
  const app = createApp({ store: { ...store, ...changes }, log: silent, now: () => now })
  const get = (path: string, headers: Record<string, string> = {}) => app.request(path, { headers })
  const html = async (path: string, headers?: Record<string, string>) => (await get(path, headers)).text()
  return { app, store, get, html }
}

const many = (count: number): Sent[] =>
  Array.from({ length: count }, (_, n) => ({
    id: `id-${n}`,
    userId: `user_${n % 3}`,
    action: n % 2 ? 'cart.add' : 'login',
    timestamp: new Date(Date.parse('2024-01-15T10:00:00Z') + n * 60_000).toISOString(),
    metadata: { n, inner: { deep: [1, { x: 'y' }] } },
  }))

/** The targets of all links, as a browser reads them. */
const links = (html: string) =>
  [...html.matchAll(/<a [^>]*?href="([^"]*)"/g)].map(([, href]) => href!.replaceAll('&amp;', '&'))
const parametersOf = (link: string) => Object.fromEntries(new URLSearchParams(link.split('?')[1]))

describe('a page of the list', () => {
  test('shows the newest activities with their metadata, without scripts', async () => {
    const { html } = await viewer(many(3))
    const page = await html('/')
    expect([...page.matchAll(/<tbody data-id="(.*?)"/g)].map(([, id]) => id)).toEqual(['id-2', 'id-1', 'id-0'])
    expect(page).toContain('3 activities')
    expect(page).toContain('<time datetime="2024-01-15T10:02:00.000Z">')
    expect(page.replace(/<[^>]+>/g, '')).toMatch(/inner \{1\}.*deep \[2\]/s)
  })

  test('shows 10,000+ when the total is not exact', async () => {
    const { html } = await viewer(many(51), { count: async () => 10_001 })
    expect(await html('/')).toContain('10,000+ activities')
  })

  test('leads to the next page and back by cursors, keeping everything else', async () => {
    const { html } = await viewer(many(7))
    const next = links(await html('/?limit=3&columns=time,id&zone=Europe%2FBerlin')).find((link) =>
      link.includes('cursor='),
    )!
    expect(parametersOf(next)).toMatchObject({ limit: '3', columns: 'time,id', zone: 'Europe/Berlin' })
    const second = await html(next)
    expect(second).toContain('data-id="id-3"')
    expect(second).toContain('4–6 of 7')
    const previous = /rel="prev" href="([^"]*)"/.exec(second)![1]!.replaceAll('&amp;', '&')
    expect(await html(previous)).toContain('data-id="id-6"')
  })

  test('shows each filter as a chip that removes it and leads to the first page', async () => {
    const { html } = await viewer(many(7))
    const page = await html('/?userId=user_1&action=cart.*&from=2024-01-15T10:00:00Z&page=1')
    const chips = [...page.matchAll(/class="chip" href="([^"]*)"/g)].map(([, link]) =>
      parametersOf(link!.replaceAll('&amp;', '&')),
    )
    expect(chips.map((rest) => Object.keys(rest).toSorted())).toEqual([
      ['action', 'from'],
      ['from', 'userId'],
      ['action', 'userId'],
    ])
  })

  test('ignores empty fields of its form, and reads times as clocks in the zone show them', async () => {
    const { html } = await viewer(many(3))
    const page = await html('/?userId=&action=&metadata=&from=2024-01-15T11:01&to=&zone=Europe%2FBerlin')
    expect([...page.matchAll(/<tbody data-id="(.*?)"/g)].map(([, id]) => id)).toEqual(['id-2', 'id-1'])
    expect(page).toContain('name="from" step="1" value="2024-01-15T11:01:00"')
    expect(page).toContain('<span class="date">2024-01-15</span> 11:02:00')
  })

  test('offers yesterday as a day in the zone', async () => {
    const { html } = await viewer(many(1))
    const yesterday = /<a href="([^"]*)">Yesterday</
    expect(parametersOf(yesterday.exec(await html('/'))![1]!.replaceAll('&amp;', '&'))).toEqual({
      from: '2024-01-19T00:00:00Z',
      to: '2024-01-20T00:00:00Z',
    })
    const lastWeek = /<a href="([^"]*)">Last week</
    expect(parametersOf(lastWeek.exec(await html('/'))![1]!.replaceAll('&amp;', '&'))).toEqual({
      from: '2024-01-08T00:00:00Z',
      to: '2024-01-15T00:00:00Z',
    })
    const tokyo = yesterday.exec(await html('/?zone=Asia%2FTokyo'))![1]!.replaceAll('&amp;', '&')
    expect(parametersOf(tokyo)).toMatchObject({ from: '2024-01-18T15:00:00Z', to: '2024-01-19T15:00:00Z' })
  })

  test('shows the chosen columns, also of metadata', async () => {
    const { html } = await viewer(many(1))
    const page = await html('/?columns=id,metadata.inner.deep,nonsense')
    const heads = [...page.matchAll(/<th scope="col" class="c-(?!toggle)[^"]*">(.*?)<\/th>/g)].map(([, head]) => head)
    expect(heads).toEqual(['Id', 'inner.deep'])
    expect(page).toContain('<bdi>[2]</bdi>')
  })

  test('offers all matches as a file, and the page as JSON', async () => {
    const { html } = await viewer(many(1))
    const all = links(await html('/?userId=user_0&columns=id&order=asc&live=1'))
    const exported = all.find((link) => link.startsWith('/export'))!
    expect(parametersOf(exported)).toMatchObject({ format: 'csv', userId: 'user_0' })
    expect(parametersOf(exported)['columns']).toBeUndefined()
    const json = all.find((link) => link.startsWith('/logs?'))!
    expect(parametersOf(json)).toMatchObject({ userId: 'user_0', order: 'asc', limit: '50' })
  })

  test('appears even if the counts beside it take too long', async () => {
    const never = new Promise<never>(() => undefined)
    const { get } = await viewer(many(1), { findDeadLetters: () => never, ledger: () => never })
    const response = await get('/')
    expect([response.status, (await response.text()).includes('data-id="id-0"')]).toEqual([200, true])
  })
})

describe('states say what to do', () => {
  test('an empty log: how to send a first activity', async () => {
    const { html } = await viewer()
    const page = await html('/')
    expect(page).toContain('The log is empty')
    expect(page).toMatch(/curl -X POST <span data-origin>/)
  })

  test('nothing matches: which filters to remove', async () => {
    const { html } = await viewer(many(1))
    const page = await html('/?userId=nobody&action=login')
    expect(page).toContain('Nothing matches')
    expect(links(page)).toEqual(expect.arrayContaining(['/?action=login', '/?userId=nobody']))
  })

  test('beyond the end: back to the first page', async () => {
    const { html } = await viewer(many(1))
    expect(await html('/?page=9')).toContain('There is nothing on this page')
  })

  test.each([
    ['/?from=tomorrow', 'from'],
    ['/?limit=0', 'limit'],
    ['/?nonsense=1', 'nonsense'],
    ['/?cursor=x', 'cursor'],
    ['/?action=a&action=b', 'action'],
    ['/?zone=Mars%2FOlympus', 'zone'],
    ['/?metadata=x', 'metadata'],
    ['/?__proto__=1', '__proto__'],
    ['/?userId[$ne]=1', 'userId[$ne]'],
  ])('%s is a 400 that names %s', async (path, name) => {
    const { get } = await viewer(many(1))
    const response = await get(path)
    expect(response.status).toBe(400)
    expect(response.headers.get('content-type')).toContain('text/html')
    expect(await response.text()).toContain(`<b><bdi>${name}</bdi></b>`)
  })

  test('rejects what is not percent-encoded UTF-8', async () => {
    const { get } = await viewer()
    expect((await get('/?userId=%FF')).status).toBe(400)
  })

  test('an unavailable store: a 503 with a link to try again', async () => {
    const away = () => Promise.reject(new StoreUnavailable('away'))
    const { get } = await viewer([], { find: away })
    const response = await get('/?userId=user_1')
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
    const page = await response.text()
    expect(page).toContain('href="/?userId=user_1">Try again')
    expect(page).not.toContain('away')
  })
})

/** Texts that somebody may send to attack a page. */
const naughty = [
  '<script>alert(1)</script>',
  '</script><img src=x onerror=alert(1)>',
  `"'><svg onload=alert(1)>`,
  '" onmouseover="alert(1)',
  'javascript:alert(1)',
  '{{7*7}} <!-- &lt;b&gt;',
  '\u202Etxt.exe\u2066',
  '\u0000\u0007\u001b[31m',
  '👩‍👩‍👧‍👦 ﷽ Ω≈ç√∫',
  '__proto__',
]

describe('text that users sent is never parsed as HTML', () => {
  test.each(naughty)('%j', async (text) => {
    const { html } = await viewer([
      {
        id: 'id-1',
        userId: text,
        action: text,
        timestamp: '2024-01-15T10:00:00Z',
        metadata: { [text]: text, a: { [text]: [text] } },
      },
    ])
    const plain = await viewer([
      {
        id: 'id-1',
        userId: 'x',
        action: 'x',
        timestamp: '2024-01-15T10:00:00Z',
        metadata: { x: 'x', a: { x: ['x'] } },
      },
    ])
    const asked = (value: string) =>
      `/?${new URLSearchParams({ userId: value, action: value.replace(/[\\,*]/g, '\\$&'), columns: `time,user,action,metadata,id`, counts: 'wait' })}`
    for (const [page, reference] of [
      [await html('/?counts=wait'), await plain.html('/?counts=wait')],
      [await html(asked(text)), await plain.html(asked('x'))],
      [await html('/viewer/logs/id-1'), await plain.html('/viewer/logs/id-1')],
    ]) {
      // whatever was sent, the page has the same elements with the same attributes; only their contents differ
      expect(skeleton(page!)).toEqual(skeleton(reference!))
    }
  })

  test('control characters are shown as their symbols', async () => {
    const userId = 'a\u0000b\u001b[31m'
    const { html } = await viewer([{ id: 'id-1', userId, action: 'x', timestamp: '2024-01-15T10:00:00Z' }])
    const page = await html('/')
    expect(page).toContain('<bdi>a\u2400b\u241b[31m</bdi>')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the pattern matches control characters on purpose
    expect(page).not.toMatch(/[\u0000-\u0008\u000b-\u001f]/)
  })

  test('an error shows the rejected parameters as text', async () => {
    const { html } = await viewer()
    const page = await html(`/?${new URLSearchParams({ '<img src=x>': '1', from: '"><script>' })}`)
    expect(page).not.toMatch(/<img|<script>/)
  })

  test('no link leads to another site', async () => {
    const { html } = await viewer(
      naughty.map((text, n) => ({
        id: `id-${n}`,
        userId: text,
        action: text,
        timestamp: '2024-01-15T10:00:00Z',
        metadata: { url: text },
      })),
    )
    expect(links(await html('/')).filter((link) => !/^[/#]/.test(link) || link.startsWith('//'))).toEqual([])
  })
})

/** The tags with the names of their attributes, without tags whose presence depends on the data. */
function skeleton(html: string): string[] {
  const tags = html.replace(/<!doctype html>|<option value="[^"]*"><\/option>/g, '').match(/<[a-z][^>]*>/g) ?? []
  return (
    tags
      .map((tag) => tag.replace(/="[^"]*"/g, ''))
      // a value that cannot be a filter has no links beside it
      .filter((tag) => !tag.includes('aria-label') || !tag.startsWith('<a class'))
  )
}

describe('the frame of a page', () => {
  test('allows no scripts from other sites and nothing inline', async () => {
    const { get } = await viewer(many(1))
    for (const path of ['/', '/?limit=0', '/viewer/ledger', '/viewer/dead-letters', '/viewer/logs/id-0']) {
      const response = await get(path)
      const policy = response.headers.get('content-security-policy')!
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).not.toContain('unsafe')
      expect(response.headers.get('x-content-type-options')).toBe('nosniff')
      expect(response.headers.get('referrer-policy')).toBe('no-referrer')
      const page = await response.text()
      expect(page).not.toMatch(/<style|\sstyle=|\son[a-z]+=|<script(?![^>]*src="\/assets\/)/)
    }
  })

  test('never contains the host that a request names', async () => {
    const { app } = await viewer(many(60))
    for (const path of ['/', '/viewer/logs/id-1', '/viewer/ledger', '/?limit=0']) {
      const response = await app.request(`http://evil.example${path}`, {
        headers: { host: 'evil.example', 'x-forwarded-host': 'evil.example' },
      })
      expect((await response.text()) + JSON.stringify([...response.headers])).not.toContain('evil')
    }
  })

  test('has assets that are named by their content, cached forever, and small', async () => {
    const { html, get } = await viewer()
    const paths = [...(await html('/')).matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path]) => path!)
    expect(paths.map((path) => path.replace(/-[A-Z0-9]{8}\./, '.'))).toEqual([
      '/assets/icon.svg',
      '/assets/style.css',
      '/assets/viewer.js',
    ])
    let bytes = 0
    for (const path of paths) {
      const response = await get(path)
      expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
      expect(response.headers.get('content-type')).toMatch(/^(text\/(css|javascript); charset=utf-8|image\/svg\+xml)$/)
      bytes += gzipSync(await response.text()).byteLength
    }
    expect(bytes).toBeLessThanOrEqual(60 * 1024)
    expect((await get('/assets/viewer.js')).status).toBe(404)
    expect((await get('/assets/constructor')).status).toBe(404)
  })

  test('has a script that never parses text as HTML', async () => {
    const script = Object.entries(await buildAssets()).find(([file]) => file.endsWith('.js'))![1]
    expect(script).not.toMatch(
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|srcdoc|\beval\b|new Function/,
    )
  })

  test('reads the theme and the zone from cookies, and ignores invalid ones', async () => {
    const { html } = await viewer(many(1))
    const page = await html('/', { cookie: 'theme=dark; zone=Asia%2FTokyo' })
    expect(page).toContain('data-theme="dark" data-zone="Asia/Tokyo"')
    expect(await html('/', { cookie: 'theme="><script>; zone=x' })).toContain('data-theme="auto" data-zone="UTC"')
  })

  test('rejects other methods', async () => {
    const { app } = await viewer()
    for (const path of ['/', '/viewer/ledger', '/assets/x'])
      expect((await app.request(path, { method: 'POST' })).status).toBe(405)
  })
})

describe('beside the list', () => {
  test('dead letters have a table, which the list links to only if there are any', async () => {
    const { store, html } = await viewer(many(1))
    expect(links(await html('/'))).not.toContain('/viewer/dead-letters')
    await store.deadLetter([
      aDeadLetter({
        errors: [{ pointer: '/userId', detail: 'must not be <b>empty</b>' }],
        body: Buffer.from('{"x":"<script>"}'),
      }),
    ])
    expect(links(await html('/'))).toContain('/viewer/dead-letters')
    const page = await html('/viewer/dead-letters')
    expect(page).toContain('/userId must not be &lt;b&gt;empty&lt;/b&gt;')
    const one = links(page).find((link) => link.startsWith('/viewer/dead-letters/'))!
    expect(await html(one)).toContain('{&quot;x&quot;:&quot;&lt;script&gt;&quot;}')
  })

  test('the ledger has a table', async () => {
    const { html } = await viewer(many(2))
    expect(await html('/viewer/ledger')).toMatch(/Ledger<\/h1>/)
  })

  test('an activity has a page of its own', async () => {
    const { get, html } = await viewer(many(2))
    expect(await html('/viewer/logs/id-1')).toContain('<bdi>cart.add</bdi>')
    expect((await get('/viewer/logs/none')).status).toBe(404)
  })

  test.each([
    'a/b?c=d#e%20',
    '%2F',
    '100%',
    '%zz',
    'a&b=c',
    '"><b>',
    '...',
    '+',
  ])('an id such as %j leads to its page, or to a 404 if nothing has it', async (id) => {
    const { app, get, html } = await viewer([{ id, timestamp: '2024-01-15T10:00:00Z' }])
    const here = links(await html('/')).find((link) => link.startsWith('/viewer/logs/'))!
    const page = await get(here)
    expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('this activity')])
    for (const kind of ['logs', 'dead-letters']) {
      const other = `/viewer/${kind}/${encodeURIComponent(`${id}/other`)}`
      expect([other, (await app.request(other)).status]).toEqual([other, 404])
    }
  })

  test('a leap second is shown as the last moment before it, on every page', async () => {
    const timestamp = '2016-12-31T23:59:60.5Z'
    const { get, html } = await viewer([
      { id: 'leap', timestamp },
      { id: 'next', timestamp: '2017-01-01T00:00:00Z' },
    ])
    for (const path of ['/', '/viewer/logs/leap', '/viewer/logs/next', `/?from=${timestamp}&zone=Europe/Berlin`]) {
      expect([path, (await get(path)).status]).toEqual([path, 200])
      expect(await html(path)).toContain('<time datetime="2016-12-31T23:59:59.999Z">')
    }
    expect(await html('/viewer/logs/leap')).toContain(`<dd>${timestamp}</dd>`)
  })
})
