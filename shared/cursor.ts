import { hash } from 'node:crypto'
import { type Filter, filterDigest, type Order } from './filter.ts'
import { isKey } from './key.ts'

/** A place in an ordered answer: the page that begins after, or ends before, an activity. */
export type Cursor = { reading: 'onwards' | 'back'; key: string; page: number }

const version = 1
const keyLength = 26
const checksumLength = 4
const length = 1 + 1 + 4 + keyLength + 8 + checksumLength

/** Opaque and URL-safe. It holds the filter's digest, and a checksum, so that what is not ours is told from what is. */
export function encodeCursor({ reading, key, page }: Cursor, filter: Filter, order: Order): string {
  const bytes = Buffer.alloc(length)
  bytes.writeUInt8(version, 0)
  bytes.writeUInt8(reading === 'onwards' ? 0 : 1, 1)
  bytes.writeUInt32BE(page, 2)
  bytes.write(key, 6, 'latin1')
  filterDigest(filter, order).copy(bytes, 6 + keyLength)
  checksum(bytes).copy(bytes, length - checksumLength)
  return bytes.toString('base64url')
}

/** The place, or what is wrong with it. */
export function decodeCursor(text: string, filter: Filter, order: Order): Cursor | string {
  const bytes = Buffer.from(text, 'base64url')
  const isOurs =
    bytes.toString('base64url') === text &&
    bytes.length > checksumLength &&
    bytes.subarray(-checksumLength).equals(checksum(bytes))
  if (!isOurs) return 'is not a cursor of this log; take it from a next or previous link'
  if (bytes.readUInt8(0) !== version || bytes.length !== length)
    return 'is of another version of this log; start again without it'
  if (!bytes.subarray(6 + keyLength, -checksumLength).equals(filterDigest(filter, order))) {
    return 'belongs to other filters or another order; start again without it'
  }
  const key = bytes.toString('latin1', 6, 6 + keyLength)
  if (!isKey(key)) return 'names no place in the log'
  return { reading: bytes.readUInt8(1) === 0 ? 'onwards' : 'back', key, page: bytes.readUInt32BE(2) }
}

function checksum(bytes: Buffer): Buffer {
  return hash('sha256', bytes.subarray(0, -checksumLength), 'buffer').subarray(0, checksumLength)
}
