import { hash } from 'node:crypto'

const checksumLength = 4

/** Bytes as opaque, URL-safe text. A checksum tells what is ours from what is not; it keeps nobody from making their own. */
export function toToken(bytes: Buffer): string {
  return Buffer.concat([bytes, checksum(bytes)]).toString('base64url')
}

/** The bytes; undefined for what is not exactly a token. */
export function readToken(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.toString('base64url') !== text || bytes.length <= checksumLength) return undefined
  const content = bytes.subarray(0, -checksumLength)
  return bytes.subarray(-checksumLength).equals(checksum(content)) ? content : undefined
}

const checksum = (bytes: Buffer) => hash('sha256', bytes, 'buffer').subarray(0, checksumLength)
