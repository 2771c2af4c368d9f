import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  arrivalOf,
  firstKeyAt,
  fromKey,
  hashId,
  instantOf,
  isKey,
  type Key,
  keyTimeMs,
  maxKeyNumber,
  recordedAtMsOf,
  sequenceLimit,
  toKey,
} from './key.ts'

const numbers = fc.bigInt({ min: 0n, max: maxKeyNumber })
const keys: fc.Arbitrary<Key> = fc.record({
  instant: numbers,
  arrival: numbers,
  hash: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes)),
})
const bytesOf = ({ instant, arrival, hash }: Key) =>
  Buffer.concat([
    Buffer.from(instant.toString(16).padStart(16, '0') + arrival.toString(16).padStart(16, '0'), 'hex'),
    hash,
  ])

test('is 32 bytes in base 64, in the order of ASCII (an independent encoding)', () => {
  const alphabet = [...'-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'].sort()
  fc.assert(
    fc.property(keys, (key) => {
      const bits = [...bytesOf(key)]
        .map((byte) => byte.toString(2).padStart(8, '0'))
        .join('')
        .padEnd(43 * 6, '0')
      const text = bits.match(/.{6}/g)?.map((six) => alphabet[Number.parseInt(six, 2)])
      expect(toKey(key)).toBe(text?.join(''))
    }),
  )
})

test('sorts as text as its bytes do', () => {
  fc.assert(
    fc.property(keys, keys, (one, other) => {
      expect(Math.sign(Buffer.compare(Buffer.from(toKey(one)), Buffer.from(toKey(other))))).toBe(
        Math.sign(Buffer.compare(bytesOf(one), bytesOf(other))),
      )
    }),
  )
})

test('is read back as it was written', () => {
  fc.assert(
    fc.property(keys, (key) => {
      const text = toKey(key)
      expect(fromKey(text)).toEqual(key)
      expect(instantOf(text)).toBe(key.instant)
      expect(keyTimeMs(text)).toBe(Number(key.instant / 1_000_000n))
    }),
  )
})

test('stays the same from release to release, so that a redelivery after an update has the same key', () => {
  const instant = BigInt(Date.UTC(2024, 0, 15, 10)) * 1_000_000n
  const key = { instant, arrival: arrivalOf(Date.UTC(2026, 0, 1), 7), hash: hashId('default', 'order-981-paid') }
  expect(toKey(key)).toBe('4udwxCfhF--OhqqeV---0ueXctjy5qDcZYfCqx8vzZJ')
})

test('contains the start of SHA-256 over tenant and id, which are told apart', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (tenant, id) => {
      const digest = createHash('sha256').update(tenant).update(Buffer.of(0)).update(id).digest()
      expect(hashId(tenant, id)).toEqual(digest.subarray(0, 16))
    }),
  )
  expect(hashId('a', 'bc')).not.toEqual(hashId('ab', 'c'))
})

test('the first key at an instant is above every key before it, and not above the keys at it', () => {
  fc.assert(
    fc.property(keys, fc.bigInt({ min: 1n, max: maxKeyNumber }), (key, instant) => {
      expect(toKey({ ...key, instant: instant - 1n }) < firstKeyAt(instant)).toBe(true)
      expect(toKey({ ...key, instant }) >= firstKeyAt(instant)).toBe(true)
    }),
  )
})

describe('the arrival', () => {
  test('is in the order of receipt, then of the sequence', () => {
    const arrivals = fc.tuple(fc.nat(2 ** 43), fc.nat(sequenceLimit - 1))
    fc.assert(
      fc.property(arrivals, arrivals, (one, other) => {
        const [first, second] = [arrivalOf(...one), arrivalOf(...other)]
        expect(first < second).toBe(one[0] < other[0] || (one[0] === other[0] && one[1] < other[1]))
        expect(recordedAtMsOf(first)).toBe(one[0])
      }),
    )
  })

  test('of a record far in the future is the last', () => {
    expect(arrivalOf(Date.UTC(9999, 0), 0)).toBe(maxKeyNumber)
  })
})

describe('isKey', () => {
  const text = firstKeyAt(1n)
  test.each<[text: string, is: boolean]>([
    [text, true],
    ['z'.repeat(42).concat('w'), true],
    ['z'.repeat(43), false],
    [text.slice(1), false],
    [`${text}-`, false],
    [`${text}\n`, false],
    [`${text.slice(0, -1)}é`, false],
    [`${text.slice(0, -1)}.`, false],
    ['', false],
  ])('%j: %s', (text, is) => expect(isKey(text)).toBe(is))
})
