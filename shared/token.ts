import { hash } from 'node:crypto'

const checksumLength = 4

/** Encodes bytes as opaque, URL-safe text. Its checksum detects foreign text, but anybody can make a valid token. */
export function toToken(bytes: Buffer): string {
  return Buffer.concat([bytes, checksum(bytes)]).toString('base64url')
}

/** Returns the bytes, or undefined if the text is not exactly a token. */
export function readToken(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.toString('base64url') !== text || bytes.length <= checksumLength) return undefined
  const content = bytes.subarray(0, -checksumLength)
  return bytes.subarray(-checksumLength).equals(checksum(content)) ? content : undefined
}

/** By way of text it takes half the time of a buffer that Node makes. */
const checksum = (bytes: Buffer) => Buffer.from(hash('sha256', bytes, 'hex').slice(0, 2 * checksumLength), 'hex')
