import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { buffer, text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { createApp as createIngest } from '@activity-log/ingest/app.ts'
import { newKey } from '@activity-log/shared/access/key.ts'
import { type ListenOptions, listen } from '@activity-log/shared/http/serve.ts'
import { slotSizes } from '@activity-log/shared/http/slots.ts'
import { anActivity, answerOf, post, silent, until } from '@activity-log/shared/testing/builders.ts'
import { expect, test } from 'vitest'
import { createGateway } from './gateway-app.ts'

type Function = AsyncDisposable & { origin: string; requests: IncomingMessage[] }

/** Starts a function that listens on a socket and records its requests. */
async function aFunction(answer: RequestListener): Promise<Function> {
  const requests: IncomingMessage[] = []
  const server = createServer((request, response) => {
    requests.push(request)
    answer(request, response)
  })
  await once(server.listen(0), 'listening')
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://localhost:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const away = 'http://localhost:1'

async function gateway(
  functions: { ingest?: string; persist?: string; query?: string },
  timeoutMs = 10_000,
  atOnce: NonNullable<ListenOptions['atOnce']> = {},
) {
  const app = createGateway({ ingest: away, persist: away, query: away, ...functions, log: silent, timeoutMs })
  const server = await listen({ ...app, port: 0, log: silent, atOnce })
  return Object.assign(server, { origin: `http://localhost:${server.port}` })
}

type Sent = { method?: string; headers?: Record<string, string>; body?: string | Buffer }

/** Sends exactly this request. fetch would add and remove headers. */
async function send(url: string, { method = 'GET', headers = {}, body }: Sent = {}) {
  const outgoing = httpRequest(url, { method, headers })
  outgoing.end(body)
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage]
  // the answer may arrive before everything is sent; an error in sending the rest does not matter
  outgoing.on('error', () => {})
  return { status: response.statusCode, headers: response.headers, text: await text(response) }
}

test('passes POST /logs to ingest and everything else to query, with path and parameters unchanged', async () => {
  await using ingest = await aFunction((_, response) => response.end('ingest'))
  await using query = await aFunction((_, response) => response.end('query'))
  await using front = await gateway({ ingest: ingest.origin, query: query.origin })
  const ask = async (method: string, path: string) => (await send(front.origin + path, { method })).text
  expect(await ask('POST', '/logs?a=1&a=%2B')).toBe('ingest')
  expect(ingest.requests[0]?.url).toBe('/logs?a=1&a=%2B')
  const paths = ['/logs?action=cart.*&from=2024-01-01T00:00:00%2B02:00', '/logs/a%2Fb', '/']
  for (const path of paths) expect(await ask('GET', path)).toBe('query')
  expect(query.requests.map(({ url }) => url)).toEqual(paths)
  expect(query.requests[0]?.headers.host).toBe(new URL(query.origin).host)
})

test('serves the routes of persist for operators, but not its deliveries', async () => {
  await using query = await aFunction((_, response) => response.writeHead(404).end())
  await using persist = await aFunction((_, response) => response.end('persist'))
  await using front = await gateway({ persist: persist.origin, query: query.origin })
  const ask = (method: string, path: string) =>
    send(front.origin + path, { method, body: '{}', headers: { 'content-length': '2' } })
  for (const path of ['/', '/undelivered', '/dead-letters', '/dead-letters/'])
    expect((await ask('POST', path)).status).toBe(404)
  expect([query.requests.length, persist.requests.length]).toEqual([4, 0])
  expect((await ask('POST', '/dead-letters/1f/replay')).text).toBe('persist')
  expect((await ask('DELETE', '/dead-letters/1f')).text).toBe('persist')
  expect((await send(`${front.origin}/dead-letters/1f`)).status).toBe(404)
  const rejected = await ask('PUT', '/dead-letters/1f')
  expect([rejected.status, rejected.headers.allow]).toEqual([405, 'GET, HEAD, DELETE'])
})

test('answers 405 itself if no function has the method', async () => {
  await using front = await gateway({})
  const rejected = await send(`${front.origin}/logs`, { method: 'DELETE' })
  expect([rejected.status, rejected.headers.allow]).toEqual([405, 'POST, GET, HEAD'])
  expect((await send(`${front.origin}/x`, { method: 'TRACE' })).status).toBe(405)
})

test('is healthy on its own', async () => {
  await using front = await gateway({})
  expect((await send(`${front.origin}/healthz`)).status).toBe(200)
})

test('passes on status, headers and body as the function sent them', async () => {
  await using query = await aFunction((_, response) => {
    response.writeHead(207, {
      'x-own': 'yes',
      link: '</logs?page=2>; rel="next"',
      'content-type': 'text/plain',
      'retry-after': '7',
    })
    response.end('ä body')
  })
  await using front = await gateway({ query: query.origin })
  const answer = await send(`${front.origin}/x`)
  expect([answer.status, answer.text]).toEqual([207, 'ä body'])
  expect(answer.headers).toMatchObject({
    'x-own': 'yes',
    link: '</logs?page=2>; rel="next"',
    'content-type': 'text/plain',
    'retry-after': '7',
  })
})

test.each([
  ['HEAD', 200, { 'content-length': '1234' }],
  ['GET', 204, {}],
  ['GET', 304, { etag: '"v1"' }],
  ['GET', 307, { location: '/elsewhere' }],
] as const)('passes on an answer without a body: %s, %i', async (method, status, headers) => {
  await using query = await aFunction((_, response) => response.writeHead(status, headers).end())
  await using front = await gateway({ query: query.origin })
  const answer = await send(`${front.origin}/x`, { method })
  expect([answer.status, answer.text]).toEqual([status, ''])
  expect(answer.headers).toMatchObject(headers)
})

test('passes on a compressed answer completely', async () => {
  const body = JSON.stringify({ data: 'x'.repeat(10_000) })
  await using query = await aFunction((_, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(body))
  })
  await using front = await gateway({ query: query.origin })
  expect(await (await fetch(`${front.origin}/x`)).text()).toBe(body)
})

test('compresses a large answer on request, but never a live stream', async () => {
  const types: Record<string, string> = {
    '/logs': 'application/json',
    '/live': 'text/event-stream',
    '/export': 'text/csv',
  }
  const body = 'x'.repeat(10_000)
  await using query = await aFunction(({ url = '' }, response) => {
    response.writeHead(200, { 'content-type': types[url], etag: '"v1"', vary: 'accept-encoding' }).end(body)
  })
  await using front = await gateway({ query: query.origin })
  const ask = async (path: string, coding: string) => {
    const { headers } = await send(front.origin + path, { headers: { 'accept-encoding': coding } })
    return [headers['content-encoding'], headers.etag, headers.vary]
  }
  expect(await ask('/logs', 'gzip')).toEqual(['gzip', 'W/"v1"', 'accept-encoding'])
  expect(await ask('/export', 'gzip')).toEqual(['gzip', 'W/"v1"', 'accept-encoding'])
  expect(await ask('/logs', 'gzip;q=0')).toEqual([undefined, '"v1"', 'accept-encoding'])
  expect((await ask('/live', 'gzip'))[0]).toBeUndefined()
  expect(await (await fetch(`${front.origin}/logs`)).text()).toBe(body)
})

test.each([
  ['of a declared length', (body: Buffer) => ({ 'content-length': `${body.length}` })],
  ['in chunks', () => ({ 'transfer-encoding': 'chunked' })],
  ['after an expectation', (body: Buffer) => ({ 'content-length': `${body.length}`, expect: '100-continue' })],
])('passes on a body %s completely, with its length', async (_, headersOf) => {
  const body = Buffer.from(Array.from({ length: 3_000_000 }, (_, n) => (n * 7919) % 251))
  let received: Buffer | undefined
  await using ingest = await aFunction(async (request, response) => {
    received = await buffer(request)
    response.writeHead(202).end()
  })
  await using front = await gateway({ ingest: ingest.origin })
  const headers: Record<string, string> = { 'content-type': 'application/x-ndjson', ...headersOf(body) }
  expect((await send(`${front.origin}/logs`, { method: 'POST', headers, body })).status).toBe(202)
  expect(received?.equals(body)).toBe(true)
  expect(ingest.requests[0]?.headers).toMatchObject({
    'content-type': 'application/x-ndjson',
    'content-length': `${body.length}`,
  })
})

test('passes on a GET with a body without that body', async () => {
  await using query = await aFunction((_, response) => response.end('ok'))
  await using front = await gateway({ query: query.origin })
  const answer = await send(`${front.origin}/logs`, { headers: { 'content-length': '2' }, body: '{}' })
  expect(answer.status).toBe(200)
})

test("passes on all headers except those of the client's connection", async () => {
  await using query = await aFunction((_, response) => response.end())
  await using front = await gateway({ query: query.origin })
  await send(`${front.origin}/logs`, {
    headers: {
      te: 'trailers',
      'keep-alive': 'timeout=1',
      'x-request-id': 'mine-1',
      traceparent: '00-ab-cd-01',
      'idempotency-key': 'k',
    },
  })
  const passed = query.requests[0]?.headers
  expect(passed).toMatchObject({ 'x-request-id': 'mine-1', traceparent: '00-ab-cd-01', 'idempotency-key': 'k' })
  expect(passed).not.toHaveProperty('te')
  expect(passed).not.toHaveProperty('keep-alive')
})

test('gives a request one id, which both the function and the client see', async () => {
  await using query = await aFunction((request, response) => {
    response.setHeader('x-request-id', `${request.headers['x-request-id']}`).end()
  })
  await using front = await gateway({ query: query.origin })
  const answer = await send(`${front.origin}/logs`)
  expect(answer.headers['x-request-id']).toMatch(/^[\w-]{8,}$/)
  expect(query.requests[0]?.headers['x-request-id']).toBe(answer.headers['x-request-id'])
})

test('passes on a stream piece by piece', async () => {
  const next = Promise.withResolvers<void>()
  await using query = await aFunction(async (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n')
    await next.promise
    response.end('data: 2\n\n')
  })
  await using front = await gateway({ query: query.origin }, 200)
  const reader = (await fetch(`${front.origin}/live`)).body!.getReader()
  expect(Buffer.from((await reader.read()).value!).toString()).toBe('data: 1\n\n')
  // this is longer than an answer may take to begin
  await new Promise((resolve) => setTimeout(resolve, 300))
  next.resolve()
  expect(Buffer.from((await reader.read()).value!).toString()).toBe('data: 2\n\n')
})

test('ends the request to the function when the client disconnects', async () => {
  let ended = false
  await using query = await aFunction((_, response) => {
    response.on('close', () => {
      ended = true
    })
    response.writeHead(200).write('begun')
  })
  await using front = await gateway({ query: query.origin })
  const client = new AbortController()
  const response = await fetch(`${front.origin}/export`, { signal: client.signal })
  await response.body!.getReader().read()
  client.abort()
  await until(() => ended)
})

test('ends the request to the function when the client disconnects before the answer', async () => {
  let ended = false
  await using ingest = await aFunction((request) => {
    request.on('close', () => {
      ended = true
    })
  })
  await using front = await gateway({ ingest: ingest.origin })
  const socket = connect(front.port, 'localhost')
  socket.write('POST /logs HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}')
  await until(() => ingest.requests.length === 1)
  socket.destroy()
  await until(() => ended)
})

test('does not pass on a request that is cut off', async () => {
  await using ingest = await aFunction((_, response) => response.writeHead(202).end())
  await using front = await gateway({ ingest: ingest.origin })
  const socket = connect(front.port, 'localhost')
  socket.end('POST /logs HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n{"half"')
  await text(socket)
  expect(ingest.requests).toEqual([])
})

test('cuts off an answer that the function cuts off, so that it does not look complete', async () => {
  await using query = await aFunction((_, response) => {
    response.writeHead(200).write('half of it', () => response.destroy())
  })
  await using front = await gateway({ query: query.origin })
  const reading = fetch(`${front.origin}/export`).then((response) => response.text())
  await expect(reading).rejects.toThrow()
})

test('answers 503 with Retry-After and without internals if a function is down', async () => {
  await using front = await gateway({})
  const answer = await send(`${front.origin}/logs`, { method: 'POST', body: '{}' })
  expect([answer.status, answer.headers['content-type'], answer.headers['retry-after']]).toEqual([
    503,
    'application/problem+json',
    '1',
  ])
  expect(JSON.parse(answer.text)).toMatchObject({ status: 503, type: 'urn:activity-log:problem:unavailable' })
  expect(answer.text).not.toMatch(/ECONN|localhost|fetch|\bat /)
})

test('shows a page to a person who asks for one while a function is down', async () => {
  await using front = await gateway({})
  const shown = await send(`${front.origin}/?userId=ann`, { headers: { accept: 'text/html' } })
  expect([shown.status, shown.headers['content-type']]).toEqual([503, 'text/html; charset=utf-8'])
  expect(shown.text).toContain('<a href="/?userId=ann">Try again</a>')
})

test('answers 503 if a function closes the connection without an answer', async () => {
  await using query = await aFunction((request) => request.socket.destroy())
  await using front = await gateway({ query: query.origin })
  expect((await send(`${front.origin}/logs`)).status).toBe(503)
})

test('answers 504 if a function does not begin to answer, and ends the request to it', async () => {
  let ended = false
  await using query = await aFunction((_, response) => {
    response.on('close', () => {
      ended = true
    })
  })
  await using front = await gateway({ query: query.origin }, 1_000)
  const answer = await send(`${front.origin}/logs`)
  expect([answer.status, answer.headers['content-type'], answer.headers['retry-after']]).toEqual([
    504,
    'application/problem+json',
    '1',
  ])
  await until(() => ended)
})

test("passes on ingest's own answers: a 202 with a relative Location, 400, 413", async () => {
  const broker = {
    publish: async (records: readonly unknown[]) => records.map((_, offset) => ({ partition: 0, offset })),
  }
  const app = createIngest({ broker, log: silent, now: () => new Date(), newId: () => 'new' })
  await using ingest = await listen({ fetch: app.fetch, port: 0, log: silent })
  await using front = await gateway({ ingest: `http://localhost:${ingest.port}` })
  const accepted = await fetch(`${front.origin}/logs`, post(anActivity({ id: 'a-1' })))
  expect([accepted.status, accepted.headers.get('location')]).toEqual([202, '/logs/a-1'])
  const wrong = await fetch(`${front.origin}/logs`, post(anActivity({ userId: ' ' })))
  expect([wrong.status, (await answerOf(wrong)).errors[0]?.pointer]).toEqual([400, '/userId'])
  const large = async (type: string, megabytes: number, framing = {}) => {
    const body = Buffer.alloc(megabytes * 1e6)
    return (await send(`${front.origin}/logs`, { method: 'POST', headers: { 'content-type': type, ...framing }, body }))
      .status
  }
  const chunked = { 'transfer-encoding': 'chunked' }
  for (const megabytes of [5, 20]) {
    expect(await large('application/json', megabytes)).toBe(413)
    expect(await large('application/json', megabytes, chunked)).toBe(413)
  }
  for (let n = 0; n < 20; n++) expect(await large('application/cloudevents+json', 4)).toBe(413)
})

test('passes on a body in gzip, a CloudEvent, and a raw name in a header, as ingest would take them', async () => {
  const records: unknown[] = []
  const broker = {
    publish: async (group: readonly { value: string }[]) => {
      records.push(...group.map(({ value }) => JSON.parse(value)))
      return group.map((_, offset) => ({ partition: 0, offset }))
    },
  }
  const app = createIngest({ broker, log: silent, now: () => new Date(), newId: () => 'new' })
  await using ingest = await listen({ front: app.front, fetch: app.fetch, port: 0, log: silent })
  await using front = await gateway({ ingest: `http://localhost:${ingest.port}` })
  const event = { 'ce-specversion': '1.0', 'ce-id': 'e', 'ce-source': '/s', 'ce-type': 't' }
  const subject = Buffer.from('Zoë 张伟').toString('latin1')
  const headers = { 'content-encoding': 'gzip', 'content-type': 'application/json' }
  const answers = [
    await send(`${front.origin}/logs/batch?user=u`, {
      method: 'POST',
      headers,
      body: gzipSync('[{"id":"g","u":7,"action":"a"}]'),
    }),
    await send(`${front.origin}/logs`, { method: 'POST', headers: { ...event, 'ce-subject': subject } }),
    await send(`${front.origin}/logs`, { method: 'POST', headers, body: gzipSync('{}').subarray(0, 9) }),
  ]
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 400])
  expect(answers[1]).toMatchObject({ text: '', headers: { location: '/logs/e', 'activity-id': 'e' } })
  expect(records).toMatchObject([
    { id: 'g', userId: '7' },
    { id: 'e', userId: 'Zoë 张伟' },
  ])
})

test('finds the activity whose id is the name of a path', async () => {
  await using ingest = await aFunction((_, response) => response.end('ingest'))
  await using query = await aFunction((_, response) => response.end('query'))
  await using front = await gateway({ ingest: ingest.origin, query: query.origin })
  const ask = (method: string, path = '/logs/batch') => send(front.origin + path, { method })
  expect([(await ask('POST')).text, (await ask('GET')).text]).toEqual(['ingest', 'query'])
  expect((await ask('POST', '/receipts')).text).toBe('query')
  const { status, headers } = await ask('DELETE')
  expect([status, headers.allow]).toEqual([405, 'POST, GET, HEAD'])
})

test('answers the requests in flight when it stops', async () => {
  const gate = Promise.withResolvers<void>()
  await using ingest = await aFunction(async (_, response) => {
    await gate.promise
    response.writeHead(202).end('done')
  })
  const front = await gateway({ ingest: ingest.origin })
  const answer = send(`${front.origin}/logs`, { method: 'POST', body: '{}' })
  await until(() => ingest.requests.length === 1)
  const stopping = front[Symbol.asyncDispose]()
  gate.resolve()
  expect((await answer).text).toBe('done')
  await stopping
})

test('adds the address of the client to X-Forwarded-For', async () => {
  await using query = await aFunction((_, response) => response.end())
  await using front = await gateway({ query: query.origin })
  await send(`${front.origin}/logs`)
  await send(`${front.origin}/logs`, { headers: { 'x-forwarded-for': '203.0.113.7' } })
  const forwarded = query.requests.map(({ headers }) => headers['x-forwarded-for'])
  expect(forwarded.map((each) => String(each).replace('::1', '127.0.0.1'))).toEqual([
    '127.0.0.1',
    '203.0.113.7, 127.0.0.1',
  ])
})

test('waiting requests and followers do not take the slots of the others', async () => {
  let waiting = 0
  await using query = await aFunction((request, response) => {
    if (/live|wait=/.test(request.url ?? '')) {
      waiting++
      response.writeHead(200).flushHeaders()
    } else response.end('list')
  })
  const atOnce = { slots: { ...slotSizes, reads: 1, waits: 2, follows: 1 } }
  await using front = await gateway({ query: query.origin }, 10_000, atOnce)
  const ask = (path: string) => fetch(front.origin + path)
  const open = await Promise.all(['/live', '/receipts/r?wait=30', '/logs?wait=30&receipt=r'].map(ask))
  expect(waiting).toBe(3)
  expect((await ask('/live')).status).toBe(503)
  expect((await ask('/receipts/other?wait=1')).status).toBe(503)
  expect((await ask('/logs')).status).toBe(200)
  for (const response of open) await response.body?.cancel()
})

test('passes on who asks, and what the function says about it', async () => {
  const challenge = 'Bearer realm="activity-log", error="invalid_token"'
  await using query = await aFunction((_, response) =>
    response.writeHead(401, { 'www-authenticate': challenge, 'set-cookie': ['a=1; Path=/', 'b=2; Path=/'] }).end(),
  )
  await using server = await gateway({ query: query.origin })
  const key = `Bearer als_${'k'.repeat(60)}`
  const answer = await send(`${server.origin}/logs`, { headers: { authorization: key, cookie: 'theme=dark; s=1' } })
  expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, challenge])
  expect(answer.headers['set-cookie']).toEqual(['a=1; Path=/', 'b=2; Path=/'])
  await send(`${server.origin}/logs`, { headers: { authorization: key, origin: server.origin } })
  await send(`${server.origin}/logs`, { headers: { origin: server.origin } })
  const seen = query.requests.map(({ headers }) => [
    headers.authorization,
    headers.cookie,
    headers.origin !== undefined,
  ])
  expect(seen).toEqual([
    [key, 'theme=dark; s=1', false],
    // so that the function sees that a page has the key
    [key, undefined, true],
    [undefined, undefined, true],
  ])
})

test.each([
  'Bearer ',
  'bearer  ',
  'Bearer \t',
  'Bearer \u00a0',
])('a function sees that a page has a key: %j', async (scheme) => {
  await using query = await aFunction((_, response) => response.end())
  const app = createGateway({ ingest: away, persist: away, query: query.origin, log: silent })
  await using server = await listen({ ...app, port: 0, log: silent, allowedOrigins: ['https://shop.example'] })
  const headers = { authorization: `${scheme}als_${'k'.repeat(60)}`, origin: 'https://shop.example' }
  await send(`http://localhost:${server.port}/logs`, { headers })
  expect(query.requests.map((request) => request.headers.origin)).toEqual(['https://shop.example'])
})

test.each(['', '?limit=2'])('a function sees a key in a fragment after %j', async (parameters) => {
  await using query = await aFunction((_, response) => response.end())
  await using front = await gateway({ query: query.origin })
  const { text } = newKey()
  for (const fragment of [text, `x#${text.replace('_', '%5f')}`]) {
    // fetch and Node's client send no fragment
    const client = connect(front.port, 'localhost')
    client.write(`GET /logs${parameters}#${fragment} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
    await buffer(client)
  }
  expect(query.requests.map(({ url }) => url)).toEqual([`/logs?${text}`, `/logs?${text}`])
})

test('tells a function that a page of its own origin or of a neighboring host sends a request', async () => {
  await using query = await aFunction((_, response) => response.end())
  await using server = await gateway({ query: query.origin })
  const { origin } = server
  for (const headers of [
    { origin, 'sec-fetch-site': 'same-origin' },
    { origin },
    { origin, 'sec-fetch-site': 'same-site' },
    {},
  ] as { [name: string]: string }[])
    await send(`${origin}/login`, { method: 'POST', headers })
  const seen = query.requests.map(({ headers }) => [headers.origin, headers['sec-fetch-site']])
  const own = query.origin
  expect(seen).toEqual([
    [own, 'same-origin'],
    // as the browser sent it, which shows query whether the browser keeps a session
    [origin, 'same-origin'],
    [undefined, 'same-site'],
    [undefined, undefined],
  ])
})

test('the log of an outage shows no key that is in a path', async () => {
  const lines: string[] = []
  const add = (...said: unknown[]) => void lines.push(JSON.stringify(said))
  const log = { ...silent, error: add, warn: add }
  const app = createGateway({ ingest: away, persist: away, query: away, log })
  const { id, text } = newKey()
  expect((await app.request(`/logs/${text}`)).status).toBe(503)
  expect(lines.join()).toContain(`/logs/als_${id}…`)
  expect(lines.join()).not.toContain(text.slice(16, 59))
})
