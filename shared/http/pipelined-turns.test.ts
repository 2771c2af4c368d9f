import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { silent, until } from '../testing/builders.ts'
import { listen } from './serve.ts'
import { createService } from './service.ts'

test('few requests that waited behind others start in one turn, however many connections have some', async () => {
  let turn = 0
  const startsByTurn = new Map<number, number>()
  let next = setImmediate(function tick() {
    turn++
    next = setImmediate(tick)
  })
  const service = createService({
    log: silent,
    routes: {
      'GET /first': { scope: 'read', handle: async () => ({ status: 200 }) },
      'GET /later': {
        scope: 'read',
        async handle() {
          startsByTurn.set(turn, (startsByTurn.get(turn) ?? 0) + 1)
          return { status: 200 }
        },
      },
    },
  })
  await using server = await listen({ ...service, port: 0, log: silent })
  const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`
  const [connections, requests] = [20, 50]
  const sockets = Array.from({ length: connections }, () => connect(server.port, 'localhost'))
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  const answered = sockets.map(async (socket) => {
    let answers = 0
    for await (const chunk of socket) {
      answers += String(chunk).split('HTTP/1.1 200').length - 1
      if (answers === requests + 4) return
    }
  })
  for (const socket of sockets) socket.write(get('/first').repeat(4) + get('/later').repeat(requests))
  await Promise.all(answered)
  clearImmediate(next)
  expect([...startsByTurn.values()].reduce((sum, count) => sum + count)).toBe(connections * requests)
  // a turn may end between the start and the handler
  expect(Math.max(...startsByTurn.values())).toBeLessThanOrEqual(8)
})

test('one turn parses what one connection has sent, however many connections pipeline thousands of requests', async () => {
  let parsed = 0
  const byTurn: number[] = []
  let next = setImmediate(function tick() {
    byTurn.push(parsed)
    parsed = 0
    next = setImmediate(tick)
  })
  const onStart = () => parsed++
  subscribe('http.server.request.start', onStart)
  const held = Promise.withResolvers<void>()
  const service = createService({
    log: silent,
    routes: { 'GET /': { scope: 'read', handle: () => held.promise.then(() => ({ status: 200 })) } },
  })
  // nothing of it is closed because of the others
  await using server = await listen({ ...service, port: 0, log: silent, atOnce: { waiting: 100_000 } })
  const [connections, requests] = [20, 1_500]
  const sockets = Array.from({ length: connections }, () => connect(server.port, '127.0.0.1').on('error', () => {}))
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  // they are accepted, so that all of them are read in the same turn
  for (let turn = 0; turn < connections + 5; turn++) await new Promise(setImmediate)
  byTurn.length = 0
  for (const socket of sockets) socket.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(requests))
  await until(() => byTurn.reduce((sum, count) => sum + count, 0) === connections * requests)
  clearImmediate(next)
  unsubscribe('http.server.request.start', onStart)
  expect(Math.max(...byTurn)).toBeLessThan(2 * requests)
  for (const socket of sockets) socket.destroy()
  held.resolve()
})
