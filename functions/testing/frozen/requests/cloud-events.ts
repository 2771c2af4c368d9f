import type { FrozenRequest } from '../frozen-request.ts'
import { activity, batch, bytes, type Headers, json, post, structured } from './build.ts'

const event = {
  specversion: '1.0',
  id: 'event-1',
  source: '/shop/7',
  type: 'com.example.order.paid',
  subject: 'ann',
  time: '2024-01-15T12:00:00Z',
  data: { total: 12.5, lines: [{ sku: 'a' }] },
}
const ours = 'dev.activity-log.activity.recorded.v1'
const binary = (changes: { [name: string]: string | undefined } = {}, id = 'binary-1'): Headers => {
  const plain = {
    ...json,
    'ce-specversion': '1.0',
    'ce-id': id,
    'ce-source': '/s',
    'ce-type': 't.binary',
    'ce-subject': 'bob',
  }
  const given = Object.entries({ ...plain, ...changes }).filter(
    (header): header is [string, string] => header[1] !== undefined,
  )
  return Object.fromEntries(given)
}
const without = (name: string) => post(`refuses an event without ${name}`, '{}', binary({ [name]: undefined }))

/** CloudEvents that become activities, in every mode. */
export const cloudEvents: readonly FrozenRequest[] = [
  post('an event, structured', event, structured),
  post(
    'an event with a charset',
    { ...event, id: 'event-2' },
    { 'content-type': 'application/cloudevents+json; charset=utf-8' },
  ),
  post(
    'an event with extensions',
    { ...event, id: 'event-3', tenantid: 'x', sequence: 7, sampled: true, none: null },
    structured,
  ),
  post('an event without time and data', { ...event, id: 'event-4', time: undefined, data: undefined }, structured),
  post(
    'an event with bytes',
    { ...event, id: 'event-5', data: undefined, datacontenttype: 'application/octet-stream', data_base64: 'AP8=' },
    structured,
  ),
  post('an event with text', { ...event, id: 'event-6', datacontenttype: 'text/plain', data: 'hello' }, structured),
  post(
    'an event with JSON in base64',
    { ...event, id: 'event-7', data: undefined, data_base64: btoa('{"a":1}') },
    structured,
  ),
  post(
    'an event of ours',
    { ...event, id: 'event-8', type: ours, data: activity({ metadata: { of: 'ours' } }) },
    structured,
  ),
  post(
    'an event of ours with an id in its data',
    { ...event, id: 'event-9', type: ours, data: activity({ id: 'own' }) },
    structured,
  ),
  post('an event of ours without an activity', { ...event, type: ours }, structured),
  post('an event, binary', '{"total":1}', binary()),
  post('an event, binary, without data', '', binary({ 'content-type': undefined }, 'binary-2')),
  post('an event, binary, with text', 'hello', binary({ 'content-type': 'text/plain' }, 'binary-3')),
  post(
    'an event, binary, with bytes',
    bytes([0, 255]),
    binary({ 'content-type': 'application/octet-stream' }, 'binary-4'),
  ),
  post(
    'an event, binary, with names in percent-encoding',
    '{}',
    binary({ 'ce-subject': '%E6%9D%91%E4%B8%8A%20x', 'ce-ext': '%22q%22' }, 'binary-5'),
  ),
  post('an event, binary, with a time', '{}', binary({ 'ce-time': '2024-01-15T12:00:00.5+02:00' }, 'binary-6')),
  post('an event, binary, of ours', activity({ id: 'binary-7' }), binary({ 'ce-type': ours }, 'binary-7')),
  post('an event, binary, with a key', '{}', { ...binary({}, 'binary-8'), 'idempotency-key': 'binary-8' }),
  post(
    'a batch of events',
    [event, { ...event, id: 'batch-1' }, { ...event, id: 'batch-2', type: 'x', subject: 'cid' }],
    batch,
  ),
  post('a batch of events, one of it wrong', [{ ...event, id: 'batch-3' }, { ...event, subject: undefined }, 7], batch),
  post('a batch of events, all of it wrong', [{}, { specversion: '0.3' }], batch),
  post('refuses an empty batch', '[]', batch),
  post('refuses an event of another version', { ...event, specversion: '0.3' }, structured),
  post('refuses an event without attributes', {}, structured),
  post('refuses an event with a broken time', { ...event, time: 'yesterday' }, structured),
  post('refuses an event with both kinds of data', { ...event, data_base64: 'AA==' }, structured),
  post('refuses an event with base64 that is none', { ...event, data: undefined, data_base64: '*' }, structured),
  post('refuses an event with a strange name', { ...event, 'my-ext': 1, A: 2 }, structured),
  post('refuses an event with an object for an attribute', { ...event, ext: {}, source: 7 }, structured),
  post('refuses an event with an attribute twice', '{"specversion":"1.0","id":"p","id":"q"}', structured),
  post('refuses an event with data that would change', '{"n":1e400}', binary()),
  post('refuses an event with broken data', '{"a":', binary()),
  post('refuses an event with a type of the driver', '{"a":{"_bsontype":"ObjectId"}}', binary()),
  post('refuses an event with raw bytes', '{}', binary({ 'ce-subject': 'Ü' })),
  post('refuses an event with NUL', '{}', binary({ 'ce-subject': 'a%00b' })),
  post('refuses an event with a broken time, binary', '{}', binary({ 'ce-time': 'yesterday' })),
  ...['ce-specversion', 'ce-id', 'ce-source', 'ce-type', 'ce-subject'].map(without),
]
