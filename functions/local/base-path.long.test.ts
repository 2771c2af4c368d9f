import { post, silent, until } from '@activity-log/shared/testing/builders.ts'
import { pathProxies, whyNoNginx } from '@activity-log/shared/testing/path-proxies.ts'
import { aFolder, startLog, startProgram } from '@activity-log/shared/testing/processes.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGateway } from './gateway-app.ts'

if (whyNoNginx) console.log(`The log behind nginx is skipped. ${whyNoNginx}`)

describe.each(Object.entries(pathProxies))('a log under a path behind %s', (_, openProxy) => {
  const opened = new AsyncDisposableStack()
  let log: Awaited<ReturnType<typeof startLog>>
  let origin = ''
  const get = (path: string, init?: RequestInit) => fetch(origin + path, init)
  type Links = { activity?: string; deadLetter?: string; self?: string }
  type Json = {
    total: number
    next: string
    previous: string
    receipt: string
    links: Links
    servers: unknown
    data: { id: string; links: Links }[]
  }
  const body = async (response: Response) => (await response.json()) as Json
  const json = async (path: string) => body(await get(path))

  beforeAll(async () => {
    log = opened.use(await startLog(aFolder(), { BASE_PATH: '/audit' }))
    const proxy = opened.use(await openProxy(log.origin.replace(/\/audit$/, '')))
    origin = proxy.origin
    for (const id of ['a-1', 'a-2', 'a-3'])
      await fetch(`${origin}/audit/logs`, post({ id, userId: 'ann', action: 'login', metadata: { n: id } }))
    await until(async () => (await json('/audit/logs')).total === 3)
  }, 60_000)
  afterAll(() => opened.disposeAsync())

  test('names itself below the path in Location, Link, next and the links of a receipt', async () => {
    const sent = await get('/audit/logs', post({ id: 'a-1', userId: 'bob', action: 'other' }))
    expect([sent.status, sent.headers.get('location')]).toEqual([202, '/audit/logs/a-1'])
    const { receipt } = await body(sent)
    const { links } = await json(`/audit/receipts/${receipt}?wait=10`)
    expect(links.activity).toBe('/audit/logs/a-1')
    expect((await get(`${links.deadLetter}`)).status).toBe(200)
    expect((await json('/audit/dead-letters')).data[0]?.links.self).toBe(links.deadLetter)
    const page = await get('/audit/logs?limit=1')
    expect(page.headers.get('link')).toMatch(/^<\/audit\/logs\?limit=1>; rel="first", <\/audit\/logs\?/)
    const { next } = await body(page)
    expect((await json(next)).previous).toMatch(/^\/audit\/logs\?/)
    const replayed = await body(await get(`${links.deadLetter}/replay`, { method: 'POST' }))
    expect(replayed.links.activity).toBe('/audit/logs/a-1')
  })

  test('has pages whose links, forms and files are all below the path, and work', async () => {
    const { data } = await json('/audit/dead-letters?state=all')
    const pages = [
      '/',
      '/?userId=nobody',
      '/?limit=0',
      '/viewer/logs/a-1',
      '/viewer/logs/none',
      '/viewer/ledger',
      '/viewer/users',
      '/viewer/actions?userId=ann&userId=bob&prefix=l',
      '/docs',
    ]
    for (const page of [...pages, '/viewer/dead-letters?state=all', `/viewer/dead-letters/${data[0]?.id}`]) {
      const html = await (await get(`/audit${page}`)).text()
      const targets = [...html.matchAll(/ (?:href|src|action|data-copies)="([^"#]*)/g)].map(([, target]) => target!)
      expect(targets.length).toBeGreaterThan(4)
      expect(targets.filter((target) => target !== '' && !target.startsWith('/audit/'))).toEqual([])
      expect(html).not.toContain('/audit/audit')
      for (const target of new Set(targets.filter((each) => !/^$|\/live|\/export/.test(each)))) {
        const answer = await get(target.replaceAll('&amp;', '&'))
        expect([target, answer.status >= 500 || answer.status === 404]).toEqual([
          target,
          page.includes('none') && answer.status === 404,
        ])
      }
    }
  })

  test('has a contract and examples that name the path', async () => {
    expect((await json('/audit/openapi.json')).servers).toEqual([{ url: '/audit' }])
    expect(await (await get('/audit/docs')).text()).toContain('$LOG/audit/logs')
  })

  test('streams live, each event at once', async () => {
    const reader = (await get('/audit/live?userId=eve')).body!.pipeThrough(new TextDecoderStream()).getReader()
    expect((await reader.read()).value).toMatch(/^retry: 1000\nid: \S+\nevent: position\n/)
    await get('/audit/logs', post({ id: 'live-1', userId: 'eve', action: 'login' }))
    expect((await reader.read()).value).toMatch(/\nevent: activity\ndata: .*"id":"live-1"/)
    await reader.cancel()
  })

  test('leads from the path without a slash to the viewer, keeping the filters', async () => {
    const answer = await get('/audit?userId=ann', { redirect: 'manual' })
    expect([answer.status, answer.headers.get('location')]).toEqual([308, '/audit/?userId=ann'])
  })

  test('leads from a lengthened link to the page below the path', async () => {
    const answer = await get('/audit/?utm_source=mail&userId=ann', { redirect: 'manual' })
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/audit/?userId=ann'])
  })

  test('leads from a filter by metadata alone to the last 30 days, and from an error back to the list', async () => {
    const answer = await get('/audit/?metadata.n=a-1', { redirect: 'manual' })
    expect([answer.status, answer.headers.get('location')]).toEqual([
      302,
      expect.stringMatching(/^\/audit\/\?metadata\.n=a-1&from=[^&]+&to=[^&]+$/),
    ])
    const none = await get('/audit/nothing', { headers: { accept: 'text/html' } })
    expect([none.status, await none.text()]).toEqual([404, expect.stringContaining('<a href="/audit/">')])
  })

  test('answers nothing but its health outside of the path', async () => {
    const root = log.origin.replace(/\/audit$/, '')
    expect((await fetch(`${root}/healthz`)).status).toBe(200)
    expect((await fetch(`${root}/audit/healthz`)).status).toBe(200)
    for (const path of [
      '/',
      '/logs',
      '/logs/a-1',
      '/live',
      '/docs',
      '/openapi.json',
      '/viewer/ledger',
      '/auditlogs',
      '/audi',
    ])
      expect([path, (await fetch(root + path)).status]).toEqual([path, 404])
    expect((await fetch(`${root}/logs`, post({ userId: 'a', action: 'b' }))).status).toBe(404)
  })

  test('works behind a gateway at the same path, which has nothing outside of it either', async () => {
    const away = log.origin.replace(/\/audit$/, '')
    const gateway = createGateway({ ingest: away, persist: away, query: away, log: silent, basePath: '/audit' })
    const ask = async (path: string, init?: RequestInit) => (await gateway.request(path, init)).status
    expect(await ask('/audit/logs', post({ id: 'a-2', userId: 'ann', action: 'login' }))).toBe(202)
    expect([await ask('/audit/logs?limit=1'), await ask('/audit/logs', { method: 'DELETE' })]).toEqual([200, 405])
    expect([await ask('/healthz'), await ask('/'), await ask('/logs')]).toEqual([200, 404, 404])
  })
})

test.each([
  'audit',
  '/audit/',
  '/',
  '//audit',
  '/a/../b',
  '/a b',
  '/a?b',
  'http://x/audit',
  '/healthz',
])('BASE_PATH=%s is rejected with a sentence', async (path) => {
  await using log = startProgram('functions/local/main.ts', { BASE_PATH: path, DATA_DIR: aFolder(), PORT: '0' })
  expect(await log.ended).toBe(78)
  expect(log.output()).toContain('BASE_PATH must be a path such as /audit')
})
