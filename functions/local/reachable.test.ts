import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { pageFinder } from '@activity-log/shared/http/route.ts'
import { listen } from '@activity-log/shared/http/serve.ts'
import { answerOf, silent, until } from '@activity-log/shared/testing/builders.ts'
import { oddIds } from '@activity-log/shared/testing/odd-ids.ts'
import { aFolder, startLog, written } from '@activity-log/shared/testing/processes.ts'
import { describe, expect, test } from 'vitest'
import { openEmbedded } from './embedded-log.ts'
import { createGateway } from './gateway-app.ts'
import { originRoutes, readTables } from './origin.ts'

type Sent = { path?: string; method?: string; headers?: { [name: string]: string }; body?: string }

async function send(port: number, { path = '/logs', method = 'GET', headers = {}, body = '' }: Sent) {
  const outgoing = httpRequest({ port, host: '127.0.0.1', path, method, headers })
  outgoing.end(body)
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  return { status: response.statusCode ?? 0, headers: response.headers, body: await text(response) }
}

test('npm start says where it listens, and lets this machine in alone unless told otherwise', async () => {
  await using log = await startLog(aFolder())
  expect(await written(log, /listens on (127\.0\.0\.1.*)$/m)).toMatch(/port \d+: only this machine can reach it/)
  const port = Number(new URL(log.origin).port)
  expect((await send(port, { headers: { host: 'evil.example' } })).status).toBe(421)
  expect((await send(port, { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403)
  await using open = await startLog(aFolder(), {
    HOST: '0.0.0.0',
    ACCESS: 'open',
    ALLOWED_ORIGINS: 'https://app.example.com',
  })
  expect(await written(open, /listens on (0\.0\.0\.0.*)$/m)).toMatch(/other machines can reach it/)
  expect(await written(open, /^ {2}(Without keys.*)$/m)).toMatch(
    /everybody who reaches it can read and write everything/,
  )
  const openPort = Number(new URL(open.origin).port)
  const headers = { host: 'log.example.com', origin: 'https://app.example.com', 'sec-fetch-site': 'cross-site' }
  expect((await send(openPort, { headers })).status).toBe(200)
})

/** The whole log over sockets, and the gateway in front of it as if it were three functions. */
async function logBehindGateway() {
  const opened = new AsyncDisposableStack()
  const embedded = opened.use(await openEmbedded({ folder: aFolder(), log: silent }))
  const { fetch, front, isPage } = embedded
  const log = opened.use(await listen({ fetch, front, isPage, port: 0, log: silent }))
  const origin = `http://127.0.0.1:${log.port}`
  const app = createGateway({ ingest: origin, persist: origin, query: origin, log: silent })
  const gateway = opened.use(await listen({ ...app, port: 0, log: silent }))
  return Object.assign(opened, { log: log.port, gateway: gateway.port })
}

const waysIn = ['log', 'gateway'] as const

describe.each(waysIn)('the %s', (way) => {
  test('finds activities by odd ids where Location says', async () => {
    await using ports = await logBehindGateway()
    for (const id of oddIds) {
      const body = JSON.stringify({ id, userId: 'u', action: 'a' })
      const posted = await send(ports[way], { method: 'POST', headers: json, body })
      expect(posted.status).toBe(202)
      const path = String(posted.headers.location)
      await until(async () => (await send(ports[way], { path })).status === 200)
      expect((await answerOf(new Response((await send(ports[way], { path })).body))).id).toBe(id)
      expect((await send(ports[way], { path: `${path}/context` })).status).toBe(200)
      expect((await send(ports[way], { path: `/viewer${path}` })).status).toBe(200)
    }
  })

  test('answers a page of another site with a 403, before it finds out what exists', async () => {
    await using ports = await logBehindGateway()
    const cross = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
    for (const path of ['/logs', '/logs/a', '/export?format=csv', '/live', '/nowhere', '/assets/x', '/openapi.json'])
      expect((await send(ports[way], { path, headers: cross })).status).toBe(403)
    for (const path of [`/dead-letters/${'1f'.repeat(16)}/replay`, '/logs'])
      expect((await send(ports[way], { path, method: 'POST', headers: cross })).status).toBe(403)
    for (const path of ['/', '/docs', '/viewer/ledger', '/viewer/dead-letters'])
      expect((await send(ports[way], { path, headers: cross })).status).toBe(200)
    expect((await send(ports[way], { path: '/viewer/logs/none', headers: cross })).status).toBe(404)
  })

  test('answers a page of its own', async () => {
    await using ports = await logBehindGateway()
    const own = `localhost:${ports[way]}`
    const headers = { ...json, host: own, origin: `http://${own}` }
    const body = JSON.stringify({ userId: 'u', action: 'a' })
    expect((await send(ports[way], { method: 'POST', headers, body })).status).toBe(202)
    const modern = { ...headers, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }
    expect((await send(ports[way], { method: 'POST', headers: modern, body })).status).toBe(202)
  })

  test('answers HTTP/1.0 without a Host', async () => {
    await using ports = await logBehindGateway()
    for (const path of ['/healthz', '/logs?limit=1']) {
      const socket = connect(ports[way], '127.0.0.1')
      socket.write(`GET ${path} HTTP/1.0\r\n\r\n`)
      expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 /)
    }
  })

  test('keeps every answer private, but for files that are the same for everybody', async () => {
    await using ports = await logBehindGateway()
    const body = JSON.stringify({ id: 'private', userId: 'u', action: 'a' })
    expect((await send(ports[way], { method: 'POST', headers: json, body })).status).toBe(202)
    await until(async () => (await send(ports[way], { path: '/logs/private' })).status === 200)
    for (const path of ['/logs', '/stats?by=action', '/export?format=ndjson', '/', '/viewer/logs/private', '/ledger']) {
      const { status, headers } = await send(ports[way], { path })
      expect([path, status, headers['cache-control']]).toEqual([path, 200, 'private, no-store'])
      expect(headers).toMatchObject(closed)
    }
    const one = (await send(ports[way], { path: '/logs/private' })).headers
    expect(one).toMatchObject({ ...closed, 'cache-control': 'private, no-cache' })
    const known = await send(ports[way], { path: '/logs/private', headers: { 'if-none-match': `${one.etag}` } })
    expect([known.status, known.headers]).toEqual([
      304,
      expect.objectContaining({ 'cache-control': 'private, no-cache' }),
    ])
    for (const path of ['/nowhere', '/logs?limit=x', '/logs/none', '/..', '/receipts/x', '/live?x=1']) {
      const { status, headers } = await send(ports[way], { path })
      expect(status).toBeGreaterThanOrEqual(400)
      expect(headers).toMatchObject({ ...closed, 'cache-control': 'private, no-store' })
    }
    const live = httpRequest({ port: ports[way], host: '127.0.0.1', path: '/live' }).end()
    const [stream] = (await once(live, 'response')) as [IncomingMessage]
    expect(stream.headers).toMatchObject({ ...closed, 'cache-control': 'private, no-store, no-transform' })
    live.destroy()
  })
})

const json = { 'content-type': 'application/json' }
const closed = { 'x-content-type-options': 'nosniff', 'cross-origin-resource-policy': 'same-origin' }

test('only HTML is a page that other sites may link to', () => {
  const isPage = pageFinder(originRoutes(readTables()))
  expect(['/', '/docs', '/viewer/logs/a', '/viewer/ledger'].filter((path) => !isPage(path))).toEqual([])
  expect(['/logs', '/logs/a', '/export', '/live', '/healthz', '/assets/a.js'].filter(isPage)).toEqual([])
})
