import type { FrozenRequest } from '../frozen-request.ts'
import { activity, ask, bytes, json, lines, ndjson, post } from './build.ts'
import { ids, metadata, names } from './names.ts'

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

const timestamps = [
  ...['1970-01-01T00:00:00Z', '2024-01-15T11:00:00.50+01:00', '2024-01-15t10:00:00z', '2024-02-29T23:59:59.999999999Z'],
  ...[
    '2016-12-31T23:59:60Z',
    '2024-01-15T10:00:00-00:00',
    '2024-01-15T10:00:00.12345678901234567890Z',
    '2026-01-01T12:00:00+23:59',
  ],
]

/** Activities that ingest accepts, and batches with some that it rejects. */
export const ingest: readonly FrozenRequest[] = [
  ask('ingest', 'healthz', '/healthz'),
  post('one, minimal', { userId: 'ada', action: 'sign.in' }),
  post('one with everything', activity({ id: 'order-981-paid', metadata: { button: 'buy', ip: '203.0.113.9', n: 1 } })),
  post('the same again', activity({ id: 'order-981-paid', metadata: { button: 'buy', ip: '203.0.113.9', n: 1 } })),
  post('the same id with another action', activity({ id: 'order-981-paid', action: 'other', metadata: { n: 2 } })),
  post('an id for the path', activity({ id: 'a/b?c=d#e%20' })),
  post('names with blanks around them', activity({ id: 'trimmed', userId: '  ada \n', action: '\tsign.out ' })),
  post('without a timestamp', activity({ id: 'now', timestamp: undefined })),
  post('without metadata', activity({ id: 'bare', metadata: undefined })),
  post('empty metadata', activity({ id: 'empty', metadata: {} })),
  ask('query', 'an early moment', '/logs?limit=3'),
  post('a key for its id', activity(), { ...json, 'idempotency-key': '"key-1"' }),
  post('a key without quotes', activity(), { ...json, 'idempotency-key': 'key-2' }),
  post('the same key again', activity(), { ...json, 'idempotency-key': 'key-2' }),
  post('a key that is the id', activity({ id: 'key-3' }), { ...json, 'idempotency-key': '"key-3"' }),
  post('a trace', activity({ id: 'traced' }), { ...json, traceparent }),
  post('a trace that is none', activity({ id: 'untraced' }), { ...json, traceparent: 'x' }),
  post('a charset', activity({ id: 'charset' }), { 'content-type': 'Application/JSON; charset="UTF-8"' }),
  post('a byte order mark', bytes([0xef, 0xbb, 0xbf], JSON.stringify(activity({ id: 'marked' })))),
  post('blanks around the JSON', ` \r\n\t${JSON.stringify(activity({ id: 'blanks' }))} \n`),
  post('an id of its request', activity({ id: 'named' }), { ...json, 'x-request-id': 'my-own-id_1' }),
  post('an id of its request that is none', activity({ id: 'unnamed' }), { ...json, 'x-request-id': 'a b' }),
  ask('ingest', 'without a declared length', '/logs', {
    method: 'POST',
    headers: json,
    body: activity({ id: 'chunked' }),
    chunked: true,
  }),
  ...timestamps.map((timestamp, n) => post(`the timestamp ${timestamp}`, activity({ id: `time-${n}`, timestamp }))),
  ...metadata.map((text, n) =>
    post(
      `metadata ${n}`,
      `{"id":"metadata-${n}","userId":"meta","action":"m.${n % 3}","timestamp":"2024-03-0${1 + (n % 9)}T00:00:00Z","metadata":${text}}`,
    ),
  ),
  ...names
    .slice(0, 13)
    .map((name, n) =>
      post(
        `the name ${name}`,
        activity({ id: `name-${n}`, userId: name, action: `${name}.did`, metadata: { [name]: name } }),
      ),
    ),
  post(
    'all names at once',
    names.map((name, n) =>
      activity({
        id: `names-${n}`,
        userId: name,
        action: name,
        timestamp: `2024-05-01T00:00:${String(n % 60).padStart(2, '0')}Z`,
        metadata: { name, values: [name] },
      }),
    ),
  ),
  post(
    'all ids at once',
    ids.map((id) => activity({ id, userId: 'ids', action: 'id.seen', timestamp: '2024-06-01T00:00:00Z' })),
  ),
  post('an array of one', [activity({ id: 'one-of-one' })]),
  post('an array without ids', [activity({ userId: 'eve' }), activity({ userId: 'eve' })]),
  post('an array, one of it wrong', [activity({ id: 'w-1' }), { userId: 'u', nested: 1 }, activity({ id: 'w-3' })]),
  post('an array, all of it wrong', [{ userId: '' }, 1, null, [], 'x']),
  post('the same twice in an array', [
    activity({ id: 'twin' }),
    activity({ id: 'twin' }),
    activity({ id: 'twin', action: 'other' }),
  ]),
  post(
    'an array of which one value would change',
    `[${JSON.stringify(activity({ id: 'v-1' }))},{"userId":"u","action":"a","metadata":{"n":[1,-0]}}]`,
  ),
  post('lines', `${lines(activity({ id: 'l-1' }), '', activity({ id: 'l-2' }))}\r\n`, ndjson),
  post('lines, one of them broken', lines(activity({ id: 'l-3' }), '{"broken"', '', activity({ id: 'l-4' })), ndjson),
  post(
    'lines, one of them no UTF-8',
    bytes(lines(activity({ id: 'l-5' })), '\n{"userId":"', [0xff], '"}\n', lines(activity({ id: 'l-6' }))),
    ndjson,
  ),
  post('lines, one of them too large', lines(activity({ id: 'l-7' }), `{"userId":"${'x'.repeat(262_144)}"}`), ndjson),
  post('lines, all of them wrong', 'x\n{}\n[]', ndjson),
  post('lines, one of them twice named', '{"userId":"u","userId":"v","action":"a"}\n', ndjson),
  post(
    'a hundred',
    Array.from({ length: 100 }, (_, n) =>
      activity({
        id: `hundred-${n}`,
        userId: `user_${n % 7}`,
        action: `cart.${['add', 'remove', 'pay'][n % 3]}`,
        timestamp: new Date(Date.UTC(2024, 6, 1 + n, n % 24)).toISOString(),
        metadata: { n, half: n / 2, even: n % 2 === 0, shop: { name: `shop ${n % 5}` } },
      }),
    ),
  ),
  ask('ingest', 'GET /logs', '/logs'),
  ask('ingest', 'HEAD /logs', '/logs', { method: 'HEAD' }),
  ask('ingest', 'PUT /logs', '/logs', { method: 'PUT', headers: json, body: activity() }),
  ask('ingest', 'DELETE /logs', '/logs', { method: 'DELETE' }),
  ask('ingest', 'OPTIONS /logs', '/logs', { method: 'OPTIONS' }),
  ask('ingest', 'POST elsewhere', '/logs/', { method: 'POST', headers: json, body: activity() }),
  ask('ingest', 'nowhere', '/nowhere'),
  ask('ingest', 'the root', '/'),
  ask('ingest', 'HEAD healthz', '/healthz', { method: 'HEAD' }),
  ask('ingest', 'POST healthz', '/healthz', { method: 'POST' }),
  ask('ingest', 'metrics', '/metrics'),
  ask('ingest', 'POST metrics', '/metrics', { method: 'POST' }),
]
