import { hash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Cursor, decodeCursor, encodeCursor } from './cursor.ts'
import { type Filter, filterDigest, type Order } from './filter.ts'
import { firstKeyAt, isKey, maxKeyNumber } from './key.ts'

const filter: Filter = { tenant: 'default', userId: 'ada' }
const place: Cursor = { reading: 'onwards', key: firstKeyAt(1_700_000_000_000_000_000n), page: 7 }
const asked = filterDigest(filter, 'desc')
const cursor = encodeCursor(place, asked)
const decode = (text: string, digest = asked) => decodeCursor(text, digest, isKey)

/** Changes the bytes and makes the checksum fit, as an attacker or another version could. */
function forged(change: (bytes: Buffer) => Buffer | undefined): string {
  const original = Buffer.from(cursor, 'base64url').subarray(0, -4)
  const bytes = change(original) ?? original
  return Buffer.concat([bytes, hash('sha256', bytes, 'buffer').subarray(0, 4)]).toString('base64url')
}

test('decodes to the same place and is safe in a URL', () => {
  const places = fc.record({
    reading: fc.constantFrom('onwards' as const, 'back' as const),
    key: fc.bigInt({ min: 0n, max: maxKeyNumber }).map(firstKeyAt),
    page: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
  })
  fc.assert(
    fc.property(places, fc.constantFrom<Order>('asc', 'desc'), (each, order) => {
      const digest = filterDigest(filter, order)
      const text = encodeCursor(each, digest)
      expect(decode(text, digest)).toEqual(each)
      expect(text).toMatch(/^[\w-]+$/)
    }),
  )
})

test('leads on from the last page that has a number', () => {
  const last = { ...place, page: 2 ** 32 - 1 }
  expect(decode(encodeCursor({ ...last, page: last.page + 1 }, asked))).toEqual(last)
})

test('is rejected when any one character differs', () => {
  for (let at = 0; at < cursor.length; at++) {
    for (const character of 'AQgw_') {
      const tampered = cursor.slice(0, at) + character + cursor.slice(at + 1)
      if (tampered !== cursor) expect(decode(tampered)).toContain('not a cursor of this log')
    }
  }
})

test.each([
  '',
  'x',
  'AAAA',
  '%%%',
  'null',
  `${cursor}A`,
  `${cursor}=`,
  ` ${cursor}`,
  cursor.slice(1),
  cursor.slice(0, -1),
])('rejects %j', (text) => expect(decode(text)).toContain('not a cursor of this log'))

test.each<[what: string, filter: Filter, order: Order]>([
  ['another order', filter, 'asc'],
  ['another tenant', { ...filter, tenant: 'other' }, 'desc'],
  ['another user', { ...filter, userId: 'bob' }, 'desc'],
  ['no user', { tenant: 'default' }, 'desc'],
  ['an action', { ...filter, actions: [{ exact: 'login' }] }, 'desc'],
  ['a beginning', { ...filter, from: 0n }, 'desc'],
  ['an end', { ...filter, to: 0n }, 'desc'],
])('is rejected with %s than it was made for', (_what, other, order) => {
  expect(decode(cursor, filterDigest(other, order))).toContain('belongs to other filters or another order')
})

test('is rejected when another version made it', () => {
  expect(decode(forged((bytes) => void bytes.writeUInt8(1, 0)))).toContain('another version')
})

test('is rejected when its key is invalid', () => {
  const text = forged((bytes) => void bytes.write("' OR 1=1", 6, 'latin1'))
  expect(decode(text)).toBe('does not name a place in the log; start again without it')
  const withoutKey = forged((bytes) => Buffer.concat([bytes.subarray(0, 6), bytes.subarray(-8)]))
  expect(decode(withoutKey)).toBe('does not name a place in the log; start again without it')
})
