import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Receipt, readReceipt, toReceipt } from './receipt.ts'

const recordedAt = new Date('2026-01-01T00:00:00.123Z')

test('names a record in 18 bytes that are safe in a path: version, partition, offset, time of receipt', () => {
  const receipt = toReceipt({ position: { partition: 0x010203, offset: 2 ** 53 - 1 }, recordedAt })
  expect(Buffer.from(receipt, 'base64url').toString('hex')).toBe('01010203001fffffffffffff019b76daa87b')
  expect(receipt).toMatch(/^[\w-]{24}$/)
})

test.each([
  { partition: -1, offset: 0 },
  { partition: 2 ** 24, offset: 0 },
  { partition: 0, offset: -1 },
  { partition: 0, offset: 0.5 },
])('there is no receipt for %j', (position) => expect(() => toReceipt({ position, recordedAt })).toThrow(RangeError))

test('is read back as it was written', () => {
  const receipts: fc.Arbitrary<Receipt> = fc.record({
    position: fc.record({ partition: fc.nat(2 ** 24 - 1), offset: fc.maxSafeNat() }),
    recordedAt: fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true }),
  })
  fc.assert(
    fc.property(receipts, (receipt) => {
      expect(readReceipt(toReceipt(receipt))).toEqual(receipt)
    }),
  )
})

describe('rejects text that is not a receipt', () => {
  const receipt = toReceipt({ position: { partition: 0, offset: 7 }, recordedAt })
  test.each([
    ['nothing', '', /not a receipt/],
    ['another text', 'hello', /another version|not a receipt/],
    ['one that was cut off', receipt.slice(0, -4), /part of it is missing/],
    ['one with trailing text', `${receipt}AAAA`, /extra characters/],
    ['padding', `${receipt}=`, /not a receipt/],
    ['another version', `Ag${receipt.slice(2)}`, /another version/],
    ['an offset beyond the safe integers', `AQAAAP${receipt.slice(6)}`, /not a receipt/],
  ])('%s', (_what, text, why) => expect(readReceipt(text)).toMatch(why))
})
