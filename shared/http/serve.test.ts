import { Agent, get, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { StartError } from '../config.ts'
import { silent, until } from '../testing/builders.ts'
import { type ListenOptions, listen } from './serve.ts'

const serve = (fetch: ListenOptions['fetch'], port = 0) => listen({ fetch, port, log: silent })
const request = (port: number, path = '/', agent?: Agent) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    get({ port, path, host: 'localhost', ...(agent && { agent }) }, resolve).on('error', reject)
  })

test('serves at the port that it was given by the system', async () => {
  await using server = await serve((incoming) => new Response(new URL(incoming.url).pathname))
  const response = await request(server.port, '/logs')
  expect(await text(response)).toBe('/logs')
})

test('finishes what is under way when it is disposed of, refuses what is new, and ends only then', async () => {
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

test('does not wait for connections that are kept alive and idle', async () => {
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

test('a host header that names no host is a problem of the client', async () => {
  await using server = await serve(() => new Response('ok'))
  const socket = connect(server.port, 'localhost')
  socket.write('GET / HTTP/1.1\r\nhost: a b\r\nconnection: close\r\n\r\n')
  const answer = await text(socket)
  expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  expect(answer).toContain('application/problem+json')
})

test('a client that never finishes its headers, or its body, loses its connection', async () => {
  const timeouts = { headersTimeout: 100, requestTimeout: 200, connectionsCheckingInterval: 20, keepAliveTimeout: 1000 }
  await using server = await listen({
    fetch: async (request) => new Response(await request.text()),
    port: 0,
    log: silent,
    timeouts,
  })
  for (const beginning of [
    'GET / HTTP/1.1\r\nhost: x\r\n',
    'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nab',
  ]) {
    const socket = connect(server.port, 'localhost')
    socket.write(beginning)
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 408 /)
  }
})

test('every answer names its request: by the id that the client sent, if it is one', async () => {
  await using server = await listen({ fetch: () => new Response('ok'), port: 0, log: silent })
  const idOf = async (headers: Record<string, string>) =>
    (await fetch(`http://localhost:${server.port}/`, { headers })).headers.get('x-request-id')
  expect(await idOf({ 'x-request-id': 'mine-1' })).toBe('mine-1')
  const made = [await idOf({}), await idOf({ 'x-request-id': 'not {an} id' })]
  expect(new Set(made).size).toBe(2)
  for (const id of made) expect(id).toMatch(/^[\da-f]{8}-\d+$/)
})

test('two hosts in one request are refused', async () => {
  await using server = await listen({ fetch: () => new Response('ok'), port: 0, log: silent })
  const socket = connect(server.port, 'localhost')
  socket.write('GET / HTTP/1.1\r\nhost: a\r\nHost: b\r\n\r\n')
  const answer = await text(socket)
  expect(answer).toMatch(/^HTTP\/1\.1 400 /)
  expect(answer).toContain('more than one Host header')
})
