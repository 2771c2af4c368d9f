import { connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { silent, until } from '../testing/builders.ts'
import type { Routes } from './route.ts'
import { listen } from './serve.ts'
import { createService } from './service.ts'
import { slotSizes } from './slots.ts'

const routes: Routes = {
  'POST /': {
    scope: 'write',
    handle: async (request) => ({ status: 202, body: { bytes: (await request.bytes(100)).length } }),
  },
}

/** A server with three slots for writes. */
async function serving() {
  const atOnce = { slots: { ...slotSizes, writes: 3 } }
  const server = await listen({ ...createService({ log: silent, routes }), port: 0, log: silent, atOnce })
  const sockets: Socket[] = []
  /** Sends a part of a body of ten bytes, once the request has its slot. */
  async function begin(part: string) {
    const socket = connect(server.port, 'localhost').on('error', () => {})
    sockets.push(socket)
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.write('POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\nexpect: 100-continue\r\n\r\n')
    await until(() => answer.includes('100 Continue'))
    socket.write(part)
    return { answer: () => answer, finish: (rest: string) => socket.write(rest), isOver: () => socket.closed }
  }
  const post = async () => (await fetch(`http://localhost:${server.port}/`, { method: 'POST', body: 'whole' })).status
  return {
    begin,
    post,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await server[Symbol.asyncDispose]()
    },
  }
}

test('bodies that do not arrive keep nobody from writing: the one that began first makes room', async () => {
  await using server = await serving()
  const first = await server.begin('1')
  const others = [await server.begin('12'), await server.begin('123')]
  for (let count = 0; count < 10; count++) expect(await server.post()).toBe(202)
  await until(first.isOver)
  expect(first.answer()).toMatch(/HTTP\/1\.1 503 .*"detail":"Too many bodies are arriving/s)
  others.forEach((other, index) => {
    other.finish('4567890'.padStart(8 - index, '3'))
  })
  await until(() => others.every(({ answer }) => answer().includes('{"bytes":10}')))
})
