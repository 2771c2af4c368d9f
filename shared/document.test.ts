import { describe, expect, test } from 'vitest'
import type { SentActivity } from './activity.ts'
import { activityRecorded } from './activity-recorded.ts'
import { type ActivityDocument, activityJson, toDocument, toFound } from './document.ts'
import { hashId } from './key.ts'
import { anActivity, anEvent, receivedAt } from './testing/builders.ts'

const position = { partition: 3, offset: 42 }
const document = (changes: Partial<SentActivity> = {}) => toDocument(anEvent(changes), position)
/** The JSON of a document that a store read, as an object. */
const read = ({ metadata, ...document }: ActivityDocument) =>
  JSON.parse(activityJson(toFound({ ...document, metadataText: metadata && JSON.stringify(metadata) })))
const metadata = { a: { x: 1, y: [1, 2] }, b: null }

test('holds the activity, its key and the position of its record', () => {
  expect(document({ metadata })).toEqual({
    key: {
      instant: BigInt(Date.UTC(2024, 0, 15, 10)) * 1_000_000n,
      arrival: BigInt(receivedAt.getTime()) * 2n ** 20n,
      hash: hashId('default', 'id-1'),
    },
    tenant: 'default',
    id: 'id-1',
    userId: 'user_123',
    action: 'click_button',
    timestampMs: Date.UTC(2024, 0, 15, 10),
    timestampText: null,
    metadata,
    recordedAtMs: receivedAt.getTime(),
    salt: null,
    partition: 3,
    offset: 42,
    digest: expect.stringMatching(/^[\w-]{22}$/),
  })
})

test.each([
  '2024-01-15T10:00:00Z',
  '2024-01-15T10:00:00.000Z',
  '2024-01-15t11:00:00+01:00',
  '2016-12-31T23:59:60Z',
])('a reader gets %s exactly as it was sent', (timestamp) => {
  expect(read(document({ timestamp, metadata }))).toEqual({
    ...anActivity({ timestamp, metadata }),
    recordedAt: receivedAt.toISOString(),
  })
})

test('a reader gets no metadata if none was sent, and empty metadata if that was sent', () => {
  expect(read(document())).not.toHaveProperty('metadata')
  expect(read(document({ metadata: {} }))).toHaveProperty('metadata', {})
})

test('the key has the instant to the nanosecond, and a leap second is the second that follows it', () => {
  const instantOf = (timestamp: string) => document({ timestamp }).key.instant
  expect(instantOf('2024-01-15T10:00:00.0000001239Z') - instantOf('2024-01-15T10:00:00Z')).toBe(123n)
  expect(instantOf('2016-12-31T23:59:60.25Z')).toBe(instantOf('2017-01-01T00:00:00.25Z'))
  expect(instantOf('3000-01-01T00:00:00Z')).toBe(2n ** 64n - 1n)
})

test('the key has the sequence and the salt of the record', () => {
  const event = { ...anEvent(), sequence: 9, salt: 'AAAAAAAAAAAAAAAAAAAAAA' }
  const { key, salt } = toDocument(event, position)
  expect([key.arrival % 2n ** 20n, salt]).toEqual([9n, event.salt])
})

describe('the digest', () => {
  const sent = { metadata, timestamp: '2024-01-15T10:00:00.5Z' }
  const { digest } = document(sent)

  test.each<[what: string, changes: Partial<SentActivity>]>([
    ['metadata in another order', { metadata: { b: null, a: { y: [1, 2], x: 1 } } }],
    ['another offset of the same instant', { timestamp: '2024-01-15T09:00:00.500-01:00' }],
    ['another id, which the index compares', { id: 'other' }],
  ])('does not change with %s', (_what, changes) => expect(document({ ...sent, ...changes }).digest).toBe(digest))

  test.each<[what: string, changes: Partial<SentActivity>]>([
    ['user', { userId: 'eve' }],
    ['action', { action: 'logout' }],
    ['instant, below a millisecond', { timestamp: '2024-01-15T10:00:00.5001Z' }],
    ['value in metadata', { metadata: { ...metadata, b: 0 } }],
    ['type of a value', { metadata: { ...metadata, b: 'null' } }],
    ['order in an array', { metadata: { ...metadata, a: { x: 1, y: [2, 1] } } }],
    ['set of members', { metadata: { ...metadata, __proto_: 1 } }],
    ['metadata object, an empty one', { metadata: {} }],
  ])('changes with another %s', (_what, changes) => {
    expect(document({ ...sent, ...changes }).digest).not.toBe(digest)
  })

  test('differs between empty and missing metadata', () => {
    expect(document({ metadata: {} }).digest).not.toBe(document().digest)
  })

  test('covers what was sent and not what was filled in, so that a repetition is a duplicate', () => {
    const { timestamp: _left, ...rest } = anActivity()
    const receive = (at: string) =>
      activityRecorded(rest, { tenant: 'default', receivedAt: new Date(at), newId: () => 'made-id' })
    const first = toDocument(receive('2026-01-01T00:00:00Z'), position)
    expect(toDocument(receive('2026-01-01T00:00:09Z'), { partition: 0, offset: 0 }).digest).toBe(first.digest)
    expect(document({ timestamp: '2026-01-01T00:00:00Z' }).digest).not.toBe(first.digest)
  })

  test('stays the same from release to release', () => expect(document().digest).toBe('-B-AamuqIgLI1crHXW4p8g'))
})
