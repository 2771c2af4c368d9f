/** Where a record is: partition and offset of its topic. */
export type Position = { partition: number; offset: number }

/** An opaque name of a position, given to the client with the 202. Its first byte is the version of its form. */
export function toReceipt({ partition, offset }: Position): string {
  const bytes = Buffer.alloc(12)
  bytes.writeUInt8(1, 0)
  bytes.writeUIntBE(partition, 1, 3)
  bytes.writeBigUInt64BE(BigInt(offset), 4)
  return bytes.toString('base64url')
}
