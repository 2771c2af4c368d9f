import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { until } from '@activity-log/shared/testing/builders.ts'
import { expect, onTestFinished, test } from 'vitest'
import { rewriteAddresses } from './kafka-addresses.ts'
import { type FaultProxy, startProxy } from './proxy.ts'

/** A server behind a proxy that echoes its input, and a client for both. */
async function anEcho(options: { holdMs?: number } = {}) {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).pipe(socket)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const proxy = await startProxy({ upstreams: [{ port, host: '127.0.0.1' }], ...options })
  onTestFinished(async () => {
    await proxy[Symbol.asyncDispose]()
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { proxy, client: await aClient(proxy) }
}

async function aClient({ port }: FaultProxy) {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  let text = ''
  let error: string | undefined
  let ended = false
  socket.on('data', (chunk) => {
    text += chunk
  })
  socket.on('end', () => {
    ended = true
  })
  socket.on('error', (cause: NodeJS.ErrnoException) => {
    error = cause.code
  })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return { socket, text: () => text, error: () => error, ended: () => ended }
}

test('lets everything through, and closes each direction separately', async () => {
  const { client } = await anEcho()
  client.socket.end('hello')
  await until(() => client.ended())
  expect(client.text()).toBe('hello')
})

test('a black hole holds back everything, also on open connections, and releases it when it is lifted', async () => {
  const { proxy, client } = await anEcho()
  client.socket.write('a')
  await until(() => client.text() === 'a')
  await proxy.set({ kind: 'black hole', direction: 'down' })
  client.socket.write('b')
  const other = await aClient(proxy)
  other.socket.write('c')
  await until(() => proxy.connections() === 2)
  expect([client.text(), other.text()]).toEqual(['a', ''])
  await proxy.set(undefined)
  await until(() => client.text() === 'ab' && other.text() === 'c')
})

test('cuts a connection after the given number of bytes, and lets those through', async () => {
  const { proxy, client } = await anEcho()
  await proxy.set({ kind: 'cut', afterBytes: 5, direction: 'down' })
  client.socket.write('0123456789')
  await until(() => client.error() !== undefined)
  expect(client.error()).toBe('ECONNRESET')
  expect('01234'.startsWith(client.text())).toBe(true)
})

test('resets open connections once', async () => {
  const { proxy, client } = await anEcho()
  await until(() => proxy.connections() === 1)
  await proxy.set({ kind: 'reset' })
  await until(() => client.error() === 'ECONNRESET')
  const next = await aClient(proxy)
  next.socket.write('again')
  await until(() => next.text() === 'again')
})

test('refuses connections, and listens again on the same port', async () => {
  const { proxy, client } = await anEcho()
  await until(() => proxy.connections() === 1)
  await proxy.set({ kind: 'refuse' })
  await until(() => client.error() === 'ECONNRESET')
  await expect(aClient(proxy)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  await proxy.set(undefined)
  await aClient(proxy)
})

test('half-closes: the answer ends while the request may continue', async () => {
  const { proxy, client } = await anEcho()
  await until(() => proxy.connections() === 1)
  await proxy.set({ kind: 'half-close', direction: 'down' })
  await until(() => client.ended())
  expect(client.socket.writable).toBe(true)
})

test('delays all data, or slows it down', async () => {
  const { proxy, client } = await anEcho()
  await proxy.set({ kind: 'latency', ms: 1 })
  client.socket.write('late')
  await until(() => client.text() === 'late')
  await proxy.set({ kind: 'bandwidth', bytesPerSecond: 40 })
  client.socket.write('slow')
  await until(() => client.text() === 'lateslow')
})

test('holds a connection until the server listens', async () => {
  const free = createServer()
  await once(free.listen(0, '127.0.0.1'), 'listening')
  const { port } = free.address() as AddressInfo
  await new Promise((resolve) => free.close(resolve))
  const proxy = await startProxy({ upstreams: [{ port, host: '127.0.0.1' }], holdMs: 20_000 })
  onTestFinished(() => proxy[Symbol.asyncDispose]())
  const client = await aClient(proxy)
  client.socket.write('early')
  const late = createServer((socket) => socket.on('error', () => {}).pipe(socket))
  onTestFinished(() => void late.close())
  late.listen(port, '127.0.0.1')
  await until(() => client.text() === 'early')
})

test('replaces the ports of brokers in answers that arrive in pieces, and changes nothing else', () => {
  const answer = (port: number) => {
    const body = Buffer.concat([Buffer.from([0, 9]), Buffer.from('127.0.0.1'), Buffer.alloc(4), Buffer.from('rest')])
    body.writeUInt32BE(port, 11)
    const length = Buffer.alloc(4)
    length.writeUInt32BE(body.byteLength)
    return Buffer.concat([length, body])
  }
  const rewrite = rewriteAddresses({ host: '127.0.0.1', ports: new Map([[9092, 50_001]]) })
  const sent = Buffer.concat([answer(9092), answer(9999)])
  const pieces = Array.from(sent, (_, at) => rewrite(sent.subarray(at, at + 1)))
  expect(Buffer.concat(pieces)).toEqual(Buffer.concat([answer(50_001), answer(9999)]))
})
