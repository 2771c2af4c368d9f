import type { FrozenRequest } from '../frozen-request.ts'
import { activity, ask, batch, bytes, json, lines, ndjson, post, structured } from './build.ts'
import { noIds, noMetadata, noNames } from './names.ts'

const before = '{"userId":"u","action":"a","metadata":{"v":"'
const after = '"}}'
const withMetadata = (text: string) => `{"userId":"u","action":"a","metadata":${text}}`
const shown = (text: string) => JSON.stringify(text.slice(0, 20))

const timestamps = [
  ...['2024-02-31T00:00:00Z', '2024-01-01T24:00:00Z', 'Jan 1 2024', '2024-01-01T00:00:00', '2026-01-03T00:00:01Z'],
  ...[
    '1969-12-31T23:59:59Z',
    '2024-01-15',
    '',
    '2024-01-15T10:00:00+24:00',
    '2024-01-15T10:00:61Z',
    '9999-12-31T23:59:59Z',
  ],
]

/** Requests that ingest rejects without storing anything. */
export const invalid: readonly FrozenRequest[] = [
  post('refuses nothing', ''),
  post('refuses null', 'null'),
  post('refuses a number', '1'),
  post('refuses text', '"activity"'),
  post('refuses an empty object', '{}'),
  post('refuses malformed JSON', '{"userId":'),
  post('refuses a comment', '{"userId":"u"/* no */}'),
  post('refuses what follows the JSON', '{"userId":"u","action":"a"} x'),
  post('refuses single quotes', "{'userId':'u'}"),
  post('refuses NaN', withMetadata('{"n":NaN}')),
  post('refuses an escape that is none', withMetadata('{"n":"\\x"}')),
  post('refuses a line break in a string', withMetadata('{"n":"a\nb"}')),
  post('refuses every error at once', { userId: ' ', timestamp: '1', ip: 1, more: 2 }),
  post('refuses wrong types', { userId: 1, action: {}, id: 5, metadata: [], timestamp: 1_705_312_800_000 }),
  post('refuses operators for names', '{"userId":{"$ne":null},"action":{"$gt":""}}'),
  post('refuses null for names', '{"userId":null,"action":null,"id":null,"timestamp":null}'),
  post('refuses __proto__ as a member', '{"userId":"u","action":"a","__proto__":{"id":"x"}}'),
  post('refuses members by __proto__', '{"__proto__":{"userId":"u","action":"a"}}'),
  post('refuses a tenant', '{"userId":"u","action":"a","tenant":"other"}'),
  post('refuses names that need escapes in a pointer', '{"userId":"u","action":"a","a/b":1,"c~d":2,"":3,"é":4}'),
  post('refuses a member twice', '{"userId":"u","userId":"v","action":"a"}'),
  ...noNames.flatMap((name) => [
    post(`refuses the user ${shown(name)} of ${name.length}`, activity({ userId: name })),
    post(`refuses the action ${shown(name)} of ${name.length}`, activity({ action: name })),
  ]),
  ...noIds.map((id) => post(`refuses the id ${shown(id)} of ${id.length}`, activity({ id }))),
  ...timestamps.map((timestamp) => post(`refuses the timestamp ${timestamp}`, activity({ timestamp }))),
  ...noMetadata.map(([what, text]) => post(`refuses metadata: ${what}`, withMetadata(text))),
  post('refuses bytes of no meaning', bytes([0x00, 0xff, 0x1f, 0x8b, 0x08, 0x00])),
  post('refuses UTF-16', Buffer.from('\ufeff{}', 'utf16le')),
  post('refuses two byte order marks', '\ufeff\ufeff{"userId":"u","action":"a"}'),
  post('refuses a byte that is no UTF-8', bytes(before, [0xff], after)),
  post('refuses an overlong slash', bytes(before, [0xc0, 0xaf], after)),
  post('refuses half of a pair as bytes', bytes(before, [0xed, 0xa0, 0x80], after)),
  post('refuses NUL as a byte', bytes(before, [0x00], after)),
  post('refuses absurdly deep JSON', `${'['.repeat(100_000)}${']'.repeat(100_000)}`),
  post('refuses an empty array', '[]'),
  post('refuses blank lines', '\n \r\n\t\n', ndjson),
  post('refuses 1,001', `[${'{},'.repeat(1000)}{}]`),
  post('refuses 1,001 lines', lines(...Array(1001).fill('{}')), ndjson),
  post('refuses one that is too large', withMetadata(`{"v":"${'v'.repeat(300_000)}"}`)),
  post('refuses many that are too large', `[${' '.repeat(4 * 1024 * 1024)}]`),
  ask('ingest', 'refuses what is too large without a length', '/logs', {
    method: 'POST',
    headers: json,
    body: ' '.repeat(5 * 1024 * 1024),
    chunked: true,
  }),
  post('refuses no content type', '{"userId":"u","action":"a"}', {}),
  post('refuses a form', 'userId=u', { 'content-type': 'application/x-www-form-urlencoded' }),
  post('refuses plain text', 'x', { 'content-type': 'text/plain' }),
  post('refuses another charset', activity(), { 'content-type': 'application/json; charset=iso-8859-1' }),
  post('refuses a content type that is none', '{}', { 'content-type': 'json' }),
  post('refuses a compressed body', bytes([0x1f, 0x8b]), { ...json, 'content-encoding': 'gzip' }),
  post('takes the encoding identity', activity({ id: 'identity' }), { ...json, 'content-encoding': 'identity' }),
  post('refuses a key beside another id', activity({ id: 'x' }), { ...json, 'idempotency-key': 'k' }),
  post('refuses a key that is no id', activity(), { ...json, 'idempotency-key': 'a b' }),
  post('refuses an empty key', activity(), { ...json, 'idempotency-key': '""' }),
  post('refuses a key for many', [activity()], { ...json, 'idempotency-key': 'k' }),
  post('refuses a batch that is none', {}, batch),
  post('refuses an event that is none', '[]', structured),
  ask('ingest', 'refuses a parameter', '/logs?userId=ada', { method: 'POST', headers: json, body: activity() }),
  ask('ingest', 'refuses several parameters', '/logs?a=1&b=%zz&a=2', {
    method: 'POST',
    headers: json,
    body: activity(),
  }),
]
