import { undeliveredOutcome } from '@activity-log/cli/ledger/undelivered.ts'
import { createApp } from '@activity-log/persist/app.ts'
import { deadLetterHeaders } from '@activity-log/shared/dispatch/delivery.ts'
import { type SourceRecord, sinkRequest } from '@activity-log/shared/dispatch/sink-request.ts'
import { aRecord, deadLettersOf, receivedAt, silent } from '@activity-log/shared/testing/builders.ts'
import { openTestStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { expect, test } from 'vitest'

const source = { namespace: 'n', name: 'persist', topic: 'activities' }
const deadLetterSource = { ...source, name: 'dead-letters', topic: 'activities-dead-letter' }
const { headers, value } = aRecord({ id: 'a b' })
const record = (changes: Partial<SourceRecord>): SourceRecord => ({
  partition: 3,
  offset: 17,
  headers,
  value: Buffer.from(value),
  ...changes,
})

/** The record on the dead-letter topic that the dispatcher makes when it gives up on a record. */
function givenUp(undelivered: SourceRecord): SourceRecord {
  const request = sinkRequest(undelivered, source)
  const dead = deadLetterHeaders(request, { knativeerrordest: 'http://persist/', knativeerrorcode: '400' })
  return { partition: 1, offset: 5, headers: dead, value: undelivered.value && Buffer.from(request.body) }
}

test.each<[string, SourceRecord]>([
  ['an activity', record({})],
  ['a record without a value', record({ value: null })],
  ['an attribute with NUL', record({ headers: { ...headers, ce_subject: 'a%00b' } })],
  ['no CloudEvent', record({ headers: { 'content-type': 'text/plain' }, value: Buffer.from('x'), key: 'k' })],
  [
    'a CloudEvent in structured mode that cannot be read, and comes back unchanged',
    record({ headers: { 'content-type': 'application/cloudevents+json' }, value: Buffer.from('{"specversion":') }),
  ],
  [
    'an event whose data claims to be a CloudEvent in structured mode',
    record({
      headers: { ...headers, 'content-type': 'application/cloudevents+json' },
      value: Buffer.from('{"specversion":"1.0", "id":"1", "source":"/s", "type":"t", "data": {"n": 1}}'),
    }),
  ],
])('has the original position and the outcome that persist keeps when the record comes back: %s', async (_what, undelivered) => {
  const dead = givenUp(undelivered)
  const store = openTestStore()
  const app = createApp({ store, log: silent, now: () => receivedAt })
  const request = sinkRequest(dead, deadLetterSource)
  const response = await app.request('/undelivered', { method: 'POST', ...request, body: Buffer.from(request.body) })
  expect(response.status).toBe(204)
  const [kept] = await deadLettersOf(store)
  const { id, tenant, activityId, recordedAt } = kept!
  expect(undeliveredOutcome(dead, deadLetterSource.topic)).toEqual({
    position: { partition: 3, offset: 17 },
    outcome: 'rejected',
    tenant,
    ...(activityId !== undefined && { activityId }),
    ...(recordedAt && { recordedAt }),
    deadLetter: id,
  })
})

test.each([
  ['no position', headers],
  ['an invalid position', { ...headers, ce_knativekafkapartition: '0', ce_knativekafkaoffset: '1e3' }],
])('has no outcome for a record with %s', (_what, headers) => {
  expect(undeliveredOutcome(record({ headers }), 'activities-dead-letter')).toBeUndefined()
})
