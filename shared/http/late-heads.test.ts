import { EventEmitter, once } from 'node:events'
import type { Server } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { fewPerTurn } from '../few-per-turn.ts'
import { silent, until } from '../testing/builders.ts'
import { watchLateHeads } from './late-heads.ts'
import { listen } from './serve.ts'
import { createService } from './service.ts'

test('thousands of clients that say nothing are reported a few per turn of the event loop, each once', async () => {
  const server = new EventEmitter()
  const reported = new Map<unknown, number>()
  let [inTurn, most] = [0, 0]
  server.on('clientError', (_error, socket) => {
    inTurn++
    reported.set(socket, (reported.get(socket) ?? 0) + 1)
  })
  let next = setImmediate(function tick() {
    most = Math.max(most, inTurn)
    inTurn = 0
    next = setImmediate(tick)
  })
  const gradually = fewPerTurn(32)
  watchLateHeads(server as Server, { latestOf: () => undefined, limitMs: 5, everyMs: 1, gradually })
  for (let n = 0; n < 2_000; n++) server.emit('connection', Object.assign(new EventEmitter(), { bytesRead: 0 }))
  await until(() => reported.size === 2_000)
  await wait(10)
  clearImmediate(next)
  server.emit('close')
  expect(most).toBeLessThanOrEqual(32)
  expect([...reported.values()].every((count) => count === 1)).toBe(true)
})

const timeouts = { headersTimeout: 60, requestTimeout: 0, connectionsCheckingInterval: 10, keepAliveTimeout: 5_000 }
const service = createService({
  log: silent,
  routes: {
    'GET /': { scope: 'public', handle: async () => ({ status: 200 }) },
    'POST /': {
      scope: 'public',
      handle: async (request) => ({ status: 200, body: await request.use(100, () => ({})) }),
    },
  },
})

test.each([
  ['the first headers', ['GET / HT']],
  ['the headers of a later request', ['GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', 'GET / HT']],
  ['the headers after a body', ['POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n', 'x', 'GET']],
])('%s have to come in time', async (_what, parts) => {
  await using server = await listen({ ...service, port: 0, log: silent, timeouts })
  const socket = connect(server.port, '127.0.0.1')
  let answers = ''
  socket.on('data', (chunk) => {
    answers += chunk
  })
  for (const part of parts) {
    socket.write(part)
    // longer than it takes until somebody looks
    await wait(30)
  }
  await once(socket, 'close')
  expect(
    answers
      .split('HTTP/1.1 ')
      .slice(1)
      .map((each) => each.slice(0, 3)),
  ).toEqual(parts.length === 1 ? ['408'] : ['200', '408'])
})

test('a connection that waits for its next request stays, and so does one whose body arrives slowly', async () => {
  await using server = await listen({ ...service, port: 0, log: silent, timeouts })
  const [idle, slow] = [connect(server.port, '127.0.0.1'), connect(server.port, '127.0.0.1')]
  idle.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await once(idle, 'data')
  slow.write('POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\n')
  for (let n = 0; n < 20; n++) {
    await wait(10)
    slow.write('x')
  }
  expect(String((await once(slow, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /)
  idle.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  expect(String((await once(idle, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /)
  idle.destroy()
  slow.destroy()
})
