import fc from 'fast-check'
import crcOfKafkajs from 'kafkajs/src/protocol/recordBatch/crc32C/index.js'
import { expect, test } from 'vitest'
import { crc32c } from './crc32c.ts'

test('gives the checksum that the standard gives as an example', () => {
  expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
  expect(crc32c(Buffer.alloc(32))).toBe(0x8a9136aa)
})

test('gives the checksum of kafkajs for bytes of any length, wherever they lie', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(9), (bytes, start) => {
      const part = Buffer.from(bytes).subarray(start)
      expect(crc32c(part)).toBe(crcOfKafkajs(part))
    }),
  )
})
