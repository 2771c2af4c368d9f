/** The place of a record: a partition and an offset of its topic. */
export type Position = { partition: number; offset: number }

/**
 * Names a record by its position. Its time of receipt tells it from a record at the same position after the topic was
 * deleted and created again.
 */
export type Receipt = { position: Position; recordedAt: Date }

const version = 1
const length = 1 + 3 + 8 + 6

/**
 * Makes the opaque, URL-safe receipt that the client gets with the 202. Its first byte is the version of the format.
 */
export function toReceipt({ position, recordedAt }: Receipt): string {
  if (!Number.isSafeInteger(position.offset)) throw new RangeError(`${position.offset} is not an offset`)
  written.writeUInt8(version, 0)
  written.writeUIntBE(position.partition, 1, 3)
  written.writeUInt32BE(Math.floor(position.offset / 2 ** 32), 4)
  written.writeUInt32BE(position.offset % 2 ** 32, 8)
  written.writeUIntBE(recordedAt.getTime(), 12, 6)
  return written.toString('base64url')
}

/** Each receipt is written into the same bytes, since allocating them takes longer than the rest. */
const written = Buffer.alloc(length)

/** Returns what the receipt names, or the error as a string. */
export function readReceipt(text: string): Receipt | string {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.toString('base64url') !== text || bytes.length === 0) return 'is not a receipt of this log'
  if (bytes.readUInt8(0) !== version) return 'comes from another version of this log'
  if (bytes.length !== length) return 'is not a receipt of this log: part of it is missing, or it has extra characters'
  const offset = bytes.readBigUInt64BE(4)
  if (offset > BigInt(Number.MAX_SAFE_INTEGER)) return 'is not a receipt of this log'
  return {
    position: { partition: bytes.readUIntBE(1, 3), offset: Number(offset) },
    recordedAt: new Date(bytes.readUIntBE(12, 6)),
  }
}
