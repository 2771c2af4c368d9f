import { aRecord } from '@activity-log/shared/testing/builders.ts'
import { poisonedMetadata } from './poisoned-metadata.ts'
import { rejectedIds, rejectedNames } from './poisoned-names.ts'
import { json, poisonedRequests } from './poisoned-requests.ts'

/** A record that any producer may put onto the topic. */
export type PoisonedRecord = {
  name: string
  headers: { [name: string]: string }
  value: Uint8Array | null
  key?: string
  /** `undelivered`: KafkaSource finds no CloudEvent in the record, and gives up on it when persist says so. */
  outcome: 'stored' | 'rejected' | 'undelivered'
}

const good = aRecord()
const record = (
  id: string,
  activity: string | Uint8Array,
  outcome: PoisonedRecord['outcome'],
  name = id,
): PoisonedRecord => ({
  name,
  headers: { ...good.headers, ce_id: id },
  value: Buffer.from(activity as string),
  outcome,
})
const text = (id: string, metadata: string) =>
  `{"id":"${id}","userId":"u","action":"a","timestamp":"2024-01-15T10:00:00Z","metadata":${metadata}}`

/** Every posted activity as a record, and envelopes that only a topic can hold. */
export const poisonedRecords: readonly PoisonedRecord[] = [
  ...poisonedMetadata.map(({ name, text: metadata, rejectedAt }, n) =>
    record(`metadata-${n}`, text(`metadata-${n}`, metadata), rejectedAt === undefined ? 'stored' : 'rejected', name),
  ),
  ...poisonedRequests
    .filter(({ headers, status }) => headers === json && status === 400)
    .map(({ name, body }, n) => record(`request-${n}`, body, 'rejected', name)),
  ...rejectedNames.map((name, n) =>
    record(`name-${n}`, JSON.stringify({ ...JSON.parse(text(`name-${n}`, '{}')), userId: name }), 'rejected'),
  ),
  ...rejectedIds.map((id, n) =>
    record(`id-${n}`, JSON.stringify({ ...JSON.parse(text('x', '{}')), id }), 'rejected', `the id ${id}`),
  ),
  ...envelopes({
    'another type': [{ ce_type: 'com.example.other' }, 'rejected'],
    'a later version of the type': [{ ce_type: 'dev.activity-log.activity.recorded.v9' }, 'rejected'],
    'no time of receipt': [{ ce_recordedtime: undefined }, 'rejected'],
    'an invalid time of receipt': [{ ce_recordedtime: 'now' }, 'rejected'],
    'no tenant': [{ ce_tenant: undefined }, 'rejected'],
    'an invalid tenant': [{ ce_tenant: 'x%0A' }, 'rejected'],
    'a tenant that is too long': [{ ce_tenant: 'x'.repeat(300) }, 'rejected'],
    'unknown members filled in': [{ ce_filledin: 'userId' }, 'rejected'],
    'another content type': [{ 'content-type': 'text/plain' }, 'rejected'],
    'the content type of bytes': [{ 'content-type': 'application/octet-stream' }, 'rejected'],
    'no content type': [{ 'content-type': undefined }, 'stored'],
    'another user': [{ ce_subject: 'somebody', ce_partitionkey: 'else' }, 'stored'],
    'another id': [{ ce_id: 'another' }, 'stored'],
    'a huge header': [{ ce_subject: 'h'.repeat(200_000) }, 'stored'],
    'many headers': [Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`ce_x${n}`, 'x'])), 'stored'],
    'a position in the record': [{ ce_knativekafkaoffset: '-1', ce_knativekafkapartition: 'x' }, 'stored'],
    'errors in the record': [{ ce_knativeerrordest: 'x', ce_knativeerrorcode: '204' }, 'stored'],
    'broken percent-encoding': [{ ce_subject: '%E2%98 %ZZ %' }, 'stored'],
    'Latin-1 in a header': [{ ce_subject: 'Zoë ÿ' }, 'stored'],
    'characters beyond Latin-1 in a header': [{ ce_subject: '☃' }, 'stored'],
    'NUL in an attribute': [{ ce_subject: 'a%00b' }, 'undelivered'],
    'NUL as the tenant': [{ ce_tenant: '%00' }, 'undelivered'],
    'an empty id': [{ ce_id: '' }, 'undelivered'],
    'an empty source': [{ ce_source: '' }, 'undelivered'],
    'no specversion': [{ ce_specversion: undefined }, 'undelivered'],
    'specversion 9.9': [{ ce_specversion: '9.9' }, 'undelivered'],
    'specversion 0.3': [{ ce_specversion: '0.3' }, 'undelivered'],
    'no type': [{ ce_type: undefined }, 'undelivered'],
    'a source that is not a URI': [{ ce_source: 'a b' }, 'undelivered'],
    'a broken time': [{ ce_time: 'yesterday' }, 'undelivered'],
    'an invalid attribute name': [{ 'ce_my-ext': 'x' }, 'undelivered'],
    "KafkaSource's own type": [{ ce_type: 'dev.knative.kafka.event' }, 'undelivered'],
    'an invalid event in structured mode': [{ 'content-type': 'application/cloudevents+json' }, 'undelivered'],
  }),
  { name: 'a tombstone', headers: good.headers, value: null, outcome: 'rejected' },
  { name: 'nothing at all', headers: {}, value: null, outcome: 'undelivered' },
  { name: 'a key alone', headers: {}, value: null, key: 'user_123', outcome: 'undelivered' },
  { name: 'a Unicode key', headers: {}, value: Buffer.from('x'), key: '☃', outcome: 'undelivered' },
  { name: 'an activity without an envelope', headers: {}, value: Buffer.from(good.value), outcome: 'undelivered' },
  { name: 'bytes', headers: {}, value: Buffer.from([0, 255, 254, 0]), outcome: 'undelivered' },
  { name: 'many bytes', headers: {}, value: Buffer.alloc(900_000, 0xff), outcome: 'undelivered' },
  { ...record('keyed', text('keyed', '{}'), 'stored'), key: 'user_123' },
]

function envelopes(table: { [name: string]: [{ [header: string]: string | undefined }, PoisonedRecord['outcome']] }) {
  return Object.entries(table).map(([name, [changes, outcome]], n): PoisonedRecord => {
    const { headers, value } = record(`envelope-${n}`, text(`envelope-${n}`, '{}'), outcome)
    const changed = Object.entries({ ...headers, ...changes }).filter(
      (header): header is [string, string] => header[1] !== undefined,
    )
    return { name, headers: Object.fromEntries(changed), value, outcome }
  })
}
