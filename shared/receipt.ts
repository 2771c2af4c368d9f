/** Where a record is: partition and offset of its topic. */
export type Position = { partition: number; offset: number }

/**
 * What a receipt names: a record by its position. The time of receipt beside it tells the record from another one at the
 * same place of a topic that was made anew.
 */
export type Receipt = { position: Position; recordedAt: Date }

const version = 1
const length = 1 + 3 + 8 + 6

/** Opaque and URL-safe, given to the client with the 202. Its first byte is the version of its form. */
export function toReceipt({ position, recordedAt }: Receipt): string {
  const bytes = Buffer.alloc(length)
  bytes.writeUInt8(version, 0)
  bytes.writeUIntBE(position.partition, 1, 3)
  bytes.writeBigUInt64BE(BigInt(position.offset), 4)
  bytes.writeUIntBE(recordedAt.getTime(), 12, 6)
  return bytes.toString('base64url')
}

/** What the receipt names, or what is wrong with it. */
export function readReceipt(text: string): Receipt | string {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.toString('base64url') !== text || bytes.length === 0) return 'is not a receipt of this log'
  if (bytes.readUInt8(0) !== version) return 'is of another version of this log'
  if (bytes.length !== length) return 'is not a receipt of this log: part of it is missing, or there is too much'
  const offset = bytes.readBigUInt64BE(4)
  if (offset > BigInt(Number.MAX_SAFE_INTEGER)) return 'is not a receipt of this log'
  return {
    position: { partition: bytes.readUIntBE(1, 3), offset: Number(offset) },
    recordedAt: new Date(bytes.readUIntBE(12, 6)),
  }
}
