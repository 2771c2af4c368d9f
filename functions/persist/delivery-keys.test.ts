import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { readDeliveryKeys } from './delivery-keys.ts'

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const publicRsa = rsa.publicKey.export({ format: 'jwk' })
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
const read = (...keys: object[]) => readDeliveryKeys(JSON.stringify({ keys })).algorithms

describe('the algorithms come from the keys:', () => {
  test.each<[string, object[], string[]]>([
    ['the one that a key names', [{ ...publicRsa, alg: 'RS256', use: 'sig' }], ['RS256']],
    ['without a name, those of its type', [publicRsa], ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
    ['those of all keys', [{ ...publicRsa, alg: 'RS256' }, ec], ['RS256', 'ES256']],
  ])('%s', (_what, keys, algorithms) => {
    expect(read(...keys)).toEqual(algorithms)
  })
})

test.each<[string, object]>([
  ['a symmetric key', { kty: 'oct', k: 'c2VjcmV0', alg: 'HS256' }],
  ['a public key for HS256', { ...publicRsa, alg: 'HS256' }],
  ['a public key for no signature', { ...publicRsa, alg: 'none' }],
  ['a private key', { ...rsa.privateKey.export({ format: 'jwk' }), alg: 'RS256' }],
  ['a key for encryption', { ...publicRsa, use: 'enc' }],
  ['a curve that nobody knows', { ...ec, crv: 'P-1' }],
])('passes over %s', (_what, key) => {
  expect(() => read(key)).toThrow('has no public key for signatures')
  expect(read(key, { ...publicRsa, alg: 'RS256' })).toEqual(['RS256'])
})

test.each(['', '{', '[]', '{}', '{"keys":{}}', '{"keys":[]}', '{"keys":[1]}', 'null'])('rejects %j', (text) => {
  expect(() => readDeliveryKeys(text)).toThrow()
})

test('rejects two keys with the same kid, but for those that the algorithm of a token tells apart', () => {
  const another = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' })
  const one = { ...publicRsa, kid: 'a', alg: 'RS256' }
  expect(() => read(one, { ...another, kid: 'a' })).toThrow('has two keys with the same kid')
  expect(() => read(one, one)).toThrow('has two keys with the same kid')
  expect(read(one, { ...another, kid: 'b' }, { ...ec, kid: 'a' })).toEqual([...read(another), 'ES256'])
  // one that is passed over takes no name
  expect(read(one, { ...another, kid: 'a', use: 'enc' })).toEqual(['RS256'])
})
