import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { build } from 'esbuild'
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js'
import { expect, onTestFinished, test } from 'vitest'
import { silent } from '../testing/builders.ts'
import { createKafka } from './kafka-client.ts'

function aRequestQueue() {
  const queue = new RequestQueue({
    maxInFlightRequests: 0,
    requestTimeout: 1000,
    clientId: 'test',
    broker: 'kafka:9092',
  })
  onTestFinished(() => queue.destroy())
  return queue
}

test('a connection without waiting requests arms no timer', () => {
  const queue = aRequestQueue()
  queue.checkPendingRequests()
  expect(queue.throttleCheckTimeoutId).toBeNull()
})

test('a connection with a waiting request checks it again', () => {
  const queue = aRequestQueue()
  queue.pending.push({})
  queue.checkPendingRequests()
  expect(queue.throttleCheckTimeoutId).not.toBeNull()
})

test('a bundle contains one request queue, which has the fix', async () => {
  const { metafile } = await build({
    entryPoints: [join(import.meta.dirname, 'kafka-client.ts')],
    bundle: true,
    platform: 'node',
    format: 'cjs',
    write: false,
    metafile: true,
  })
  const queues = Object.keys(metafile.inputs).filter((file) => file.includes('requestQueue/index.js'))
  expect(queues).toHaveLength(1)
})

test('everything that kafkajs logs goes to our debug log', async () => {
  const facts: object[] = []
  const log = { ...silent, debug: (fields: object) => void facts.push(fields) }
  const connection = { brokers: ['127.0.0.1:1'], tls: {} }
  const producer = createKafka(connection, { log, clientId: 'test', retry: { retries: 0 } }).producer({
    createPartitioner: () => () => 0,
  })
  await expect(producer.connect()).rejects.toThrow()
  expect(facts).toContainEqual(expect.objectContaining({ kafkajs: 'Connection', broker: '127.0.0.1:1' }))
})

test('an answer that would fill the memory ends the connection', async () => {
  let sent = 0
  const piece = Buffer.alloc(1024 * 1024)
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => {
      const length = Buffer.alloc(4)
      length.writeInt32BE(0x7fff_fff0)
      socket.write(length)
      const flood = () => {
        while (!socket.destroyed && sent++ < 512 && socket.write(piece));
      }
      socket.on('drain', flood)
      flood()
    })
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const admin = createKafka(
    { brokers: [`127.0.0.1:${port}`] },
    { log: silent, clientId: 'test', retry: { retries: 0 } },
  ).admin()
  await expect(admin.connect()).rejects.toThrow('too large')
  expect(sent).toBeLessThan(64)
})
