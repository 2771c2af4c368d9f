import fc from 'fast-check'
import { BSON } from 'mongodb'
import { expect, test } from 'vitest'
import { toDocument, toFound } from '../document.ts'
import type { JsonObject } from '../json.ts'
import { toKey } from '../key.ts'
import { anEvent } from '../testing/builders.ts'
import { openMongoClient } from './mongo-client.ts'
import { type StoredActivity, toFoundStored, toStored, withMetadataText } from './mongo-documents.ts'

const position = { partition: 3, offset: 2 ** 40 }
const { bsonOptions } = openMongoClient({ uri: 'mongodb://host/' })
const throughBson = (metadata: JsonObject) => {
  const document = toDocument(anEvent({ metadata }), position)
  const stored = BSON.deserialize(BSON.serialize(toStored(document)), bsonOptions) as StoredActivity
  return { document, stored, found: toFoundStored(stored) }
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
  const metadataText = JSON.stringify(JSON.parse(text))
  const activity = toFound({ ...document, metadataText })
  expect(found).toEqual({ key: toKey(document.key), activity, position })
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
      const { stored, found } = throughBson(metadata)
      expect(found.activity.metadataText).toBe(JSON.stringify(metadata))
      expect(toFoundStored(withMetadataText(stored))).toEqual(found)
    }),
  )
})

test('metadata is a document that MongoDB can query, unless a name begins with $', () => {
  expect(throughBson({ a: { 'b.c': 1 } }).stored).toMatchObject({ metadata: { a: { 'b.c': 1 } } })
  expect(throughBson({ a: [{ $b: 1 }] }).stored).toMatchObject({ metadataText: '{"a":[{"$b":1}]}' })
  expect(throughBson({ a: [{ $b: 1 }] }).stored).not.toHaveProperty('metadata')
})

test('an activity without metadata has none, and its salt is stored with it', () => {
  const salt = 'AAAAAAAAAAAAAAAAAAAAAA'
  const stored = toStored(toDocument({ ...anEvent(), salt }, position))
  expect(stored).toMatchObject({ salt, _id: expect.stringMatching(/^[-\w]{43}$/) })
  expect(toFoundStored(stored).activity).not.toHaveProperty('metadataText')
})

test('the time of receipt is a date, so that it can expire', () => {
  expect(throughBson({}).stored.recordedAt).toBeInstanceOf(Date)
})
