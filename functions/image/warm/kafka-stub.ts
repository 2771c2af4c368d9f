import { openStub, type Stub } from './stub.ts'

const keys = { produce: 0, metadata: 3, saslHandshake: 17, apiVersions: 18, saslAuthenticate: 36 } as const

const int16 = (value: number) => {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}
const int64 = (value: bigint) => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(value)
  return bytes
}
const text = (value: string) => Buffer.concat([int16(value.length), Buffer.from(value)])
const list = (...items: readonly Buffer[]) => Buffer.concat([int32(items.length), ...items])
const none = int16(0)
const absent = int16(-1)

/** A Kafka of one broker and one topic of one partition, which takes everything and everyone, and keeps nothing. */
export const openKafkaStub = (topic: string): Promise<Stub> =>
  openStub({
    length: (received) => 4 + received.readInt32BE(0),
    answer(request, address) {
      const body = Buffer.concat([request.subarray(8, 12), answerTo(request.readInt16BE(4), address, topic)])
      return Buffer.concat([int32(body.length), body])
    },
  })

/** In the highest versions that kafkajs 2.2.4 speaks. */
function answerTo(key: number, address: string, topic: string): Buffer {
  const [host = '', port = ''] = address.split(':')
  if (key === keys.apiVersions) {
    const upTo = (key: number, version: number) => Buffer.concat([int16(key), int16(0), int16(version)])
    const versions = [
      upTo(keys.produce, 7),
      upTo(keys.metadata, 6),
      upTo(keys.saslHandshake, 1),
      upTo(keys.apiVersions, 2),
      upTo(keys.saslAuthenticate, 1),
    ]
    return Buffer.concat([none, list(...versions), int32(0)])
  }
  if (key === keys.metadata) {
    const broker = Buffer.concat([int32(1), text(host), int32(Number(port)), absent])
    const partition = Buffer.concat([none, int32(0), int32(1), list(int32(1)), list(int32(1)), list()])
    const known = Buffer.concat([none, text(topic), Buffer.of(0), list(partition)])
    return Buffer.concat([int32(0), list(broker), absent, int32(1), list(known)])
  }
  if (key === keys.produce) {
    const partition = Buffer.concat([int32(0), none, int64(0n), int64(-1n), int64(0n)])
    return Buffer.concat([list(Buffer.concat([text(topic), list(partition)])), int32(0)])
  }
  if (key === keys.saslHandshake) return Buffer.concat([none, list(text('PLAIN'))])
  if (key === keys.saslAuthenticate) return Buffer.concat([none, absent, int32(0), int64(0n)])
  throw new Error(`There is no answer to a request of the kind ${key}`)
}
