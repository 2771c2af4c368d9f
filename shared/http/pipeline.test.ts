import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { expect, test } from 'vitest'
import { createPipelines } from './pipeline.ts'

test('a connection that is never idle keeps only the responses that are still open', async () => {
  const open: ServerResponse[] = []
  let arrived = Promise.withResolvers<void>()
  const { listener, connections } = createPipelines({ inProgress: 4, waiting: 100 }, (_request, response, done) => {
    response.once('close', done)
    open.push(response)
    arrived.resolve()
  })
  const server = createServer(listener).listen(0)
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port).resume()
  const request = async () => {
    arrived = Promise.withResolvers()
    client.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await arrived.promise
  }
  await request()
  for (let n = 0; n < 50; n++) {
    await request()
    const first = open.shift() as ServerResponse
    first.end()
    await once(first, 'close')
  }
  expect([...connections.values()][0]?.responses.length).toBeLessThanOrEqual(2)
  client.destroy()
  server.close()
})

test.each([
  { requests: 2, traced: true },
  { requests: 20, traced: false },
])('when a connection closes, its $requests requests end with a stack trace: $traced', async ({ requests, traced }) => {
  const { stackTraceLimit } = Error
  const errors: Error[] = []
  const open: IncomingMessage[] = []
  const { listener } = createPipelines({ inProgress: 4, waiting: 100 }, (request) => {
    request.on('error', (error) => errors.push(error))
    open.push(request)
  })
  const arrived = Promise.withResolvers<void>()
  let count = 0
  const server = createServer((request, response) => {
    listener(request, response)
    if (++count === requests) arrived.resolve()
  }).listen(0)
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port)
  client.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(requests))
  await arrived.promise
  const closed = once(open[0]!.socket, 'close')
  open[0]!.socket.destroy()
  await closed
  await new Promise(setImmediate)
  expect(errors).toHaveLength(Math.min(4, requests))
  for (const { stack } of errors) expect(stack!.includes('\n    at ')).toBe(traced)
  expect(Error.stackTraceLimit).toBe(stackTraceLimit)
  client.destroy()
  server.close()
})
