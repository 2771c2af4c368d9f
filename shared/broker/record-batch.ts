import type { EventRecord } from '../activity-recorded.ts'
import { crc32c } from './crc32c.ts'

/** The bytes of a batch before its records. The checksum covers the bytes after itself. */
const headBytes = 61
const crcAt = 17
const afterCrc = 21
const magic = 2

/**
 * Encodes records as Kafka stores them: a record batch of version 2, without keys, uncompressed, all with one
 * timestamp. It takes one pass: kafkajs makes half a dozen buffers for each header, which takes more time than all
 * other work of ingest.
 */
export function encodeRecordBatch(records: readonly EventRecord[], nowMs: number): Buffer {
  const all = records.map(measure)
  let size = headBytes
  for (const [delta, { fixed }] of all.entries()) {
    const body = fixed + varintBytes(delta)
    size += varintBytes(body) + body
  }
  const batch = Buffer.allocUnsafe(size)
  batch.fill(0, 0, headBytes)
  batch.writeInt32BE(size - 12, 8)
  batch.writeInt8(magic, 16)
  batch.writeInt32BE(records.length - 1, 23)
  batch.writeBigInt64BE(BigInt(nowMs), 27)
  batch.writeBigInt64BE(BigInt(nowMs), 35)
  // the producer is neither idempotent nor transactional
  batch.fill(0xff, 43, 51)
  batch.writeInt32BE(records.length, 57)
  let at = headBytes
  for (const [delta, measured] of all.entries()) at = writeRecord(batch, at, delta, measured)
  batch.writeUInt32BE(crc32c(batch.subarray(afterCrc)), crcAt)
  return batch
}

/** `fixed` is the number of bytes of a record's body without its offset delta. */
type Measured = { record: EventRecord; names: string[]; valueBytes: number; fixed: number }

function measure(record: EventRecord): Measured {
  const names = Object.keys(record.headers)
  const valueBytes = Buffer.byteLength(record.value)
  // this includes one byte each for the attributes, the timestamp delta and the length of the missing key
  let fixed = 3 + varintBytes(valueBytes) + valueBytes + varintBytes(names.length)
  for (const name of names) {
    for (const text of [name, record.headers[name] as string]) {
      const bytes = Buffer.byteLength(text)
      fixed += varintBytes(bytes) + bytes
    }
  }
  return { record, names, valueBytes, fixed }
}

function writeRecord(batch: Buffer, start: number, delta: number, { record, names, valueBytes, fixed }: Measured) {
  let at = writeVarint(batch, start, fixed + varintBytes(delta))
  batch[at++] = 0
  batch[at++] = 0
  at = writeVarint(batch, at, delta)
  at = writeVarint(batch, at, -1)
  at = writeVarint(batch, at, valueBytes)
  at += batch.write(record.value, at)
  at = writeVarint(batch, at, names.length)
  for (const name of names) {
    for (const text of [name, record.headers[name] as string]) {
      const bytes = Buffer.byteLength(text)
      at = writeVarint(batch, at, bytes)
      at += batch.write(text, at)
    }
  }
  return at
}

/** Zigzag encoding keeps small numbers of either sign short. */
const zigzag = (value: number) => ((value << 1) ^ (value >> 31)) >>> 0

function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = zigzag(value) >>> 7; rest > 0; rest >>>= 7) bytes++
  return bytes
}

function writeVarint(batch: Buffer, start: number, value: number): number {
  let at = start
  let rest = zigzag(value)
  for (; rest > 0x7f; rest >>>= 7) batch[at++] = (rest & 0x7f) | 0x80
  batch[at++] = rest
  return at
}
