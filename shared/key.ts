import { hash } from 'node:crypto'
import { toMs } from './timestamp.ts'

/**
 * The key that orders activities: the instant in nanoseconds since 1970, the arrival, and the first 16 bytes of SHA-256
 * over tenant and id. All of it is in the record, so a redelivery has the same key.
 */
export type Key = { instant: bigint; arrival: bigint; hash: Buffer }

/** The largest number in a key: instants after 2554 and arrivals after 2527 are stored as this. */
export const maxKeyNumber = 2n ** 64n - 1n

const sequenceBits = 20n
/** The sequence within one millisecond of receipt stays below this. */
export const sequenceLimit = 2 ** Number(sequenceBits)

export const hashBytes = 16
const keyBytes = 8 + 8 + hashBytes
const keyCharacters = 43

/** By way of text it takes half the time of a buffer that Node makes. */
export const firstBytesOfSha256 = (text: string): Buffer =>
  Buffer.from(hash('sha256', text, 'hex').slice(0, 2 * hashBytes), 'hex')

export type HashId = (tenant: string, id: string) => Buffer

export const hashId: HashId = (tenant, id) => firstBytesOfSha256(`${tenant}\0${id}`)

/** Orders activities of the same instant: by the time of receipt, then by the sequence within its millisecond. */
export const arrivalOf = (recordedAtMs: number, sequence: number): bigint =>
  atMost(BigInt(recordedAtMs) << sequenceBits) | BigInt(sequence)

export const recordedAtMsOf = (arrival: bigint): number => Number(arrival >> sequenceBits)

/** Each key is made in the same memory, which takes a third of the time. */
const made = Buffer.alloc(keyBytes)
const numbersOfMade = new DataView(made.buffer, made.byteOffset, keyBytes)

export function toKey({ instant, arrival, hash }: Key): string {
  numbersOfMade.setBigUint64(0, instant)
  numbersOfMade.setBigUint64(8, arrival)
  made.set(hash, 16)
  return encode(made)
}

/** Reads a key. Returns undefined if the text is not exactly one. */
export function fromKey(text: string): Key | undefined {
  if (!/^[-\w]{43}$/.test(text)) return undefined
  const bytes = decode(text)
  if (encode(bytes) !== text) return undefined
  return { instant: bytes.readBigUInt64BE(0), arrival: bytes.readBigUInt64BE(8), hash: bytes.subarray(16, keyBytes) }
}

export const isKey = (text: string): boolean => fromKey(text) !== undefined

/** The smallest key at or after an instant. So a time range is a range of keys: from is inclusive, to is exclusive. */
export const firstKeyAt = (instant: bigint): string =>
  toKey({ instant: atMost(instant), arrival: 0n, hash: Buffer.alloc(hashBytes) })

export const instantOf = (key: string): bigint => decode(key).readBigUInt64BE(0)

/** The instant of a key in whole milliseconds since 1970. */
export const keyTimeMs = (key: string): number => toMs(instantOf(key))

export const atMost = (number: bigint): bigint => (number > maxKeyNumber ? maxKeyNumber : number)

/**
 * Base 64 in an alphabet that is in the order of ASCII, so that keys sort as text as their bytes do. MongoDB's
 * stand-ins in the tests do not bound a range of binary values by an index, but they bound one of text.
 */
const ordered = Buffer.from('-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz', 'latin1')
const usual = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_', 'latin1')
const toUsual = new Uint8Array(256)
for (const [index, character] of ordered.entries()) toUsual[character] = usual[index] as number

/** The memory in which all texts are made. */
const characters = Buffer.alloc(keyCharacters)

function encode(bytes: Buffer): string {
  let at = 0
  for (let from = 0; from < keyBytes; from += 3) {
    const three = ((bytes[from] as number) << 16) | ((bytes[from + 1] ?? 0) << 8) | (bytes[from + 2] ?? 0)
    for (let shift = 18; shift >= 0 && at < keyCharacters; shift -= 6) {
      characters[at++] = ordered[(three >> shift) & 63] as number
    }
  }
  return characters.toString('latin1')
}

function decode(text: string): Buffer {
  characters.write(text, 'latin1')
  for (const [at, character] of characters.entries()) characters[at] = toUsual[character] as number
  return Buffer.from(characters.toString('latin1'), 'base64url')
}
