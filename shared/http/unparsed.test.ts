import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { silent } from '../testing/builders.ts'
import { type ListenOptions, listen } from './serve.ts'

type Answered = { status: number; headers: Map<string, string>; body: { type: string; status: number; detail: string } }

async function send(bytes: string, options: Partial<ListenOptions> = {}): Promise<string> {
  const fetch = async (request: Request) => new Response(`took ${(await request.text()).length}`)
  await using server = await listen({ fetch, port: 0, log: silent, ...options })
  const socket = connect({ port: server.port, host: 'localhost', allowHalfOpen: true })
  socket.write(bytes, 'latin1')
  const answers = await text(socket)
  socket.destroy()
  return answers
}

function problemIn(answer: string): Answered {
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  const [line = '', ...headers] = head.split('\r\n')
  return {
    status: Number(line.split(' ')[1]),
    headers: new Map(headers.map((header) => header.split(': ') as [string, string])),
    body: JSON.parse(body),
  }
}

const quick = { headersTimeout: 100, requestTimeout: 200, connectionsCheckingInterval: 20, keepAliveTimeout: 1000 }

describe('input that never becomes a request is answered with a problem', () => {
  test.each([
    ['no HTTP at all', 'hello\r\n\r\n', 400, 'invalid-input'],
    ['TLS', '\x16\x03\x01\x00\x05\r\n\r\n', 400, 'invalid-input'],
    ['an unknown method', 'BREW /pot HTTP/1.1\r\nhost: localhost\r\n\r\n', 501, 'not-implemented'],
    ['an unknown method of HTTP/1.0', 'FOO / HTTP/1.0\r\n\r\n', 501, 'not-implemented'],
    ['another protocol', 'BREW /pot COFFEE/1.1\r\nhost: localhost\r\n\r\n', 400, 'invalid-input'],
    ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400, 'invalid-input'],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      400,
      'invalid-input',
    ],
    [
      'a chunk without a size',
      'POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n',
      400,
      'invalid-input',
    ],
    ['huge headers', `GET / HTTP/1.1\r\nhost: localhost\r\na: ${'x'.repeat(20_000)}\r\n\r\n`, 431, 'headers-too-large'],
    ['headers that never end', 'GET / HTTP/1.1\r\nhost: localhost\r\n', 408, 'request-timeout'],
    [
      'a body that never ends',
      'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nab',
      408,
      'request-timeout',
    ],
    [
      'a body that is compressed on its way',
      'POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
      501,
      'not-implemented',
    ],
    ['an unknown expectation', 'GET / HTTP/1.1\r\nhost: localhost\r\nexpect: cake\r\n\r\n', 417, 'expectation-failed'],
    ['a tunnel', 'CONNECT x:443 HTTP/1.1\r\nhost: localhost\r\n\r\n', 405, 'method-not-allowed'],
  ])('%s', async (_name, bytes, status, code) => {
    const answer = problemIn(await send(bytes, { timeouts: quick }))
    expect(answer).toMatchObject({ status, body: { status, type: `urn:activity-log:problem:${code}` } })
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(answer.headers.get('connection')).toBe('close')
    expect(answer.headers.get('x-request-id') ?? answer.headers.get('X-Request-Id')).toMatch(/^[\da-f]{8}-\d+$/)
  })
})

describe('a URL that is not percent-encoded gets the advice to encode it', () => {
  test.each([
    ['UTF-8', Buffer.from('/logs?userId=Jürgen').toString('latin1')],
    ['Latin-1', '/logs?userId=J\xfcrgen'],
    ['a space', '/logs?userId=Ada Lovelace'],
    ['a space after another request', '/ HTTP/1.1\r\nhost: localhost\r\n\r\nGET /?a=b c'],
  ])('%s', async (_what, url) => {
    const answers = await send(`GET ${url} HTTP/1.1\r\nhost: localhost\r\n\r\n`)
    expect(answers).toContain('percent-encoded, for example with curl -G --data-urlencode')
    expect(answers.match(/HTTP\/1\.1 400/g)).toHaveLength(1)
  })
})

test('OPTIONS * is told which methods there are', async () => {
  const answer = problemIn(await send('OPTIONS * HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'))
  expect(answer).toMatchObject({ status: 405, body: { detail: expect.stringContaining('GET, HEAD, POST, DELETE') } })
})

test('HTTP/1.0 needs no Host', async () => {
  expect(await send('GET / HTTP/1.0\r\n\r\n')).toMatch(/^HTTP\/1\.1 200 /)
})

test('a complete request is answered before the invalid one that follows it is rejected', async () => {
  const gate = Promise.withResolvers<void>()
  const fetch = async () => {
    await gate.promise
    return new Response('first')
  }
  const answers = send('GET / HTTP/1.1\r\nhost: localhost\r\n\r\nnonsense\r\n\r\n more nonsense\r\n\r\n', { fetch })
  setImmediate(() => gate.resolve())
  expect((await answers).match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 400'])
})

test('no second answer follows one that has begun while its request still arrives', async () => {
  const fetch = () => new Response('early')
  await using server = await listen({ fetch, port: 0, log: silent })
  const socket = connect({ port: server.port, host: 'localhost', allowHalfOpen: true })
  socket.write('POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n')
  const [first] = await once(socket, 'data')
  socket.write('zz\r\n')
  const answers = first + (await text(socket).catch(() => ''))
  expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200'])
})

test('a client that resets its tunnel does no harm', async () => {
  await using server = await listen({ fetch: () => new Response('ok'), port: 0, log: silent })
  const reset = async (after: 'request' | 'answer') => {
    const socket = connect({ port: server.port, host: 'localhost', allowHalfOpen: true })
    socket.on('error', () => {})
    await new Promise<void>((resolve) =>
      socket.write('CONNECT x:443 HTTP/1.1\r\nhost: localhost\r\n\r\n', () => resolve()),
    )
    if (after === 'answer') await once(socket, 'data')
    socket.resetAndDestroy()
  }
  for (let n = 0; n < 20; n++) await reset(n % 2 ? 'request' : 'answer')
  expect((await fetch(`http://localhost:${server.port}/`)).status).toBe(200)
})

test('a client that keeps its side open loses its connection', async () => {
  await using server = await listen({ fetch: () => new Response(), port: 0, log: silent })
  const socket = connect({ port: server.port, host: 'localhost', allowHalfOpen: true })
  socket.on('error', () => {}).resume()
  socket.write('nonsense\r\n\r\n')
  const sendForEver = setInterval(() => socket.write('x'), 20)
  await new Promise((resolve) => socket.once('close', resolve))
  clearInterval(sendForEver)
})
