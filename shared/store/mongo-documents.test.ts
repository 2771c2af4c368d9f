import fc from 'fast-check'
import { BSON } from 'mongodb'
import { expect, test } from 'vitest'
import { toDocument } from '../document.ts'
import type { JsonObject } from '../json.ts'
import { anEvent } from '../testing/builders.ts'
import { openMongoClient } from './mongo-client.ts'
import { fromStored, type StoredActivity, toStored } from './mongo-documents.ts'

const position = { partition: 3, offset: 2 ** 40 }
const { bsonOptions } = openMongoClient({ uri: 'mongodb://host/' })
const throughBson = (metadata: JsonObject) => {
  const document = toDocument(anEvent({ metadata }), position)
  const stored = BSON.deserialize(BSON.serialize(toStored(document)), bsonOptions) as StoredActivity
  return { document, stored, found: fromStored(stored) }
}

test.each([
  '{"$ref":"a.b","$id":1}',
  '{"x":[{"$id":"1","$ref":"c","$db":"d"}]}',
  '{"$set":{"a":1},"a.b":2,"":3}',
  '{"__proto__":{"admin":true},"constructor":1,"toBSON":"x","toJSON":1}',
  '{"toString":[{}],"a":{"constructor":[[{"b":1}]],"__proto__":[{}],"valueOf":[[],{}]}}',
  '{"b":1,"a":2,"10":3,"2":4}',
  '{"n":[1.5,1e+21,5e-324,1.7976931348623157e+308,9007199254740991,-2147483649,4294967296,0]}',
  '{"n":null,"t":true,"e":{},"l":[[],[[]]],"s":"\\u2028☃😀"}',
  '{"$date":"2024-01-15","$oid":"x","$numberLong":"1","$binary":{},"$undefined":true}',
])('metadata is read back byte for byte: %s', (text) => {
  const { document, found } = throughBson(JSON.parse(text))
  expect(JSON.stringify(found.metadata)).toBe(JSON.stringify(JSON.parse(text)))
  expect({ ...found, metadata: null }).toEqual({ ...document, metadata: null })
})

test('any metadata is read back byte for byte', () => {
  const name = fc.oneof(fc.constantFrom('$ref', '$id', '$db', 'a.b', '__proto__', 'toString', '7'), fc.string())
  const value = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      fc.string(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.constantFrom(null, true, false),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(name, tie('value'), { maxKeys: 3 }),
    ),
  })).value
  fc.assert(
    fc.property(fc.dictionary(name, value, { maxKeys: 4 }), (drawn) => {
      // these are the values that parseJson accepts: no -0, no NUL in a name
      const text = JSON.stringify(drawn).replaceAll('\\u0000', '')
      const metadata = JSON.parse(text) as JsonObject
      expect(JSON.stringify(throughBson(metadata).found.metadata)).toBe(JSON.stringify(metadata))
    }),
  )
})

test('metadata is a document that MongoDB can query, unless a name begins with $', () => {
  expect(throughBson({ a: { 'b.c': 1 } }).stored).toMatchObject({ metadata: { a: { 'b.c': 1 } } })
  expect(throughBson({ a: [{ $b: 1 }] }).stored).toMatchObject({ metadataText: '{"a":[{"$b":1}]}' })
  expect(throughBson({ a: [{ $b: 1 }] }).stored).not.toHaveProperty('metadata')
})

test('the time of receipt is a date, so that it can expire', () => {
  expect(throughBson({}).stored.recordedAt).toBeInstanceOf(Date)
})
