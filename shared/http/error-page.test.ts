import { describe, expect, test } from 'vitest'
import { silent } from '../testing/builders.ts'
import { openWay, ways } from '../testing/ways.ts'
import { errorPage } from './error-page.ts'
import { invalidInput, Problem, unavailable } from './problem.ts'
import type { Route, Routes } from './route.ts'
import { listen } from './serve.ts'
import { createService } from './service.ts'
import { slotSizes } from './slots.ts'

/** Sent by Firefox; every browser names text/html first when a person follows a link. */
const preferringJson = 'application/json, text/html;q=0.9, */*;q=0.1'
const browser = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }
const page: Route = { scope: 'read', page: true, handle: async () => ({ status: 200, body: {} }) }
const failing = (error: Error): Route => ({ scope: 'read', page: true, handle: () => Promise.reject(error) })
const serve = (routes: Routes, basePath = '') =>
  createService({ log: silent, routes: { 'GET /': page, ...routes }, basePath })

describe.each(ways)('%s', (name) => {
  test.each([
    ['/nowhere', {}, 404],
    ['/viewer/', {}, 404],
    ['/', { method: 'POST' }, 405],
    ['/ledger', { method: 'DELETE' }, 405],
  ] as const)('%s with %o is a page for a person and a problem for a program', async (path, init, status) => {
    await using way = await openWay(name)
    const service = serve({ 'GET /ledger': { scope: 'read', handle: page.handle } })
    const shown = await way.request(service, path, { ...init, headers: browser })
    const html = await shown.text()
    expect([shown.status, shown.headers.get('content-type')]).toEqual([status, 'text/html; charset=utf-8'])
    expect(html).toMatch(/<title>.+ · Activity log<\/title>[\s\S]*<h1>.+<\/h1>[\s\S]*<a href="\/">/)
    for (const accept of ['*/*', 'application/json', 'text/html;q=0, */*', preferringJson]) {
      const answer = await way.request(service, path, { ...init, headers: { accept } })
      expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json'])
      expect(answer.headers.get('allow')).toBe(shown.headers.get('allow'))
    }
  })

  test('nothing that an address claims turns the text of a page around', async () => {
    await using way = await openWay(name)
    const shown = await way.request(serve({}), '/%E2%80%AEcba', { headers: browser })
    expect(await shown.text()).toContain('<p>/%E2%80%AEcba is not a path')
  })

  test('a page whose route fails is a page that leads on, under a path as well', async () => {
    await using way = await openWay(name)
    const service = serve({ 'GET /late': failing(unavailable('Too much at once.')) }, '/audit')
    const shown = await way.request(service, '/audit/late?a=1&b="2"', { headers: browser })
    expect([shown.status, shown.headers.get('retry-after')]).toEqual([503, '1'])
    const html = await shown.text()
    expect(html).toContain('<a href="/audit/late?a=1&amp;b=%222%22">Try again</a>')
    expect(html).toContain('<a href="/audit/">Show all activities</a>')
  })

  test('a person who opens a route for programs that fails gets a page, and a program a problem', async () => {
    await using way = await openWay(name)
    const { page: _page, ...invalid } = failing(invalidInput([{ pointer: 'limit', detail: 'must be less' }]))
    const service = serve({ 'GET /list': invalid, 'POST /list': invalid })
    const shown = await way.request(service, '/list?limit=x', { headers: browser })
    expect([shown.status, shown.headers.get('content-type')]).toEqual([400, 'text/html; charset=utf-8'])
    expect(await shown.text()).toMatch(/<li><b>limit<\/b> must be less<\/li>[\s\S]*<a href="\/">/)
    for (const init of [{ headers: { accept: '*/*' } }, {}, { method: 'POST', body: 'a=1', headers: browser }]) {
      const answer = await way.request(service, '/list', init)
      expect([answer.status, answer.headers.get('content-type')]).toEqual([400, 'application/problem+json'])
    }
  })

  test('a fault of ours shows no internals', async () => {
    await using way = await openWay(name)
    const shown = await way.request(serve({ 'GET /broken': failing(new Error('secret')) }), '/broken', {
      headers: browser,
    })
    expect([shown.status, shown.headers.get('content-type')]).toEqual([500, 'text/html; charset=utf-8'])
    expect(await shown.text()).not.toContain('secret')
  })
})

test('a person who comes when too many do gets a page', async () => {
  const { fetch: answer, front, isPage } = serve({})
  const atOnce = { slots: { ...slotSizes, reads: 0 } }
  await using server = await listen({ fetch: answer, front, isPage, port: 0, log: silent, atOnce })
  const shown = await fetch(`http://localhost:${server.port}/?userId=a`, { headers: browser })
  expect([shown.status, shown.headers.get('content-type'), shown.headers.get('retry-after')]).toEqual([
    503,
    'text/html; charset=utf-8',
    '1',
  ])
  expect(await shown.text()).toContain('<a href="/?userId=a">Try again</a>')
  const answered = await fetch(`http://localhost:${server.port}/logs`, { headers: { accept: '*/*' } })
  expect(answered.headers.get('content-type')).toBe('application/problem+json')
})

test('nothing that somebody sent becomes markup or leads elsewhere', () => {
  const nasty = '<script>"&'
  const { body } = errorPage(invalidInput([{ pointer: nasty, detail: nasty }]), { home: '/', again: '/' })
  expect(body).not.toContain('<script>')
  expect(body).toContain('<b>&lt;script&gt;&quot;&amp;</b>')
  const elsewhere = errorPage(new Problem('unavailable', ''), { home: '/', again: '//evil.example/' })
  expect(elsewhere.body).toContain('href="/evil.example/"')
})
