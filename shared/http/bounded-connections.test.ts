import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { silent, until } from '../testing/builders.ts'
import { listen } from './serve.ts'

const request = 'GET / HTTP/1.1\r\nhost: localhost\r\n\r\n'

/** A server that has room for ten connections, and for one more while it closes those that are idle. */
async function serving() {
  const fetch = async () => new Response('ok')
  const server = await listen({ fetch, port: 0, log: silent, atOnce: { connections: 10 } })
  const sockets: Socket[] = []
  const open = (sent: string) => {
    const socket = connect(server.port, '127.0.0.1').on('error', () => {})
    socket.write(sent)
    sockets.push(socket)
    return socket
  }
  const isServed = (socket: Socket) =>
    new Promise<boolean>((resolve) => {
      socket.once('data', (answer) => resolve(String(answer).startsWith('HTTP/1.1 200')))
      socket.once('close', () => resolve(false))
    })
  return Object.assign(server, { open, isServed, sockets })
}

test('beyond the maximum, idle connections are closed, so that new ones are served', async () => {
  await using server = await serving()
  for (let n = 0; n < 10; n++) expect(await server.isServed(server.open(request))).toBe(true)
  const idle = [...server.sockets]
  expect(await server.isServed(server.open(request))).toBe(true)
  await until(() => idle.every(({ closed }) => closed))
})

test('a new connection is closed if none is idle, and served once there is room again', async () => {
  await using server = await serving()
  const busy = Array.from({ length: 11 }, () => server.open('GET / HTTP/1.1\r\n'))
  await Promise.all(busy.map((socket) => once(socket, 'connect')))
  await until(async () => !(await server.isServed(server.open(request))))
  for (const socket of busy) socket.destroy()
  await until(() => server.isServed(server.open(request)))
})
