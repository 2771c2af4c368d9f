import { hash } from 'node:crypto'

/** Crockford's base 32, the alphabet of a ULID: its order is the order of ASCII. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const timeCharacters = 10
const hashCharacters = 16

/**
 * The key of an activity: a ULID whose 48 bits of time are the timestamp in milliseconds, and whose other 80 bits are
 * the start of SHA-256 over tenant and id. So a redelivery makes the same key, and keys sort by time as plain text.
 */
export function activityKey(tenant: string, id: string, timestampMs: number): string {
  const digest = hash('sha256', `${tenant}\0${id}`, 'buffer')
  return timePart(timestampMs) + base32(digest.subarray(0, 10))
}

/** The smallest key at or after an instant. So a time range is a range of keys: from is inclusive, to is exclusive. */
export function firstKeyAt(timestampMs: number): string {
  return timePart(timestampMs) + '0'.repeat(hashCharacters)
}

/** The instant in a key, in milliseconds since 1970. */
export function keyTimeMs(key: string): number {
  let ms = 0
  for (const character of key.slice(0, timeCharacters)) ms = ms * 32 + alphabet.indexOf(character)
  return ms
}

export function isKey(text: string): boolean {
  return /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text)
}

function timePart(ms: number): string {
  if (!Number.isSafeInteger(ms) || ms < 0 || ms >= 2 ** 48)
    throw new RangeError(`A key cannot represent the instant ${ms}`)
  let text = ''
  for (let rest = ms, n = 0; n < timeCharacters; n++, rest = Math.floor(rest / 32)) text = alphabet[rest % 32] + text
  return text
}

/** Encodes 10 bytes as 16 characters of 5 bits, without padding. */
function base32(bytes: Uint8Array): string {
  let text = ''
  let held = 0
  let bits = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    for (bits += 8; bits >= 5; bits -= 5) text += alphabet[(held >>> (bits - 5)) & 31]
    held &= 0xff
  }
  return text
}
