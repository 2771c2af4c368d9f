import { readToken, toToken } from './token.ts'

/** A place in an ordered answer: the page that begins after the item with this key, or ends before it. */
export type Cursor = { reading: 'onwards' | 'back'; key: string; page: number }

const version = 2
const digestLength = 8
/** Pages after this one have its number: anybody can make a cursor with it. */
const maxPage = 2 ** 32 - 1
const overhead = 1 + 1 + 4 + digestLength

/** The token also holds the first 8 bytes of `asked`, the digest of the filters and the order. Keys are ASCII. */
export function encodeCursor({ reading, key, page }: Cursor, asked: Buffer): string {
  const bytes = Buffer.alloc(overhead + key.length)
  bytes.writeUInt8(version, 0)
  bytes.writeUInt8(reading === 'onwards' ? 0 : 1, 1)
  bytes.writeUInt32BE(Math.min(page, maxPage), 2)
  bytes.write(key, 6, 'latin1')
  asked.copy(bytes, 6 + key.length, 0, digestLength)
  return toToken(bytes)
}

/** Returns the place, or the error as a string. */
export function decodeCursor(text: string, asked: Buffer, isKey: (text: string) => boolean): Cursor | string {
  const bytes = readToken(text)
  if (!bytes || bytes.length < overhead) return 'is not a cursor of this log; take it from a next or previous link'
  if (bytes.readUInt8(0) !== version) return 'comes from another version of this log; start again without it'
  const keyEnd = bytes.length - digestLength
  if (!bytes.subarray(keyEnd).equals(asked.subarray(0, digestLength))) {
    return 'belongs to other filters or another order; start again without it'
  }
  const key = bytes.toString('latin1', 6, keyEnd)
  if (!isKey(key)) return 'does not name a place in the log; start again without it'
  return { reading: bytes.readUInt8(1) === 0 ? 'onwards' : 'back', key, page: bytes.readUInt32BE(2) }
}
