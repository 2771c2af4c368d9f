import { createRequire } from 'node:module'
import Encoder from 'kafkajs/src/protocol/encoder.js'
import produce from 'kafkajs/src/protocol/requests/produce/index.js'
import { expect, test } from 'vitest'
import { batchMessage } from './produce-request.ts'

type Framed = { correlationId: number; clientId: string; request: object }
const createRequest: (of: Framed) => Promise<Encoder> = createRequire(import.meta.url)('kafkajs/src/protocol/request')

test.each([
  1, 400, 100_000,
])('a batch of %i bytes reaches the socket whole, behind the header of its request', async (bytes) => {
  const batch = Buffer.from(Array.from({ length: bytes }, (_, index) => index % 251))
  const partitions = [{ partition: 7, messages: [batchMessage(batch, 7)] }]
  const topicData = [{ topic: 'activities', partitions }]
  const { request } = produce.protocol({ version: 7 })({ acks: -1, timeout: 2_500, topicData })
  const framed = await createRequest({ correlationId: 3, clientId: 'kafkajs', request })

  // the size; the key, the version and the number of the request, and the client; then the request itself
  const body = new Encoder(200_000)
    .writeInt16(0)
    .writeInt16(7)
    .writeInt32(3)
    .writeString('kafkajs')
    .writeString(null)
    .writeInt16(-1)
    .writeInt32(2_500)
    .writeInt32(1)
    .writeString('activities')
    .writeInt32(1)
    .writeInt32(7)
    .writeInt32(bytes)
    .writeBuffer(batch).buffer
  const size = Buffer.alloc(4)
  size.writeInt32BE(body.length)
  // kafkajs asks for its length first
  expect(framed.buffer.length).toBe(4 + body.length)
  expect(framed.buffer.equals(Buffer.concat([size, body]))).toBe(true)
})
