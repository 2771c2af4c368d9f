export const json = { 'content-type': 'application/json' }
const structured = { 'content-type': 'application/cloudevents+json' }
const binary = { ...json, 'ce-specversion': '1.0', 'ce-id': 'p', 'ce-source': '/s', 'ce-type': 't', 'ce-subject': 'u' }
const without = (name: keyof typeof binary) =>
  Object.fromEntries(Object.entries(binary).filter(([key]) => key !== name))
const event = { specversion: '1.0', id: 'p', source: '/s', type: 't', subject: 'u' }
const bytes = (...parts: (string | number[])[]) => Buffer.concat(parts.map((part) => Buffer.from(part as string)))
const before = '{"userId":"u","action":"a","metadata":{"v":"'
const after = '"}}'

/** Requests that are rejected as a whole, because of the body or the headers. */
export const poisonedRequests: readonly {
  name: string
  headers: { [name: string]: string }
  body: string | Uint8Array
  status: number
}[] = [
  ['an empty body', json, '', 400],
  ['a tombstone', json, 'null', 400],
  ['a number', json, '1', 400],
  ['text', json, '"activity"', 400],
  ['an empty object', json, '{}', 400],
  ['random bytes', json, bytes([0x00, 0xff, 0x1f, 0x8b, 0x08, 0x00]), 400],
  ['UTF-16', json, Buffer.from('\ufeff{}', 'utf16le'), 400],
  ['two byte order marks', json, '\ufeff\ufeff{"userId":"u","action":"a"}', 400],
  ['a byte that is not UTF-8', json, bytes(before, [0xff], after), 400],
  ['an overlong slash', json, bytes(before, [0xc0, 0xaf], after), 400],
  ['an encoded surrogate', json, bytes(before, [0xed, 0xa0, 0x80], after), 400],
  ['a code point beyond the last one', json, bytes(before, [0xf4, 0x90, 0x80, 0x80], after), 400],
  ['an incomplete character', json, bytes(before, [0xe2, 0x98], after), 400],
  ['NUL as a byte', json, bytes(before, [0x00], after), 400],
  ['a member twice', json, '{"userId":"u","userId":"v","action":"a"}', 400],
  ['__proto__ as a member', json, '{"userId":"u","action":"a","__proto__":{"id":"x"}}', 400],
  ['members of __proto__', json, '{"__proto__":{"userId":"u","action":"a"}}', 400],
  ['a tenant in the body', json, '{"userId":"u","action":"a","tenant":"other"}', 400],
  ['operators as values', json, '{"userId":{"$ne":null},"action":{"$gt":""}}', 400],
  ['arrays as values', json, '{"userId":["u"],"action":["a"]}', 400],
  ['numbers as values', json, '{"userId":1,"action":true,"id":7,"timestamp":1705312800000}', 400],
  ['a date that does not exist', json, '{"userId":"u","action":"a","timestamp":"2024-02-30T10:00:00Z"}', 400],
  ['too large', json, `{"userId":"u","action":"a","metadata":{"v":"${'v'.repeat(300_000)}"}}`, 413],
  ['too many', json, `[${'{},'.repeat(1000)}{}]`, 413],
  ['no content type', {}, '{"userId":"u","action":"a"}', 415],
  ['an invalid content type', { 'content-type': 'json' }, '{}', 415],
  ['gzip that ends early', { ...json, 'content-encoding': 'gzip' }, bytes([0x1f, 0x8b]), 400],
  ['in another encoding', { ...json, 'content-encoding': 'br' }, bytes([0x1f, 0x8b]), 415],
  ['a CloudEvent without specversion', without('ce-specversion'), '{}', 400],
  ['a CloudEvent without an id', without('ce-id'), '{}', 400],
  ['a CloudEvent without a source', without('ce-source'), '{}', 400],
  ['a CloudEvent without a type', without('ce-type'), '{}', 400],
  ['a CloudEvent with an empty user', { ...binary, 'ce-subject': '' }, '{}', 400],
  ['a CloudEvent of version 0.3', { ...binary, 'ce-specversion': '0.3' }, '{}', 400],
  ['a CloudEvent with NUL', { ...binary, 'ce-subject': 'a%00b' }, '{}', 400],
  ['a CloudEvent with raw bytes', { ...binary, 'ce-subject': 'Ü' }, '{}', 400],
  ['a CloudEvent with a broken time', { ...binary, 'ce-time': 'yesterday' }, '{}', 400],
  ['a CloudEvent with broken data', binary, '{"a":', 400],
  ['a CloudEvent with lossy data', binary, '{"a":-0}', 400],
  ['a CloudEvent with a type of the driver', binary, '{"_bsontype":"ObjectId"}', 400],
  ['a structured CloudEvent that is not an object', structured, '[]', 400],
  ['a structured CloudEvent of version 9.9', structured, JSON.stringify({ ...event, specversion: '9.9' }), 400],
  ['a structured CloudEvent with an invalid attribute name', structured, JSON.stringify({ ...event, 'A-b': 1 }), 400],
  ['a structured CloudEvent with an attribute twice', structured, '{"specversion":"1.0","id":"p","id":"q"}', 400],
  ['a structured CloudEvent with invalid base64', structured, JSON.stringify({ ...event, data_base64: '*' }), 400],
].map(([name, headers, body, status]) => ({ name, headers, body, status }) as (typeof poisonedRequests)[number])
