import { Agent, get, type IncomingMessage, request as open } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { StartError } from '../config.ts'
import { silent, until } from '../testing/builders.ts'
import { type ListenOptions, listen } from './serve.ts'
import { slotSizes } from './slots.ts'

const serve = (fetch: ListenOptions['fetch'], port = 0) => listen({ fetch, port, log: silent })
const request = (port: number, path = '/', agent?: Agent) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    get({ port, path, host: 'localhost', ...(agent && { agent }) }, resolve).on('error', reject)
  })

test('serves on the port that the system chose', async () => {
  await using server = await serve((incoming) => new Response(new URL(incoming.url).pathname))
  const response = await request(server.port, '/logs')
  expect(await text(response)).toBe('/logs')
})

test('when disposed of, finishes the requests in flight, accepts no new ones, and then ends', async () => {
  const gate = Promise.withResolvers<void>()
  let entered = false
  const server = await serve(async () => {
    entered = true
    await gate.promise
    return new Response('finished')
  })
  const underWay = request(server.port)
  await until(() => entered)

  let closed = false
  const closing = server[Symbol.asyncDispose]().then(() => {
    closed = true
  })
  await expect(request(server.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  expect(closed).toBe(false)

  gate.resolve()
  expect(await text(await underWay)).toBe('finished')
  await closing
})

test('does not wait for idle connections', async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const gate = Promise.withResolvers<void>()
  let entered = false
  const server = await serve(async (incoming) => {
    if (incoming.url.endsWith('/slow')) {
      entered = true
      await gate.promise
    }
    return new Response('ok')
  })
  await text(await request(server.port, '/', agent))
  const slow = request(server.port, '/slow', agent)
  await until(() => entered)
  const closing = server[Symbol.asyncDispose]()
  gate.resolve()
  await text(await slow)
  await closing
  agent.destroy()
}, 3_000)

test('a port in use is a StartError that names the port and the variable', async () => {
  await using server = await serve(() => new Response())
  const second = serve(() => new Response(), server.port)
  await expect(second).rejects.toBeInstanceOf(StartError)
  await expect(second).rejects.toThrow(`Port ${server.port} is in use`)
  await expect(second).rejects.toThrow(`PORT=${server.port + 1}`)
})

test('rejects a Host header that is not a host with a 400', async () => {
  await using server = await serve(() => new Response('ok'))
  const socket = connect(server.port, 'localhost')
  socket.write('GET / HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n')
  const answer = await text(socket)
  expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  expect(answer).toContain('application/problem+json')
})

test('a client that never finishes its headers or its body loses its connection', async () => {
  const timeouts = { headersTimeout: 100, requestTimeout: 200, connectionsCheckingInterval: 20, keepAliveTimeout: 1000 }
  await using server = await listen({
    fetch: async (request) => new Response(await request.text()),
    port: 0,
    log: silent,
    timeouts,
  })
  for (const beginning of [
    'GET / HTTP/1.1\r\nhost: localhost\r\n',
    'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\nab',
  ]) {
    const socket = connect(server.port, 'localhost')
    socket.write(beginning)
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 /)
  }
})

describe('a client that continues to send a rejected body', () => {
  const tooMuch = Buffer.alloc(512 * 1024)
  const refusing = () =>
    serve(async (request) => {
      for await (const _part of request.body ?? []) break
      return new Response('too large', { status: 413, headers: { connection: 'close' } })
    })
  const open = (port: number) => {
    const socket = connect({ port, host: 'localhost', allowHalfOpen: true })
    const written = (bytes: Buffer | string) =>
      new Promise<void>((resolve, reject) => socket.write(bytes, (error) => (error ? reject(error) : resolve())))
    return { socket, written }
  }

  test('sees the answer once it has sent everything', async () => {
    await using server = await refusing()
    const { socket, written } = open(server.port)
    socket.pause()
    await written(`POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${40 * tooMuch.byteLength}\r\n\r\n`)
    for (let sent = 0; sent < 40; sent++) await written(tooMuch)
    expect(await text(socket.resume())).toMatch(/^HTTP\/1.1 413 [\s\S]*too large$/)
  })

  test('loses its connection if it never stops sending', async () => {
    await using server = await refusing()
    const { socket, written } = open(server.port)
    socket.on('error', () => {}).resume()
    await written(`POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${1024 ** 4}\r\n\r\n`)
    const sendForEver = async () => {
      for (;;) await written(tooMuch)
    }
    await expect(sendForEver()).rejects.toMatchObject({ syscall: 'write' })
  })
})

test('every answer has the id of its request, and takes it from the client if it is valid', async () => {
  await using server = await listen({ fetch: () => new Response('ok'), port: 0, log: silent })
  const idOf = async (headers: Record<string, string>) =>
    (await fetch(`http://localhost:${server.port}/`, { headers })).headers.get('x-request-id')
  expect(await idOf({ 'x-request-id': 'mine-1' })).toBe('mine-1')
  const made = [await idOf({}), await idOf({ 'x-request-id': 'not {an} id' })]
  expect(new Set(made).size).toBe(2)
  for (const id of made) expect(id).toMatch(/^[\da-f]{8}-\d+$/)
})

test('a request whose handling throws is still answered, and frees its place', async () => {
  const front = () => Promise.reject(new Error('fault'))
  const atOnce = { slots: { ...slotSizes, reads: 1 } }
  await using server = await listen({ front, fetch: () => new Response('ok'), port: 0, log: silent, atOnce })
  const status = async () => (await fetch(`http://localhost:${server.port}/`)).status
  expect(await status()).toBe(500)
  await until(async () => (await status()) === 500)
})

test('rejects a request with two Host headers', async () => {
  await using server = await listen({ fetch: () => new Response('ok'), port: 0, log: silent })
  const socket = connect(server.port, 'localhost')
  socket.write('GET / HTTP/1.1\r\nhost: a\r\nHost: b\r\n\r\n')
  const answer = await text(socket)
  expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  expect(answer).toContain('more than one Host header')
})

describe('the requests in flight are bounded', () => {
  /** Every request waits, with its body, until the test releases all of them. */
  async function holding(atOnce: NonNullable<ListenOptions['atOnce']>) {
    const gate = Promise.withResolvers<void>()
    let entered = 0
    const fetch: ListenOptions['fetch'] = async (request) => {
      await request.arrayBuffer()
      entered++
      await gate.promise
      return new Response('ok')
    }
    const server = await listen({ fetch, port: 0, log: silent, atOnce })
    const send = (
      bytes: number,
      path = '/',
      headers: { [name: string]: string | number } = { 'content-length': bytes },
    ) => {
      const sending = open({ port: server.port, method: 'POST', path, headers, host: 'localhost' })
      const answer = new Promise<IncomingMessage>((resolve, reject) =>
        sending.on('response', resolve).on('error', reject),
      )
      sending.end(Buffer.alloc(bytes))
      return { answer, sending }
    }
    return { server, send, release: gate.resolve, entered: () => entered }
  }

  const writes = (count: number) => ({ slots: { ...slotSizes, writes: count } })

  test('in number: beyond the limit, answers 503 immediately until a request ends', async () => {
    const { server, send, release, entered } = await holding(writes(2))
    await using _server = server
    const first = [send(0), send(0)]
    await until(() => entered() === 2)
    const rejected = await send(0).answer
    expect([rejected.statusCode, rejected.headers['retry-after']]).toEqual([503, '1'])
    expect(JSON.parse(await text(rejected))).toMatchObject({ status: 503 })
    release()
    for (const { answer } of first) expect((await answer).statusCode).toBe(200)
    await until(async () => (await send(0).answer).statusCode === 200)
  })

  test('a request whose client has gone counts until it is done', async () => {
    const { server, send, release, entered } = await holding(writes(1))
    await using _server = server
    const { sending, answer } = send(0)
    await until(() => entered() === 1)
    sending.destroy()
    await expect(answer).rejects.toThrow()
    const second = send(0).answer.then(({ statusCode }) => statusCode)
    expect(await Promise.race([second, until(() => entered() === 2).then(() => 'let in')])).toBe(503)
    release()
    await until(async () => (await send(0).answer).statusCode === 200)
  })

  test('the health check is always answered', async () => {
    const { server, send, release, entered } = await holding(writes(1))
    await using _server = server
    const { answer } = send(0)
    await until(() => entered() === 1)
    const health = send(0, '/healthz')
    await until(() => entered() === 2)
    release()
    expect([(await answer).statusCode, (await health.answer).statusCode]).toEqual([200, 200])
  })
})

test.each<[what: string, headers: Record<string, string>]>([
  ['a large header', { 'ce-subject': 'x'.repeat(200_000) }],
  ['many headers', Object.fromEntries(Array.from({ length: 3000 }, (_, n) => [`ce-x${n}`, 'x']))],
])('accepts %s only if configured to, and then completely', async (_what, headers) => {
  const answer = (incoming: Request) => new Response(String([...incoming.headers.keys()].length))
  const ask = (port: number) =>
    new Promise<IncomingMessage>((resolve, reject) => {
      get({ port, host: 'localhost', headers }, resolve).on('error', reject)
    })
  await using usual = await serve(answer)
  expect((await ask(usual.port)).statusCode).toBe(431)
  await using ample = await listen({ fetch: answer, port: 0, log: silent, maxHeaderBytes: 1024 * 1024 })
  expect(Number(await text(await ask(ample.port)))).toBeGreaterThanOrEqual(Object.keys(headers).length)
})
