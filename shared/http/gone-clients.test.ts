import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { silent } from '../testing/builders.ts'
import { listen } from './serve.ts'
import { createService } from './service.ts'

const large = 'x'.repeat(100_000)

/** A server with room for four large answers, each of which comes when the test says so. */
async function aServer() {
  let go = Promise.withResolvers<void>()
  let asked = 0
  const service = createService({
    log: silent,
    routes: {
      'GET /large': {
        scope: 'public',
        async handle() {
          asked++
          await go.promise
          return { status: 200, headers: { 'content-type': 'text/plain' }, body: large }
        },
      },
    },
  })
  const server = await listen({ ...service, port: 0, log: silent, atOnce: { answerBytes: 4.5 * large.length } })
  const answer = () => {
    go.resolve()
    go = Promise.withResolvers()
  }
  return { ...server, answer, asked: () => asked }
}

test.each([
  { way: 'straight from the socket', host: 'localhost', pipelined: 1 },
  { way: 'through the router', host: '[::1]', pipelined: 1 },
  { way: 'pipelined', host: 'localhost', pipelined: 3 },
  { way: 'pipelined through the router', host: '[::1]', pipelined: 3 },
])('answers to clients that have gone take no room: $way', async ({ host, pipelined }) => {
  await using server = await aServer()
  const request = `GET /large HTTP/1.1\r\nHost: ${host}\r\n\r\n`
  for (let n = 0; n < 12; n += pipelined) {
    const before = server.asked()
    const socket = connect(server.port, '127.0.0.1')
    socket.write(request.repeat(pipelined))
    while (server.asked() < before + pipelined) await new Promise(setImmediate)
    socket.resetAndDestroy()
    await once(socket, 'close')
    // the server notices it
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
    server.answer()
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
  }
  const asked = server.asked()
  const answered = fetch(`http://localhost:${server.port}/large`)
  while (server.asked() === asked) await new Promise(setImmediate)
  server.answer()
  expect((await answered).status).toBe(200)
})
