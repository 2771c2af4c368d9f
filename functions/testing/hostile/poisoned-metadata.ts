/**
 * Metadata as JSON text, with the pointer of the rejected value; without one, the metadata comes back as it was sent.
 */
export type PoisonedMetadata = { name: string; text: string; rejectedAt?: string }

const nested = (levels: number) => `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`
const wide = (members: number) => `{${Array.from({ length: members }, (_, n) => `"k${n}":${n}`).join()}}`
const value = (text: string) => `{"v":${text}}`

const kept: readonly [name: string, text: string][] = [
  ['operators', '{"$set":{"a":1},"$where":"sleep(1)","$ne":null,"a":{"$gt":""}}'],
  ['a reference', '{"a":{"$ref":"c","$id":"1","$db":"d"}}'],
  ['a reference in an array', '{"a":[{"$id":1,"$ref":"c"}]}'],
  ['extended JSON', '{"a":{"$oid":"507f1f77bcf86cd799439011"},"b":{"$numberLong":"1"},"c":{"$date":"2024-01-15"}}'],
  [
    'names of stored members',
    '{"_id":1,"id":"x","tenant":"other","metadata":{"metadata":{}},"metadataText":"{}","digest":1}',
  ],
  ['dots', '{"a.b":1,".":2,"a..b":3,"a":{"b":4},".a.":5}'],
  ['empty names', '{"":{"":{"":0}}}'],
  ['__proto__', '{"__proto__":{"admin":true},"a":{"__proto__":null}}'],
  ['constructor', '{"constructor":{"prototype":{"x":1}},"prototype":1,"hasOwnProperty":0,"valueOf":0,"toString":"x"}'],
  [
    'names of members of every object, with arrays',
    '{"toString":[{}],"a":{"constructor":[[{"b":1}]],"__proto__":[{}],"valueOf":[[],{}]}}',
  ],
  ['toJSON and similar names', '{"toJSON":1,"toBSON":2,"then":3,"inspect":4,"length":5,"buffer":6,"0":7}'],
  ['names that look like numbers', '{"b":1,"10":2,"9":3,"-1":4,"01":5,"1e3":6,"4294967295":7,"9007199254740993":8}'],
  ['nested names that look like numbers', '{"a":[{"2":1,"1":2,"x":3,"0":4}]}'],
  ['a long name', `{"${'n'.repeat(30_000)}":1}`],
  ['a long value', value(`"${'v'.repeat(32_700)}"`)],
  ['2,000 values', value(`[${'0,'.repeat(1_998)}0]`)],
  ['32 levels', nested(32)],
  ['1,000 members', wide(1_000)],
  ['an empty object', '{}'],
  ['empty values', '{"a":null,"b":"","c":[],"d":{},"e":false,"f":0}'],
  ['text that looks like a date', '{"a":"2024-01-15T10:00:00.000Z","b":"/Date(1705312800000)/","c":1705312800000}'],
  [
    'text that looks like an ObjectId',
    '{"a":"507f1f77bcf86cd799439011","b":"ObjectId(\\"507f1f77bcf86cd799439011\\")"}',
  ],
  ['an object that looks like binary data', '{"type":"Buffer","data":[1,2,3],"a":{"sub_type":0,"position":3}}'],
  ['doubles', '{"a":[0.1,1e21,1e-7,5e-324,1.7976931348623157e308,2147483648,-2147483649,9007199254740991]}'],
  ['unusual notations of numbers', '{"a":[1.0,1e2,1E+2,100e-2,0e5,0e00000000001]}'],
  ['text that looks like numbers', '{"a":"007","b":"1e400","c":"NaN","d":"-0","e":"9007199254740993"}'],
  ['byte order marks inside text', '{"\ufeffa":"\ufeffb\ufeff"}'],
  ['control characters', value(JSON.stringify(String.fromCharCode(...Array.from({ length: 31 }, (_, n) => n + 1))))],
  ['characters outside the basic multilingual plane', '{"👩‍🚀":"\\ud83d\\ude00","𝒳":"\u{10ffff}"}'],
  ['noncharacters', '{"a":"\ufffe\uffff\ufffd"}'],
  ['composed and decomposed', '{"é":1,"e\u0301":2,"ﬀ":3,"\u00c5":4,"\u212b":5}'],
  ['right-to-left text', '{"\u202e":"\u202dabc\u202c\u200f","שלום":"مرحبا"}'],
  ['invisible characters', '{"\u200b":1,"\u00ad":2,"\u2060":3,"\u180e":4,"\u3000":5}'],
]

const rejected: readonly [name: string, text: string, rejectedAt: string][] = [
  ['a type of the driver', '{"_bsontype":"ObjectId"}', '/metadata/_bsontype'],
  ['a nested type of the driver', '{"a":[{"b":{"_bsontype":"Long"}}]}', '/metadata/a/0/b/_bsontype'],
  ['an escaped type of the driver', '{"\\u005fbsontype":1}', '/metadata/_bsontype'],
  ['NUL in a name', '{"a\\u0000b":1}', '/metadata/a\0b'],
  ['NUL in a value', value('"a\\u0000"'), '/metadata/v'],
  ['a high surrogate alone', value('"\\ud800"'), '/metadata/v'],
  ['a low surrogate alone', value('"a\\udc00b"'), '/metadata/v'],
  ['surrogates in the wrong order', value('"\\udc00\\ud800"'), '/metadata/v'],
  ['lone surrogates in names', '{"\\ud800":1,"\\ud801":2}', '/metadata/\ud800'],
  ['a number that is too large', value('1e400'), '/metadata/v'],
  ['a number that is too small', value('1e-400'), '/metadata/v'],
  ['a number with too many digits', value('9007199254740993'), '/metadata/v'],
  ['a fraction with too many digits', value('0.10000000000000000001'), '/metadata/v'],
  ['minus zero', value('-0'), '/metadata/v'],
  ['another notation of minus zero', value('-0.0e1'), '/metadata/v'],
  ['a member twice', '{"a":1,"a":2}', '/metadata/a'],
  ['a member twice, once escaped', '{"a":{"b":1,"\\u0062":1}}', '/metadata/a/b'],
  ['__proto__ twice', '{"__proto__":1,"__proto__":2}', '/metadata/__proto__'],
  ['33 levels', nested(33), `/metadata${'/a'.repeat(32)}`],
  ['a hundred thousand levels', value(`${'['.repeat(100_000)}${']'.repeat(100_000)}`), `/metadata/v${'/0'.repeat(31)}`],
  ['1,001 members', wide(1_001), '/metadata'],
  ['ten thousand members', wide(10_000), '/metadata'],
  ['a value that is too long', value(`"${'v'.repeat(32_800)}"`), '/metadata'],
  ['a value with too many bytes', value(`"${'☃'.repeat(11_000)}"`), '/metadata'],
  ['a hundred thousand values', value(`[${'0,'.repeat(100_000)}0]`), '/metadata'],
  ['an array', '[]', '/metadata'],
  ['text', '"{}"', '/metadata'],
]

export const poisonedMetadata: readonly PoisonedMetadata[] = [
  ...kept.map(([name, text]) => ({ name, text })),
  ...rejected.map(([name, text, rejectedAt]) => ({ name, text, rejectedAt })),
]
