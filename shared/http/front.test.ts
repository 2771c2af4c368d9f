import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { silent } from '../testing/builders.ts'
import { incomingFrom } from './body.ts'
import { Problem } from './problem.ts'
import type { Handler } from './route.ts'
import { listen } from './serve.ts'
import { createService } from './service.ts'

const byApp = 'by the app'
const serve = (handle: Handler) => {
  const { front } = createService({ log: silent, routes: { 'POST /x': { scope: 'write', handle } } })
  return listen({ front, fetch: () => new Response(byApp), port: 0, log: silent })
}

const ask = async (port: number, path: string, init?: RequestInit) => {
  const response = await fetch(`http://localhost:${port}${path}`, init)
  return [response.status, response.headers.get('content-type'), await response.text()]
}

test('answers its routes, with the body unchanged', async () => {
  await using server = await serve(async ({ url, header, bytes }) => ({
    status: 202,
    body: { url, type: header('content-type'), text: String(await bytes(10)) },
  }))
  const answer = await ask(server.port, '/x?y=1', { method: 'POST', body: 'ü' })
  const body = '{"url":"/x?y=1","type":"text/plain;charset=UTF-8","text":"ü"}'
  expect(answer).toEqual([202, 'application/json', body])
})

test('leaves requests without a route, and bodies without a declared length, to the router', async () => {
  await using server = await serve(async () => ({ status: 204 }))
  expect((await ask(server.port, '/x', { method: 'POST' }))[0]).toBe(204)
  expect((await ask(server.port, '/x'))[2]).toBe(byApp)
  expect((await ask(server.port, '/X', { method: 'POST' }))[2]).toBe(byApp)
  const body = new Blob(['x']).stream()
  expect((await ask(server.port, '/x', { method: 'POST', body, duplex: 'half' } as RequestInit))[2]).toBe(byApp)
})

test.each([
  ['a Host that is not a host', 'host: a b/c@d'],
  ['an empty Host', 'host:'],
  ['two content types', 'host: localhost\r\ncontent-type: application/json\r\ncontent-type: text/plain'],
])('leaves unusual headers to the router: %s', async (_what, headers) => {
  await using server = await serve(async () => ({ status: 204 }))
  const socket = connect(server.port, 'localhost')
  socket.write(`POST /x HTTP/1.1\r\n${headers}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`)
  expect(await text(socket)).not.toMatch(/^HTTP\/1\.1 204 /)
})

test('reads no more of a body than the limit, even if its headers declare no length', async () => {
  const request = new PassThrough() as unknown as IncomingMessage
  Object.assign(request, { headers: {} })
  const read = incomingFrom(request).bytes(10)
  for (let n = 0; n < 3; n++) request.push('12345')
  await expect(read).rejects.toMatchObject({ code: 'too-large' })
  expect(request.isPaused()).toBe(true)
})

test('answers the health check', async () => {
  await using server = await serve(async () => ({ status: 204 }))
  expect(await ask(server.port, '/healthz')).toEqual([200, 'application/json', '{"status":"ok"}'])
})

test('answers a problem like the router', async () => {
  const problem = new Problem('unavailable', 'later', { headers: { 'retry-after': '1' } })
  await using server = await serve(() => Promise.reject(problem))
  const [status, type, text] = await ask(server.port, '/x', { method: 'POST' })
  expect([status, type, text]).toEqual([503, 'application/problem+json', problem.toJson()])
})

test('tells the handler when the client goes away', async () => {
  const asked = Promise.withResolvers<AbortSignal>()
  const answer = Promise.withResolvers<{ status: number }>()
  await using server = await serve(({ gone }) => {
    asked.resolve(gone())
    return answer.promise
  })
  const client = request({ port: server.port, path: '/x', method: 'POST' }).on('error', () => {})
  client.end()
  const gone = await asked.promise
  expect(gone.aborted).toBe(false)
  client.destroy()
  await once(gone, 'abort')
  answer.resolve({ status: 204 })
})
