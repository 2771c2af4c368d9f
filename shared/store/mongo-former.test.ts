import { expect, test } from 'vitest'
import { arrivalOf, hashId, toKey } from '../key.ts'
import { copies } from './mongo-former.ts'

const convert = (name: string, document: object) => copies.find(({ from }) => from === name)?.convert(document)

const recordedAt = new Date(1_767_225_600_123)
const former = {
  _id: '01HM690K80FBTST2RQ3B3RHHZM',
  tenant: 'default',
  id: 'a',
  userId: 'ann',
  action: 'login',
  timestamp: new Date(1_705_312_800_123),
  metadata: { a: 1 },
  recordedAt,
  partition: 1,
  offset: 2,
  digest: 'x',
}
const keyAt = (instant: bigint) =>
  toKey({ instant, arrival: arrivalOf(recordedAt.getTime(), 0), hash: hashId('default', 'a') })

test.each<[what: string, changes: Partial<typeof former & { timestampText: string }>, instant: bigint]>([
  ['of its timestamp', {}, 1_705_312_800_123_000_000n],
  [
    'of the text of its timestamp, to the nanosecond',
    { timestampText: '2024-01-15T10:00:00.12345678901Z' },
    1_705_312_800_123_456_789n,
  ],
  [
    'of the second that follows a leap second',
    { timestamp: new Date(1_483_228_799_999), timestampText: '2016-12-31T23:59:60.25Z' },
    1_483_228_800_250_000_000n,
  ],
  [
    'that is the greatest if no key can express it',
    { timestamp: new Date(253_402_300_799_999), timestampText: '9999-12-31T23:59:60Z' },
    2n ** 64n - 1n,
  ],
])('an activity gets the key %s', (_what, changes, instant) => {
  const given = { ...former, ...changes }
  const converted = convert('activities', given)
  const timestamp = new Date(instant === 2n ** 64n - 1n ? given.timestamp : Number(instant / 1_000_000n))
  expect(converted).toEqual({ ...given, _id: keyAt(instant), timestamp })
})

test('outcomes, dead letters and the ledger keep their ids, and get the new names', () => {
  const outcome = { _id: '0/1', partition: 0, offset: 1, fate: 'refused', tenant: 'default', at: recordedAt }
  const { fate, ...others } = outcome
  expect(convert('fates', outcome)).toEqual({ ...others, outcome: 'rejected' })
  expect(convert('fates', { ...outcome, fate: 'duplicate' })).toEqual({ ...others, outcome: 'duplicate' })
  expect(convert('deadLetters', { _id: 'd', reason: 'refused', attempts: 2 })).toEqual({
    _id: 'd',
    reason: 'rejected',
    attempts: 2,
  })
  const counts = { stored: 1, duplicate: 2, conflict: 3 }
  const ledger = { _id: 0, version: 7, spans: [{ first: 0, last: 12, counts: { ...counts, refused: 4 } }] }
  expect(convert('books', ledger)).toEqual({
    _id: 0,
    version: 7,
    ranges: [{ first: 0, last: 12, counts: { ...counts, rejected: 4 } }],
  })
})
