import { describe, expect, test } from 'vitest'
import type { SentActivity } from './activity.ts'
import { activityRecorded } from './activity-recorded.ts'
import { toDocument, toFound } from './document.ts'
import { activityKey } from './key.ts'
import { anActivity, anEvent, receivedAt } from './testing/builders.ts'

const position = { partition: 3, offset: 42 }
const document = (changes: Partial<SentActivity> = {}) => toDocument(anEvent(changes), position)
const metadata = { a: { x: 1, y: [1, 2] }, b: null }

test('holds the activity, its key and the position of its record', () => {
  expect(document({ metadata })).toEqual({
    key: activityKey('default', 'id-1', Date.UTC(2024, 0, 15, 10)),
    tenant: 'default',
    id: 'id-1',
    userId: 'user_123',
    action: 'click_button',
    timestampMs: Date.UTC(2024, 0, 15, 10),
    timestampText: null,
    metadata,
    recordedAtMs: receivedAt.getTime(),
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
  expect(toFound(document({ timestamp, metadata }))).toEqual({
    ...anActivity({ timestamp, metadata }),
    recordedAt: receivedAt.toISOString(),
  })
})

test('a reader gets no metadata if none was sent, and empty metadata if that was sent', () => {
  expect(toFound(document())).not.toHaveProperty('metadata')
  expect(toFound(document({ metadata: {} }))).toHaveProperty('metadata', {})
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
