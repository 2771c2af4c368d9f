import type { FrozenRequest } from '../frozen-request.ts'
import { ask, type Headers } from './build.ts'

/** A partition that nothing else writes to. */
const usualPartition = 7
const ours: Headers = {
  'ce-specversion': '1.0',
  'ce-source': '/activity-log/default',
  'ce-type': 'dev.activity-log.activity.recorded.v1',
  'ce-subject': 'dana',
  'ce-time': '2024-02-01T10:00:00Z',
  'ce-partitionkey': 'dana',
  'ce-tenant': 'default',
  'ce-recordedtime': '2026-01-01T00:00:00.000Z',
  'content-type': 'application/json',
}
const textOf = (id: string, changes: object = {}) =>
  JSON.stringify({ id, userId: 'dana', action: 'delivered', timestamp: '2024-02-01T10:00:00Z', ...changes })

type Delivery = {
  partition?: number
  offset: number
  id?: string
  headers?: { [name: string]: string | undefined }
  body?: string | Uint8Array
  path?: string
}

/** Delivers a record at a position that no other request uses. */
export function deliver(
  name: string,
  { partition = usualPartition, offset, id = `d-${offset}`, headers = {}, body = textOf(id), path = '/' }: Delivery,
): FrozenRequest {
  const position = { 'ce-knativekafkapartition': String(partition), 'ce-knativekafkaoffset': String(offset) }
  const all = Object.entries({ ...ours, 'ce-id': id, ...position, ...headers })
  const given = all.filter((header): header is [string, string] => header[1] !== undefined)
  return ask('persist', name, path, { method: 'POST', headers: Object.fromEntries(given), body })
}

const structuredText = JSON.stringify({
  specversion: '1.0',
  id: 'd-2',
  source: '/activity-log/default',
  type: 'dev.activity-log.activity.recorded.v1',
  recordedtime: '2026-01-01T00:00:00.000Z',
  tenant: 'default',
  knativekafkapartition: '7',
  knativekafkaoffset: '2',
  data: JSON.parse(textOf('d-2', { metadata: { a: [1, null] } })),
})
const bare = { 'content-type': 'application/cloudevents+json' }

/** Records that persist cannot save, and keeps as dead letters. */
const rejected: readonly (readonly [what: string, headers: Headers, body: string | Uint8Array])[] = [
  ['broken JSON', {}, '{"id":'],
  ['an empty body', {}, ''],
  ['no UTF-8', {}, new Uint8Array([0x7b, 0xff])],
  ['an activity without a user', {}, '{"id":"a","action":"x","timestamp":"2024-01-15T10:00:00Z"}'],
  ['an activity without an id', {}, '{"userId":"u","action":"x","timestamp":"2024-01-15T10:00:00Z"}'],
  ['a value that would change', {}, textOf('r-n').replace('}', ',"metadata":{"n":1e400}}')],
  ['a name that no store keeps', {}, textOf('r-b').replace('}', ',"metadata":{"_bsontype":"ObjectId"}}')],
  ['an array', {}, '[]'],
  ['another type', { 'ce-type': 'com.example.other' }, textOf('r-t')],
  ['a later version', { 'ce-type': 'dev.activity-log.activity.recorded.v9' }, textOf('r-v')],
  ['no time of receipt', { 'ce-recordedtime': '' }, textOf('r-r')],
  ['no tenant', { 'ce-tenant': '' }, textOf('r-e')],
  ['a tenant that none can be', { 'ce-tenant': 'a%0Ab' }, textOf('r-x')],
  ['data that is no JSON', { 'content-type': 'text/plain' }, 'hello'],
  ['a time far ahead', {}, textOf('r-f', { timestamp: '2026-02-01T00:00:00Z' })],
]

const notOne: readonly (readonly [what: string, headers: { [name: string]: string | undefined }, body?: string])[] = [
  ['an envelope that was damaged', { 'ce-type': 'dev.knative.kafka.event' }],
  ['no position', { 'ce-knativekafkapartition': undefined, 'ce-knativekafkaoffset': undefined }],
  ['a position that is none', { 'ce-knativekafkaoffset': '-1' }],
  ['no specversion', { 'ce-specversion': undefined }],
  ['another specversion', { 'ce-specversion': '0.3' }],
  ['no source and no type', { 'ce-source': undefined, 'ce-type': undefined }],
  ['an attribute with NUL', { 'ce-subject': 'a%00b' }],
  ['structured mode that is no JSON', { ...bare }, '{'],
  ['structured mode that is no event', { ...bare }, '{"specversion":"1.0","id":"1","type":"t"}'],
]

const error = {
  'ce-knativeerrordest': 'http://persist/',
  'ce-knativeerrorcode': '503',
  'ce-knativeerrordata': btoa('no disk'),
}
const path = '/dead-letters'
const undelivered = (name: string, delivery: Delivery) => deliver(`undelivered: ${name}`, { path, ...delivery })

export const persist: readonly FrozenRequest[] = [
  ask('persist', 'healthz', '/healthz'),
  deliver('a record', { offset: 0 }),
  deliver('with names in many scripts', {
    offset: 1,
    headers: { 'ce-subject': '%E6%9D%91' },
    body: textOf('d-1', { userId: '村上春樹', action: 'Zoë ☃' }),
  }),
  ask('persist', 'structured', '/', { method: 'POST', headers: bare, body: structuredText }),
  deliver('the same delivery again', { offset: 0 }),
  deliver('the same activity at another position', { offset: 3, id: 'd-0' }),
  deliver('another content under the same id', { offset: 4, id: 'd-0', body: textOf('d-0', { action: 'other' }) }),
  deliver('the same conflict again', { offset: 4, id: 'd-0', body: textOf('d-0', { action: 'other' }) }),
  deliver('a second conflict', { offset: 5, id: 'd-1', body: textOf('d-1', { metadata: { other: true } }) }),
  deliver('of another tenant', {
    offset: 6,
    headers: { 'ce-tenant': 'acme' },
    body: textOf('d-6', { userId: 'foreigner' }),
  }),
  deliver('filled in by ingest', { offset: 7, headers: { 'ce-filledin': 'id-timestamp' } }),
  deliver('attributes that nobody knows', { offset: 8, headers: { 'ce-policy': '3', 'ce-salt': 'x'.repeat(100) } }),
  deliver('no content type', { offset: 9, headers: { 'content-type': undefined } }),
  ...rejected.map(([what, headers, body], n) => deliver(`keeps ${what}`, { offset: 20 + n, headers, body })),
  ...rejected.slice(0, 1).map(([what, headers, body]) => deliver(`keeps ${what} again`, { offset: 20, headers, body })),
  ...notOne.map(([what, headers, body], n) =>
    deliver(`refuses ${what}`, { offset: 60 + n, headers, ...(body !== undefined && { body }) }),
  ),
  undelivered('a record', { offset: 0, id: 'u-0', headers: error }),
  undelivered('with its first position', {
    offset: 1,
    id: 'u-1',
    headers: { ...error, 'ce-recordpartition': '7', 'ce-recordoffset': '50' },
  }),
  undelivered('a damaged envelope', {
    offset: 2,
    id: 'u-2',
    headers: { ...error, 'ce-type': 'dev.knative.kafka.event' },
    body: 'garbage',
  }),
  undelivered('no event at all', {
    offset: 3,
    headers: { ...bare, 'ce-specversion': undefined },
    body: '{"specversion":',
  }),
  undelivered('without a code', { offset: 4, id: 'u-4', headers: { 'ce-knativeerrordest': 'http://persist/' } }),
  undelivered('twice', { offset: 0, id: 'u-0', headers: error }),
  undelivered('without a position', { offset: 5, headers: { 'ce-knativekafkaoffset': undefined } }),
  deliver('too large', { offset: 70, body: 'x'.repeat(2 * 1024 * 1024 + 1) }),
  deliver('compressed', { offset: 71, headers: { 'content-encoding': 'gzip' } }),
  ask('persist', 'GET /', '/'),
  ask('persist', 'HEAD /', '/', { method: 'HEAD' }),
  ask('persist', 'PUT /', '/', { method: 'PUT', body: '{}' }),
  ask('persist', 'GET /dead-letters', '/dead-letters'),
  ask('persist', 'nowhere', '/nowhere', { method: 'POST', body: '{}' }),
  ask('persist', 'metrics', '/metrics'),
]
