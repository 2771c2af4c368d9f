import fc from 'fast-check'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import { anAccessFile } from '../testing/access.ts'
import { isKeptKey, KeptKey } from './access-list.ts'
import { newKey } from './key.ts'

const [key] = anAccessFile({ one: {} }).list.keys
const times = { notBefore: '2024-01-01T00:00:00Z', expires: '2124-01-01T00:00:00+01:00' }
const full = { ...key, rate: 7, ...times, replacedBy: newKey().id }

/** Values that some member may have, and others that come close. */
const nearly = fc.oneof(
  fc.constantFrom(...Object.values(full), '*', '$system', '', ' ', 'a\u0000', 'x'.repeat(256), 'x'.repeat(257), 'é'),
  fc.constantFrom<unknown>(
    0,
    1,
    -1,
    1.5,
    1e9,
    1e9 + 1,
    null,
    undefined,
    true,
    [],
    {},
    ['write'],
    ['deliver'],
    ['read', 1],
  ),
  fc.constantFrom('2024-02-30T00:00:00Z', '2024-01-01', `${key?.hash}=`, key?.hash.slice(1), `${key?.id}\n`),
  fc.jsonValue(),
)
const names = [...Object.keys(full), 'other', 'constructor']

test('the quick check of a key agrees with the schema', () => {
  const changes = fc.array(fc.tuple(fc.constantFrom(...names), nearly), { maxLength: 2 })
  const left = fc.subarray(Object.keys(full), { minLength: Object.keys(full).length - 2 })
  const keys = fc.tuple(changes, left).map(([changed, kept]) => ({
    ...Object.fromEntries(Object.entries(full).filter(([name]) => kept.includes(name))),
    ...Object.fromEntries(changed),
  }))
  const given = fc.oneof({ weight: 20, arbitrary: keys }, { weight: 1, arbitrary: fc.jsonValue() })
  let valid = 0
  fc.assert(
    fc.property(given, (value) => {
      const expected = v.safeParse(KeptKey, value).success
      if (expected) valid++
      expect(isKeptKey(value)).toBe(expected)
    }),
    { numRuns: 3_000 },
  )
  expect(valid).toBeGreaterThan(100)
})
