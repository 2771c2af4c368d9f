import { hash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** A key as its holder has it: `als_<id>_<secret>_<checksum>`. */
export type Key = { id: string; text: string }

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const idLength = 11
/** 62^43 is more than 2^256. */
const secretLength = 43
const checksumLength = 6

const format = `als_([0-9A-Za-z]{${idLength}})_[0-9A-Za-z]{${secretLength}}_[0-9A-Za-z]{${checksumLength}}`
const whole = new RegExp(`^${format}$`)
/** Matches at each place, since something that only looks like a key may overlap one. */
const anywhere = new RegExp(`(?=(${format.replace('(', '(?:')}))`, 'g')
const keyLength = 'als_'.length + idLength + 1 + secretLength + 1 + checksumLength

const keyId = new RegExp(`^[0-9A-Za-z]{${idLength}}$`)
export const isKeyId = (text: string): boolean => keyId.test(text)

/** Makes a key of random digits. */
export const newKey = (): Key => toKey(randomDigits(idLength), randomDigits(secretLength))

export function toKey(id: string, secret: string): Key {
  const unchecked = `als_${id}_${secret}`
  return { id, text: `${unchecked}_${checksumOf(unchecked)}` }
}

/** The key if the text is one. The checksum tells a typo from a key without a look-up; it proves nothing. */
export function readKey(text: string): Key | undefined {
  if (text.length !== keyLength) return undefined
  const id = whole.exec(text)?.[1]
  if (id === undefined) return undefined
  const end = keyLength - checksumLength
  return checksumOf(text.slice(0, end - 1)) === text.slice(end) ? { id, text } : undefined
}

/** The first key anywhere in a text. */
export function findKey(text: string): Key | undefined {
  for (const [, found = ''] of text.matchAll(anywhere)) {
    const key = readKey(found)
    if (key) return key
  }
  return undefined
}

/** The key in a URL, also if part of it is percent-encoded, and other parts are so in a wrong way. */
export function keyInUrl(url: string): Key | undefined {
  if (!url.includes('%')) return url.includes('als_') ? findKey(url) : undefined
  return findKey(url.replace(/%([2-7][\da-f])/gi, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16))))
}

/** What is stored of a key. A slow hash would only help against guesses, and nobody guesses 256 bits. */
export const hashOfKey = ({ text }: Key): string => hash('sha256', text, 'base64url')

/**
 * What the cookie of a session shows instead of the key that it was made with. The file has its hash alone, so whoever
 * reads the file can neither use a key nor make a session.
 */
export const sessionSecretOf = ({ text }: Key): string => hash('sha256', `activity-log session ${text}`, 'base64url')
export const hashOfSecret = (secret: string): string => hash('sha256', secret, 'base64url')

function checksumOf(text: string): string {
  let rest = crc32(text)
  let written = ''
  for (let at = 0; at < checksumLength; at++) {
    written = digits.charAt(rest % digits.length) + written
    rest = Math.floor(rest / digits.length)
  }
  return written
}

/** Every digit is equally likely: bytes beyond the last whole multiple of 62 are not used. */
function randomDigits(length: number): string {
  const limit = 256 - (256 % digits.length)
  let written = ''
  while (written.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < limit && written.length < length) written += digits.charAt(byte % digits.length)
    }
  }
  return written
}
