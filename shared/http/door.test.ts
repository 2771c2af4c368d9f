import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { silent } from '../testing/builders.ts'
import { oddIds } from '../testing/odd-ids.ts'
import type { Routes } from './route.ts'
import { type ListenOptions, listen } from './serve.ts'
import { createService } from './service.ts'
import { slotSizes } from './slots.ts'

const answered = async () => ({ status: 200, body: { status: 'answered' } })
const routes: Routes = {
  'GET /logs': { scope: 'read', handle: answered },
  'POST /logs': { scope: 'write', handle: answered },
  'GET /logs/:id': { scope: 'read', handle: async ({ parameters }) => ({ status: 200, body: parameters }) },
  'POST /dead-letters/:id/replay': { scope: 'operate', handle: answered },
  'GET /': { scope: 'read', page: true, handle: answered },
  'GET /viewer/logs/:id': { scope: 'read', page: true, handle: answered },
}
const here = 'localhost:3000'

type Sent = { line?: string; host?: string | undefined; headers?: readonly string[]; options?: Partial<ListenOptions> }

/** The status of the answer to exactly these bytes, and its body. */
async function send({ line = 'GET /logs HTTP/1.1', host = here, headers = [], options = {} }: Sent) {
  const service = createService({ log: silent, routes })
  await using server = await listen({ ...service, port: 0, log: silent, ...options })
  const socket = connect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true })
  const lines = [line, ...(host === '' ? [] : [`host: ${host}`]), ...headers, 'connection: close', '', '']
  socket.write(lines.join('\r\n'), 'latin1')
  const answer = await text(socket)
  socket.destroy()
  return { status: Number(answer.split(' ')[1]), body: answer.slice(answer.indexOf('\r\n\r\n')), answer }
}
const statusOf = async (sent: Sent) => (await send(sent)).status

describe('a process that only this machine can reach', () => {
  test.each([
    'localhost',
    'localhost:3000',
    'LOCALHOST:1',
    '127.0.0.1',
    '127.0.0.1:3000',
    '[::1]',
    '[::1]:3000',
  ])('answers for the host %s', async (host) => {
    expect(await statusOf({ host })).toBe(200)
  })

  test.each([
    'evil.example',
    'evil.example:3000',
    'localhost.evil.example',
    'localhost.',
    '127.0.0.1.evil.example',
    '127.0.0.2',
    '10.0.0.7:3000',
    '[::2]',
    'xlocalhost',
  ])('answers 421 for the host %s, whatever is asked', async (host) => {
    for (const line of ['GET /logs HTTP/1.1', 'POST /nowhere HTTP/1.1', 'PATCH /logs HTTP/1.0']) {
      const { status, body } = await send({ line, host })
      expect(status).toBe(421)
      expect(body).toContain('urn:activity-log:problem:misdirected')
    }
  })

  test.each([
    'a b',
    'a/b',
    'localhost@evil.example',
    'localhost#',
    'localhost:x',
    '',
    '[::1',
  ])('answers 400 for %j, which is no host', async (host) => {
    const sent = host === '' ? { host: '', headers: ['host:'] } : { host }
    expect(await statusOf(sent)).toBe(400)
  })

  test('answers for the hosts that it is told, with any port or with that one', async () => {
    const options = { allowedHosts: ['log.example.com', 'other.example.com:8443'] }
    expect(await statusOf({ host: 'Log.Example.com:99', options })).toBe(200)
    expect(await statusOf({ host: 'other.example.com:8443', options })).toBe(200)
    expect(await statusOf({ host: 'other.example.com', options })).toBe(421)
    expect(await statusOf({ host: 'evil.example', options })).toBe(421)
  })

  test('looks at the host in the request line, too', async () => {
    expect(await statusOf({ line: 'GET http://evil.example/logs HTTP/1.1' })).toBe(421)
    expect(await statusOf({ line: 'GET http://localhost@evil.example/logs HTTP/1.1' })).toBe(400)
    expect(await statusOf({ line: 'GET http://localhost:3000/logs HTTP/1.1' })).toBe(200)
    expect(await statusOf({ line: 'GET http://localhost:3000/logs HTTP/1.1', host: 'evil.example' })).toBe(421)
  })
})

test('a process that others can reach answers for any host, unless it is told for which', async () => {
  const host = 'log.example.com'
  expect(await statusOf({ host, options: { host: '0.0.0.0' } })).toBe(200)
  expect(await statusOf({ host, options: { host: '0.0.0.0', allowedHosts: ['log.example.com'] } })).toBe(200)
  expect(await statusOf({ host, options: { host: '0.0.0.0', allowedHosts: ['other.example.com'] } })).toBe(421)
  expect(await statusOf({ options: { host: '0.0.0.0', allowedHosts: ['other.example.com'] } })).toBe(200)
})

describe('without a Host', () => {
  test.each(['/logs', '/healthz', '/logs?x=1', '/nowhere'])('HTTP/1.0 is answered: %s', async (path) => {
    const expected = path === '/nowhere' ? 404 : 200
    expect(await statusOf({ line: `GET ${path} HTTP/1.0`, host: '' })).toBe(expected)
    expect(await statusOf({ line: `GET ${path} HTTP/1.0`, host: '', options: { host: '0.0.0.0' } })).toBe(expected)
  })

  test('HTTP/1.1 is answered with a 400', async () => {
    expect(await statusOf({ host: '' })).toBe(400)
  })
})

describe('a request that a page of another site sent', () => {
  const cross = 'sec-fetch-site: cross-site'
  const navigate = 'sec-fetch-mode: navigate'

  test.each([
    ['GET /logs', []],
    ['GET /logs/a-1', [navigate]],
    ['GET /logs/a-1', [navigate, 'sec-fetch-dest: document']],
    ['HEAD /', [navigate]],
    ['POST /', [navigate]],
    ['POST /logs', ['sec-fetch-mode: no-cors']],
    ['POST /dead-letters/0123/replay', ['content-length: 0']],
    ['OPTIONS /logs', ['sec-fetch-mode: cors']],
    ['PATCH /logs', []],
    ['GET /nowhere', [navigate]],
    ['GET /healthz', []],
    ['GET /viewer/logs/a', ['sec-fetch-mode: no-cors']],
    ['GET /viewer/logs/a', [navigate, 'sec-fetch-dest: object']],
    ['GET /viewer/logs/a', [navigate, 'sec-fetch-dest: iframe']],
    ['GET /', []],
    ['GET /logs//..', []],
  ] as const)('is answered with a 403: %s with %j', async (request, headers) => {
    const sent = { line: `${request} HTTP/1.1`, headers: [cross, ...headers] }
    const { status, answer } = await send(sent)
    expect(status).toBe(403)
    if (!request.startsWith('HEAD')) expect(answer).toContain('urn:activity-log:problem:forbidden')
  })

  test.each([
    'Cross-Site',
    'cross-site ',
    'same-origin, cross-site',
    'cross-site\r\nsec-fetch-site: none',
  ])('is recognized by %j', async (site) => {
    expect(await statusOf({ headers: [`Sec-Fetch-Site: ${site}`] })).toBe(403)
  })

  test.each(['/', '/?userId=a', '/viewer/logs/a%2Fb'])('is answered if it is a link to a page: %s', async (path) => {
    const line = `GET ${path} HTTP/1.1`
    expect(await statusOf({ line, headers: [cross, navigate] })).toBe(200)
    expect(await statusOf({ line, headers: [cross, navigate, 'sec-fetch-dest: document'] })).toBe(200)
  })

  test.each([
    'http://evil.example',
    'http://evil.example:3000',
    'http://localhost',
    'http://localhost:3001',
    'http://localhost:3000.evil.example',
    'http://localhost:3000@evil.example',
    'http://localhost:3000/',
    'null',
    'file://',
    'chrome-extension://abc',
    'nonsense',
    'http://localhost:3000, http://evil.example',
    'http://localhost:3000 http://evil.example',
    'http://localhost:3000\r\norigin: null',
  ])('is answered with a 403 because of the Origin %j', async (origin) => {
    const headers = [`origin: ${origin}`]
    for (const line of ['GET /logs HTTP/1.1', 'POST /logs HTTP/1.1', 'PUT /nowhere HTTP/1.1', 'GET / HTTP/1.1'])
      expect(await statusOf({ line, headers: [...headers, 'content-length: 0'] })).toBe(403)
    expect(await statusOf({ headers: [...headers, 'sec-fetch-site: same-site'] })).toBe(403)
    expect(await statusOf({ headers: [...headers, 'sec-fetch-site: nonsense'] })).toBe(403)
    expect(await statusOf({ headers: [...headers, 'sec-fetch-site:'] })).toBe(403)
  })

  test('is answered with a 403 because of an Origin if there is no Host to compare', async () => {
    expect(await statusOf({ line: 'GET /logs HTTP/1.0', host: '', headers: ['origin: http://localhost'] })).toBe(403)
  })

  test('is answered if the origin is allowed', async () => {
    const options = { allowedOrigins: ['https://app.example.com'] }
    const headers = ['origin: https://App.example.com']
    expect(await statusOf({ headers, options })).toBe(200)
    expect(await statusOf({ headers: [...headers, cross], options })).toBe(200)
    expect(await statusOf({ headers: ['origin: http://app.example.com'], options })).toBe(403)
    expect(await statusOf({ headers: ['origin: https://app.example.com:8443'], options })).toBe(403)
    expect(await statusOf({ headers: ['origin: https://app.example.com, null'], options })).toBe(403)
    expect(await statusOf({ headers: [cross], options })).toBe(403)
  })
})

describe('a request of the same site', () => {
  test.each([
    ['localhost:3000', 'http://localhost:3000'],
    ['localhost:3000', 'HTTP://LocalHost:3000'],
    ['localhost', 'http://localhost:80'],
    ['localhost:80', 'http://localhost'],
    ['localhost:443', 'https://localhost'],
    ['[::1]:3000', 'http://[::1]:3000'],
  ])('is answered: to the host %s from the origin %s', async (host, origin) => {
    expect(await statusOf({ host, headers: [`origin: ${origin}`] })).toBe(200)
  })

  test.each(['same-origin', 'none', 'Same-Origin'])('is answered: %s', async (site) => {
    expect(await statusOf({ headers: [`sec-fetch-site: ${site}`, 'origin: https://behind.a.proxy.example'] })).toBe(200)
    expect(await statusOf({ line: 'POST /logs HTTP/1.1', headers: [`sec-fetch-site: ${site}`] })).toBe(200)
  })

  test('is answered if it comes from a subdomain and has no Origin', async () => {
    expect(await statusOf({ headers: ['sec-fetch-site: same-site'] })).toBe(200)
  })

  test('is answered if it follows a link of a neighboring host, and not if a page of that host embeds it', async () => {
    const from = (mode: string, dest: string) => {
      const headers = ['sec-fetch-site: same-site', `sec-fetch-mode: ${mode}`, `sec-fetch-dest: ${dest}`]
      return statusOf({ line: 'GET /logs/a HTTP/1.1', headers })
    }
    expect(await from('navigate', 'document')).toBe(200)
    for (const dest of ['object', 'embed', 'iframe', 'frame'])
      expect([dest, await from('navigate', dest)]).toEqual([dest, 403])
    for (const dest of ['object', 'image', 'script', 'empty'])
      expect([dest, await from('no-cors', dest)]).toEqual([dest, 403])
  })
})

describe('a path that programs read differently', () => {
  test.each([
    '/dead-letters/..',
    '/dead-letters/../',
    '/logs/.',
    '/./logs',
    '/../logs',
    '/logs/%2e%2e',
    '/logs/%2E%2e/x',
    '/logs/.%2e',
    '/%2e/logs',
    '//logs',
    '//evil.example/logs',
    '/logs//',
    '/logs//a',
    '/logs\\a',
    '\\logs',
    '/logs/..?userId=a',
    '/logs/..#x',
    'http://localhost:3000/logs/..',
    'http://localhost:3000//logs',
    'http://localhost:3000\\logs',
  ])('is answered with a 400: %s', async (path) => {
    for (const method of ['GET', 'POST', 'DELETE']) {
      const { status, body } = await send({ line: `${method} ${path} HTTP/1.1` })
      expect(status).toBe(400)
      expect(body).toContain('urn:activity-log:problem:invalid-input')
    }
  })

  test.each(oddIds)('does not include the id %s, as a client sends it', async (id) => {
    const { status, body } = await send({ line: `GET /logs/${encodeURIComponent(id)} HTTP/1.1` })
    expect(status).toBe(200)
    expect(JSON.parse(body)).toEqual({ id })
  })

  test('does not include a query with the same characters', async () => {
    expect(await statusOf({ line: 'GET /logs?a=//../%2e%2e/\\ HTTP/1.1' })).toBe(200)
  })
})

test('every answer is private to its origin, whether a route, the server or the parser of Node wrote it', async () => {
  const answers = await Promise.all([
    send({}),
    send({ line: 'GET /nowhere HTTP/1.1' }),
    send({ line: 'DELETE /logs HTTP/1.1' }),
    send({ line: 'HEAD /logs HTTP/1.1' }),
    send({ host: 'evil.example' }),
    send({ host: '' }),
    send({ headers: ['sec-fetch-site: cross-site'] }),
    send({ line: 'GET /.. HTTP/1.1' }),
    send({ headers: ['host: other'] }),
    send({ headers: ['expect: cake'] }),
    send({ line: 'nonsense' }),
    send({ line: 'CONNECT x:1 HTTP/1.1' }),
    send({ headers: [`x: ${'x'.repeat(20_000)}`] }),
    send({ options: { atOnce: { slots: { ...slotSizes, reads: 0, writes: 0 } } } }),
    send({ options: { front: () => Promise.reject(new Error('broken')) } }),
  ])
  expect(answers.map(({ status }) => status)).toEqual([
    200, 404, 405, 200, 421, 400, 403, 400, 400, 417, 400, 405, 431, 503, 500,
  ])
  for (const { answer } of answers) {
    const head = answer.slice(0, answer.indexOf('\r\n\r\n')).toLowerCase()
    expect(head).toContain('\r\ncache-control: private, no-store')
    expect(head).toContain('\r\nx-content-type-options: nosniff')
    expect(head).toContain('\r\ncross-origin-resource-policy: same-origin')
  }
})
