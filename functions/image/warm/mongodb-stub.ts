import { BSON, type Document } from 'mongodb'
import { openStub, type Stub } from './stub.ts'

const opReply = 1
const opQuery = 2004
const opMsg = 2013
const headerBytes = 16

/** A MongoDB replica set of one, which takes every write and finds the same documents whatever it is asked for. */
export const openMongoStub = (found: readonly Document[]): Promise<Stub> =>
  openStub({
    length: (received) => received.readInt32LE(0),
    answer(message, address) {
      const command = commandIn(message)
      const isHello = 'hello' in command || 'ismaster' in command
      const cursor = { id: 0n, ns: 'a.b', firstBatch: 'find' in command ? found : [] }
      const answer = isHello ? hello(address) : { ok: 1, n: 1, cursor }
      return reply(message, BSON.serialize(answer))
    },
  })

const hello = (address: string) => ({
  ok: 1,
  isWritablePrimary: true,
  helloOk: true,
  setName: 'rs0',
  hosts: [address],
  me: address,
  primary: address,
  minWireVersion: 0,
  maxWireVersion: 25,
  maxBsonObjectSize: 16 * 1024 * 1024,
  maxMessageSizeBytes: 48_000_000,
  maxWriteBatchSize: 100_000,
  logicalSessionTimeoutMinutes: 30,
})

/** The first section of an OP_MSG, or the query of the OP_QUERY with which a driver says hello. */
function commandIn(message: Buffer): Document {
  const isQuery = message.readInt32LE(12) === opQuery
  const at = isQuery ? message.indexOf(0, headerBytes + 4) + 9 : headerBytes + 5
  return BSON.deserialize(message.subarray(at, at + message.readInt32LE(at)))
}

function reply(message: Buffer, document: Uint8Array): Buffer {
  const isQuery = message.readInt32LE(12) === opQuery
  const fields = Buffer.alloc(isQuery ? 20 : 5)
  if (isQuery) fields.writeInt32LE(1, headerBytes)
  const header = Buffer.alloc(headerBytes)
  header.writeInt32LE(headerBytes + fields.length + document.length, 0)
  header.writeInt32LE(message.readInt32LE(4), 8)
  header.writeInt32LE(isQuery ? opReply : opMsg, 12)
  return Buffer.concat([header, fields, document])
}
