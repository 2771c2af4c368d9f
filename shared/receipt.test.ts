import { expect, test } from 'vitest'
import { toReceipt } from './receipt.ts'

test('names a position in 12 bytes that are safe in a path: version, partition, offset', () => {
  const receipt = toReceipt({ partition: 0x010203, offset: 2 ** 53 - 1 })
  expect(Buffer.from(receipt, 'base64url').toString('hex')).toBe('01010203001fffffffffffff')
  expect(receipt).toMatch(/^[\w-]{16}$/)
})

test.each([
  { partition: -1, offset: 0 },
  { partition: 2 ** 24, offset: 0 },
  { partition: 0, offset: -1 },
  { partition: 0, offset: 0.5 },
])('there is none for %j', (position) => expect(() => toReceipt(position)).toThrow(RangeError))
