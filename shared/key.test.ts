import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { activityKey, firstKeyAt, isKey, keyTimeMs } from './key.ts'

const times = fc.integer({ min: 0, max: 2 ** 48 - 1 })
const ids = fc.string({ minLength: 1, maxLength: 128 })

test('is a ULID: the time, then the start of the hash, in base 32 (an independent encoding)', () => {
  const alphabet = [...'0123456789ABCDEFGHJKMNPQRSTVWXYZ']
  const ulid = (ms: number, hash: Buffer) => {
    let rest = (BigInt(ms) << 80n) | BigInt(`0x${hash.subarray(0, 10).toString('hex')}`)
    return Array.from({ length: 26 }, () => {
      const character = alphabet[Number(rest & 31n)]
      rest >>= 5n
      return character
    })
      .reverse()
      .join('')
  }
  fc.assert(
    fc.property(fc.string(), ids, times, (tenant, id, ms) => {
      const hash = createHash('sha256').update(tenant).update(Buffer.of(0)).update(id).digest()
      expect(activityKey(tenant, id, ms)).toBe(ulid(ms, hash))
    }),
  )
})

test('stays the same from release to release, so that a redelivery after an update has the same key', () => {
  expect(activityKey('default', 'order-981-paid', Date.UTC(2024, 0, 15, 10))).toBe('01HM690K80NAHA76ZY3DHTH4HT')
})

test('keys sorted as text are in the order of their timestamps', () => {
  fc.assert(
    fc.property(ids, ids, times, times, (one, other, early, late) => {
      fc.pre(early < late)
      expect(activityKey('default', one, early) < activityKey('default', other, late)).toBe(true)
    }),
  )
})

test('has 26 characters and contains its time', () => {
  fc.assert(
    fc.property(ids, times, (id, ms) => {
      const key = activityKey('default', id, ms)
      expect(key).toHaveLength(26)
      expect(isKey(key)).toBe(true)
      expect(keyTimeMs(key)).toBe(ms)
    }),
  )
})

test('the first key at an instant is above every key before it, and not above the keys at it', () => {
  fc.assert(
    fc.property(ids, fc.integer({ min: 1, max: 2 ** 48 - 1 }), (id, ms) => {
      expect(activityKey('default', id, ms - 1) < firstKeyAt(ms)).toBe(true)
      expect(activityKey('default', id, ms) >= firstKeyAt(ms)).toBe(true)
    }),
  )
})

test('different tenants and ids have different keys', () => {
  const keys = [activityKey('a', 'b', 1), activityKey('a', 'c', 1), activityKey('b', 'b', 1), activityKey('ab', '', 1)]
  expect(new Set(keys).size).toBe(keys.length)
})

test.each([-1, 2 ** 48, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('no key can hold the instant %d', (ms) => {
  expect(() => activityKey('default', 'id', ms)).toThrow(RangeError)
  expect(() => firstKeyAt(ms)).toThrow(RangeError)
})

describe('isKey', () => {
  test.each<[text: string, is: boolean]>([
    ['0'.repeat(26), true],
    [`7${'Z'.repeat(25)}`, true],
    [`8${'0'.repeat(25)}`, false],
    ['0'.repeat(25), false],
    ['0'.repeat(27), false],
    [`${'0'.repeat(25)}a`, false],
    [`${'0'.repeat(26)}\n`, false],
    ...[...'ILOU-'].map((character): [string, boolean] => ['0'.repeat(25) + character, false]),
  ])('%j: %s', (text, is) => expect(isKey(text)).toBe(is))
})
