import { aRecord } from './builders.ts'

/** Metadata, as JSON text; with the place that is refused, unless it comes back as it was sent. */
export type PoisonedMetadata = { name: string; text: string; refusedAt?: string }

const nested = (levels: number) => `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`
const wide = (members: number) => `{${Array.from({ length: members }, (_, n) => `"k${n}":${n}`).join()}}`
const value = (text: string) => `{"v":${text}}`

const kept: readonly [name: string, text: string][] = [
  ['operators', '{"$set":{"a":1},"$where":"sleep(1)","$ne":null,"a":{"$gt":""}}'],
  ['a reference', '{"a":{"$ref":"c","$id":"1","$db":"d"}}'],
  ['a reference in an array', '{"a":[{"$id":1,"$ref":"c"}]}'],
  ['extended JSON', '{"a":{"$oid":"507f1f77bcf86cd799439011"},"b":{"$numberLong":"1"},"c":{"$date":"2024-01-15"}}'],
  ['names of our own', '{"_id":1,"id":"x","tenant":"other","metadata":{"metadata":{}},"metadataText":"{}","digest":1}'],
  ['dots', '{"a.b":1,".":2,"a..b":3,"a":{"b":4},".a.":5}'],
  ['empty names', '{"":{"":{"":0}}}'],
  ['__proto__', '{"__proto__":{"admin":true},"a":{"__proto__":null}}'],
  ['constructor', '{"constructor":{"prototype":{"x":1}},"prototype":1,"hasOwnProperty":0,"valueOf":0,"toString":"x"}'],
  [
    'names of every object, of arrays',
    '{"toString":[{}],"a":{"constructor":[[{"b":1}]],"__proto__":[{}],"valueOf":[[],{}]}}',
  ],
  ['toJSON and its like', '{"toJSON":1,"toBSON":2,"then":3,"inspect":4,"length":5,"buffer":6,"0":7}'],
  ['names that look like numbers', '{"b":1,"10":2,"9":3,"-1":4,"01":5,"1e3":6,"4294967295":7,"9007199254740993":8}'],
  ['names that look like numbers, below', '{"a":[{"2":1,"1":2,"x":3,"0":4}]}'],
  ['a long name', `{"${'n'.repeat(30_000)}":1}`],
  ['a long value', value(`"${'v'.repeat(32_700)}"`)],
  ['an array at the limit', value(`[${'0,'.repeat(16_000)}0]`)],
  ['32 levels', nested(32)],
  ['256 members', wide(256)],
  ['nothing', '{}'],
  ['empty values', '{"a":null,"b":"","c":[],"d":{},"e":false,"f":0}'],
  ['what looks like a date', '{"a":"2024-01-15T10:00:00.000Z","b":"/Date(1705312800000)/","c":1705312800000}'],
  ['what looks like an ObjectId', '{"a":"507f1f77bcf86cd799439011","b":"ObjectId(\\"507f1f77bcf86cd799439011\\")"}'],
  ['what looks like binary', '{"type":"Buffer","data":[1,2,3],"a":{"sub_type":0,"position":3}}'],
  ['doubles', '{"a":[0.1,1e21,1e-7,5e-324,1.7976931348623157e308,2147483648,-2147483649,9007199254740991]}'],
  ['numbers written otherwise', '{"a":[1.0,1e2,1E+2,100e-2,0e5,0e00000000001]}'],
  ['text that looks like numbers', '{"a":"007","b":"1e400","c":"NaN","d":"-0","e":"9007199254740993"}'],
  ['a byte order mark within', '{"\ufeffa":"\ufeffb\ufeff"}'],
  ['control characters', value(JSON.stringify(String.fromCharCode(...Array.from({ length: 31 }, (_, n) => n + 1))))],
  ['characters beyond the first plane', '{"👩‍🚀":"\\ud83d\\ude00","𝒳":"\u{10ffff}"}'],
  ['characters that are none', '{"a":"\ufffe\uffff\ufffd"}'],
  ['composed and decomposed', '{"é":1,"e\u0301":2,"ﬀ":3,"\u00c5":4,"\u212b":5}'],
  ['right to left', '{"\u202e":"\u202dabc\u202c\u200f","שלום":"مرحبا"}'],
  ['invisible characters', '{"\u200b":1,"\u00ad":2,"\u2060":3,"\u180e":4,"\u3000":5}'],
]

const refused: readonly [name: string, text: string, refusedAt: string][] = [
  ['a type of the driver', '{"_bsontype":"ObjectId"}', '/metadata/_bsontype'],
  ['a type of the driver, deep', '{"a":[{"b":{"_bsontype":"Long"}}]}', '/metadata/a/0/b/_bsontype'],
  ['a type of the driver in escapes', '{"\\u005fbsontype":1}', '/metadata/_bsontype'],
  ['NUL in a name', '{"a\\u0000b":1}', '/metadata/a\0b'],
  ['NUL in a value', value('"a\\u0000"'), '/metadata/v'],
  ['half of a pair', value('"\\ud800"'), '/metadata/v'],
  ['the other half', value('"a\\udc00b"'), '/metadata/v'],
  ['halves the wrong way round', value('"\\udc00\\ud800"'), '/metadata/v'],
  ['half of a pair in a name', '{"\\ud800":1,"\\ud801":2}', '/metadata/\ud800'],
  ['too large a number', value('1e400'), '/metadata/v'],
  ['too small a number', value('1e-400'), '/metadata/v'],
  ['too long a number', value('9007199254740993'), '/metadata/v'],
  ['a fraction that is too long', value('0.10000000000000000001'), '/metadata/v'],
  ['minus zero', value('-0'), '/metadata/v'],
  ['minus zero, written otherwise', value('-0.0e1'), '/metadata/v'],
  ['a member twice', '{"a":1,"a":2}', '/metadata/a'],
  ['a member twice, in escapes', '{"a":{"b":1,"\\u0062":1}}', '/metadata/a/b'],
  ['__proto__ twice', '{"__proto__":1,"__proto__":2}', '/metadata/__proto__'],
  ['33 levels', nested(33), `/metadata${'/a'.repeat(32)}`],
  ['a hundred thousand levels', value(`${'['.repeat(100_000)}${']'.repeat(100_000)}`), `/metadata/v${'/0'.repeat(31)}`],
  ['257 members', wide(257), '/metadata'],
  ['ten thousand members', wide(10_000), '/metadata'],
  ['too long a value', value(`"${'v'.repeat(32_800)}"`), '/metadata'],
  ['too long in bytes', value(`"${'☃'.repeat(11_000)}"`), '/metadata'],
  ['a hundred thousand values', value(`[${'0,'.repeat(100_000)}0]`), '/metadata'],
  ['an array', '[]', '/metadata'],
  ['null', 'null', '/metadata'],
  ['text', '"{}"', '/metadata'],
]

export const poisonedMetadata: readonly PoisonedMetadata[] = [
  ...kept.map(([name, text]) => ({ name, text })),
  ...refused.map(([name, text, refusedAt]) => ({ name, text, refusedAt })),
]

/** For userId and action, and for names and values in metadata: each comes back as it is. */
export const poisonedNames: readonly string[] = [
  ...[
    'Zoë',
    'Владимир',
    'أحمد',
    '村上春樹',
    'ᚠᚢᚦ',
    '👩‍🚀👨‍👩‍👧‍👦',
    'ไทย',
    'नमस्ते',
    'שָׁלוֹם',
    '한국어',
    'ﷺ',
    'Z̸a̷l̵g̶o̴',
    '𝕋𝕖𝕤𝕥',
  ],
  ...['null', 'undefined', 'true', 'NaN', '0', '-1', '1e3', '0x10', '1/0', '[object Object]', '{}', '[]', '""', "''"],
  ...[
    '{"$ne":null}',
    '$where',
    '$ne',
    'a.b',
    '__proto__',
    'constructor',
    'toString',
    '_bsontype',
    '*',
    'a*',
    'a,b',
    ',',
  ],
  ...[
    "' OR '1'='1",
    "'; DROP TABLE activities;--",
    '%',
    '_',
    '%00',
    '%0d%0a',
    '%ff',
    'a%20b',
    '+',
    'a+b',
    '&a=b',
    '#',
    '?',
  ],
  ...['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', 'javascript:alert(1)', '=1+1', '@SUM(A1)', '`id`'],
  ...[
    '$(id)',
    '$' + '{7*7}',
    '{{7*7}}',
    '%s%n',
    '../../etc/passwd',
    '..',
    '.',
    'C:\\',
    '\\\\host\\share',
    '/',
    '//',
    'a\\',
  ],
  ...['a\r\nce-id: other', 'a\nb', 'a\tb', 'a\u0001b', 'a\u007fb', 'a\u0085b', 'a\u001b[31mb', 'a\u2028b', 'a\ufeffb'],
  ...[
    '\u202eabc',
    'a\u200bb',
    'a\u00a0b',
    '\ufffd',
    '\uffff',
    'ﬁ',
    'İ',
    'ß',
    'ẞ',
    'ı',
    '"quoted"',
    '"',
    'a;b="c"',
    "it's",
  ],
  ...['😀'.repeat(256), 'n'.repeat(256), '☃'.repeat(256)],
]

export const refusedNames: readonly string[] = [
  '',
  ' ',
  '\t\n',
  '\u00a0\ufeff',
  'a\0b',
  '\ud800',
  'a\udc00',
  'n'.repeat(257),
  '😀'.repeat(257),
]

export const poisonedIds: readonly string[] = [
  ...[
    '%',
    '%2e%2e',
    '%2F',
    '%00',
    '%zz',
    '/',
    '//',
    'a/b',
    '../x',
    '...',
    '?',
    '#',
    '?a=b#c',
    '&',
    '+',
    '\\',
    ':',
    ';',
    ',',
  ],
  ...[
    '"',
    "'",
    '<b>',
    '{"$ne":1}',
    '$',
    '__proto__',
    'constructor',
    'null',
    '0',
    '-',
    '*',
    '[',
    '|',
    '~',
    '!',
    '(',
    '@',
  ],
  ...['507f1f77bcf86cd799439011', 'x'.repeat(128)],
]

export const refusedIds: readonly string[] = [
  ...[
    '',
    ' ',
    'a b',
    '.',
    '..',
    'a\r\nSet-Cookie: x',
    'a\nb',
    'a\tb',
    'a\0b',
    'a\u007f',
    'é',
    '☃',
    '\ud800',
    'x'.repeat(129),
  ],
]

const json = { 'content-type': 'application/json' }
const structured = { 'content-type': 'application/cloudevents+json' }
const binary = { ...json, 'ce-specversion': '1.0', 'ce-id': 'p', 'ce-source': '/s', 'ce-type': 't', 'ce-subject': 'u' }
const without = (name: keyof typeof binary) =>
  Object.fromEntries(Object.entries(binary).filter(([key]) => key !== name))
const event = { specversion: '1.0', id: 'p', source: '/s', type: 't', subject: 'u' }
const bytes = (...parts: (string | number[])[]) => Buffer.concat(parts.map((part) => Buffer.from(part as string)))
const before = '{"userId":"u","action":"a","metadata":{"v":"'
const after = '"}}'

/** What is refused as a whole, before or beside its content. */
export const poisonedRequests: readonly {
  name: string
  headers: { [name: string]: string }
  body: string | Uint8Array
  status: number
}[] = [
  ['nothing', json, '', 400],
  ['a tombstone', json, 'null', 400],
  ['a number', json, '1', 400],
  ['text', json, '"activity"', 400],
  ['an empty object', json, '{}', 400],
  ['bytes of no meaning', json, bytes([0x00, 0xff, 0x1f, 0x8b, 0x08, 0x00]), 400],
  ['UTF-16', json, Buffer.from('\ufeff{}', 'utf16le'), 400],
  ['two byte order marks', json, '\ufeff\ufeff{"userId":"u","action":"a"}', 400],
  ['a byte that is no UTF-8', json, bytes(before, [0xff], after), 400],
  ['an overlong slash', json, bytes(before, [0xc0, 0xaf], after), 400],
  ['half of a pair as bytes', json, bytes(before, [0xed, 0xa0, 0x80], after), 400],
  ['beyond the last code point', json, bytes(before, [0xf4, 0x90, 0x80, 0x80], after), 400],
  ['a character cut off', json, bytes(before, [0xe2, 0x98], after), 400],
  ['NUL as a byte', json, bytes(before, [0x00], after), 400],
  ['a member twice', json, '{"userId":"u","userId":"v","action":"a"}', 400],
  ['__proto__ as a member', json, '{"userId":"u","action":"a","__proto__":{"id":"x"}}', 400],
  ['members by __proto__', json, '{"__proto__":{"userId":"u","action":"a"}}', 400],
  ['a tenant of its own', json, '{"userId":"u","action":"a","tenant":"other"}', 400],
  ['operators for names', json, '{"userId":{"$ne":null},"action":{"$gt":""}}', 400],
  ['arrays for names', json, '{"userId":["u"],"action":["a"]}', 400],
  ['numbers for names', json, '{"userId":1,"action":true,"id":7,"timestamp":1705312800000}', 400],
  ['a date that is none', json, '{"userId":"u","action":"a","timestamp":"2024-02-30T10:00:00Z"}', 400],
  ['too large', json, `{"userId":"u","action":"a","metadata":{"v":"${'v'.repeat(300_000)}"}}`, 413],
  ['too many', json, `[${'{},'.repeat(1000)}{}]`, 413],
  ['no content type', {}, '{"userId":"u","action":"a"}', 415],
  ['a content type that is none', { 'content-type': 'json' }, '{}', 415],
  ['compressed', { ...json, 'content-encoding': 'gzip' }, bytes([0x1f, 0x8b]), 415],
  ['a CloudEvent without specversion', without('ce-specversion'), '{}', 400],
  ['a CloudEvent without an id', without('ce-id'), '{}', 400],
  ['a CloudEvent without a source', without('ce-source'), '{}', 400],
  ['a CloudEvent without a type', without('ce-type'), '{}', 400],
  ['a CloudEvent without a user', without('ce-subject'), '{}', 400],
  ['a CloudEvent of version 0.3', { ...binary, 'ce-specversion': '0.3' }, '{}', 400],
  ['a CloudEvent with NUL', { ...binary, 'ce-subject': 'a%00b' }, '{}', 400],
  ['a CloudEvent with raw bytes', { ...binary, 'ce-subject': 'Ü' }, '{}', 400],
  ['a CloudEvent with a broken time', { ...binary, 'ce-time': 'yesterday' }, '{}', 400],
  ['a CloudEvent with broken data', binary, '{"a":', 400],
  ['a CloudEvent with data that would change', binary, '{"a":-0}', 400],
  ['a CloudEvent with a type of the driver', binary, '{"_bsontype":"ObjectId"}', 400],
  ['a structured CloudEvent that is none', structured, '[]', 400],
  ['a structured CloudEvent of version 9.9', structured, JSON.stringify({ ...event, specversion: '9.9' }), 400],
  ['a structured CloudEvent with a strange name', structured, JSON.stringify({ ...event, 'A-b': 1 }), 400],
  ['a structured CloudEvent with an attribute twice', structured, '{"specversion":"1.0","id":"p","id":"q"}', 400],
  ['a structured CloudEvent with base64 that is none', structured, JSON.stringify({ ...event, data_base64: '*' }), 400],
].map(([name, headers, body, status]) => ({ name, headers, body, status }) as (typeof poisonedRequests)[number])

/** A record as anybody may put it onto the topic. */
export type PoisonedRecord = {
  name: string
  headers: { [name: string]: string }
  value: Uint8Array | null
  key?: string
  /** `undelivered`: KafkaSource finds no CloudEvent in it, and gives it up when persist says so. */
  fate: 'stored' | 'refused' | 'undelivered'
}

const good = aRecord()
const record = (
  id: string,
  activity: string | Uint8Array,
  fate: PoisonedRecord['fate'],
  name = id,
): PoisonedRecord => ({
  name,
  headers: { ...good.headers, ce_id: id },
  value: Buffer.from(activity as string),
  fate,
})
const text = (id: string, metadata: string) =>
  `{"id":"${id}","userId":"u","action":"a","timestamp":"2024-01-15T10:00:00Z","metadata":${metadata}}`

/** As records: everything that is posted, and envelopes that only a topic can hold. */
export const poisonedRecords: readonly PoisonedRecord[] = [
  ...poisonedMetadata.map(({ name, text: metadata, refusedAt }, n) =>
    record(`metadata-${n}`, text(`metadata-${n}`, metadata), refusedAt === undefined ? 'stored' : 'refused', name),
  ),
  ...poisonedRequests
    .filter(({ headers, status }) => headers === json && status === 400)
    .map(({ name, body }, n) => record(`request-${n}`, body, 'refused', name)),
  ...refusedNames.map((name, n) =>
    record(`name-${n}`, JSON.stringify({ ...JSON.parse(text(`name-${n}`, '{}')), userId: name }), 'refused'),
  ),
  ...refusedIds.map((id, n) =>
    record(`id-${n}`, JSON.stringify({ ...JSON.parse(text('x', '{}')), id }), 'refused', `the id ${id}`),
  ),
  ...envelopes({
    'another type': [{ ce_type: 'com.example.other' }, 'refused'],
    'a later version of ours': [{ ce_type: 'dev.activity-log.activity.recorded.v9' }, 'refused'],
    'no time of receipt': [{ ce_recordedtime: undefined }, 'refused'],
    'a time of receipt that is none': [{ ce_recordedtime: 'now' }, 'refused'],
    'no tenant': [{ ce_tenant: undefined }, 'refused'],
    'a tenant that none can be': [{ ce_tenant: 'x%0A' }, 'refused'],
    'a tenant without end': [{ ce_tenant: 'x'.repeat(300) }, 'refused'],
    'strange things filled in': [{ ce_filledin: 'userId' }, 'refused'],
    'another content type': [{ 'content-type': 'text/plain' }, 'refused'],
    'bytes for a content type': [{ 'content-type': 'application/octet-stream' }, 'refused'],
    'no content type': [{ 'content-type': undefined }, 'stored'],
    'a user that is another': [{ ce_subject: 'somebody', ce_partitionkey: 'else' }, 'stored'],
    'an id that is another': [{ ce_id: 'another' }, 'stored'],
    'a huge header': [{ ce_subject: 'h'.repeat(200_000) }, 'stored'],
    'many headers': [Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`ce_x${n}`, 'x'])), 'stored'],
    'a position of its own': [{ ce_knativekafkaoffset: '-1', ce_knativekafkapartition: 'x' }, 'stored'],
    'errors of its own': [{ ce_knativeerrordest: 'x', ce_knativeerrorcode: '204' }, 'stored'],
    'half of a percent-encoding': [{ ce_subject: '%E2%98 %ZZ %' }, 'stored'],
    'Latin-1 in a header': [{ ce_subject: 'Zoë ÿ' }, 'stored'],
    'more than Latin-1 in a header': [{ ce_subject: '☃' }, 'stored'],
    'NUL in an attribute': [{ ce_subject: 'a%00b' }, 'undelivered'],
    'NUL for a tenant': [{ ce_tenant: '%00' }, 'undelivered'],
    'an empty id': [{ ce_id: '' }, 'undelivered'],
    'an empty source': [{ ce_source: '' }, 'undelivered'],
    'no specversion': [{ ce_specversion: undefined }, 'undelivered'],
    'specversion 9.9': [{ ce_specversion: '9.9' }, 'undelivered'],
    'specversion 0.3': [{ ce_specversion: '0.3' }, 'undelivered'],
    'no type': [{ ce_type: undefined }, 'undelivered'],
    'a source that is no URI': [{ ce_source: 'a b' }, 'undelivered'],
    'a broken time': [{ ce_time: 'yesterday' }, 'undelivered'],
    'a name that no attribute has': [{ 'ce_my-ext': 'x' }, 'undelivered'],
    'a type that KafkaSource makes': [{ ce_type: 'dev.knative.kafka.event' }, 'undelivered'],
    'structured mode that is none': [{ 'content-type': 'application/cloudevents+json' }, 'undelivered'],
  }),
  { name: 'a tombstone', headers: good.headers, value: null, fate: 'refused' },
  { name: 'nothing at all', headers: {}, value: null, fate: 'undelivered' },
  { name: 'a key, and no more', headers: {}, value: null, key: 'user_123', fate: 'undelivered' },
  { name: 'a key that is Unicode', headers: {}, value: Buffer.from('x'), key: '☃', fate: 'undelivered' },
  { name: 'an activity without an envelope', headers: {}, value: Buffer.from(good.value), fate: 'undelivered' },
  { name: 'bytes', headers: {}, value: Buffer.from([0, 255, 254, 0]), fate: 'undelivered' },
  { name: 'many bytes', headers: {}, value: Buffer.alloc(900_000, 0xff), fate: 'undelivered' },
  { ...record('keyed', text('keyed', '{}'), 'stored'), key: 'user_123' },
]

function envelopes(table: { [name: string]: [{ [header: string]: string | undefined }, PoisonedRecord['fate']] }) {
  return Object.entries(table).map(([name, [changes, fate]], n): PoisonedRecord => {
    const { headers, value } = record(`envelope-${n}`, text(`envelope-${n}`, '{}'), fate)
    const changed = Object.entries({ ...headers, ...changes }).filter(
      (header): header is [string, string] => header[1] !== undefined,
    )
    return { name, headers: Object.fromEntries(changed), value, fate }
  })
}
