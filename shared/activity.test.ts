import { describe, expect, test } from 'vitest'
import { activityLimits, checkActivity } from './activity.ts'
import { anActivity, receivedAt } from './testing/builders.ts'

const errorsOf = (input: unknown) => {
  const checked = checkActivity(input, receivedAt)
  return checked.ok ? [] : checked.errors
}
const pointers = (input: unknown) => errorsOf(input).map(({ pointer }) => pointer)
const nested = (levels: number): unknown => (levels === 1 ? { end: 1 } : { a: nested(levels - 1) })
const nestedArrays = (levels: number): unknown => (levels === 1 ? { a: 1 } : { a: [nestedArrays(levels - 2)] })
const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, n]))
const ofBytes = (bytes: number) => ({ é: 'x'.repeat(bytes - '{"é":""}'.length - 1) })
const at = (ms: number) => new Date(receivedAt.getTime() + ms).toISOString()

describe('accepts', () => {
  test.each<[what: string, changes: object]>([
    ['only a user and an action', { id: undefined, timestamp: undefined }],
    ['a userId of one character', { userId: 'x' }],
    ['a userId of 256 characters', { userId: 'x'.repeat(256) }],
    ['256 characters outside the basic plane, though they are 512 code units', { action: '😀'.repeat(256) }],
    ['an id of one character', { id: '!' }],
    ['an id of 128 characters', { id: '~'.repeat(128) }],
    ['an id of three dots', { id: '...' }],
    ['a timestamp 24 hours ahead', { timestamp: at(activityLimits.aheadMs) }],
    ['the first timestamp', { timestamp: '1970-01-01T00:00:00Z' }],
    ['metadata without members', { metadata: {} }],
    ['metadata of 32 levels', { metadata: nested(32) }],
    ['metadata of 2,000 values', { metadata: { v: Array(1_999).fill(0) } }],
    ['metadata of 1,000 keys at all levels together', { metadata: { ...keys(499), more: [keys(500)] } }],
    ['metadata of 32 KiB', { metadata: ofBytes(32 * 1024) }],
    ['many array items, which do not count as keys', { metadata: { list: Array(1000).fill(0) } }],
    ['_bsontype where it is a value', { metadata: { a: '_bsontype' } }],
  ])('%s', (_what, changes) => {
    const defined = Object.fromEntries(Object.entries(anActivity(changes)).filter(([, value]) => value !== undefined))
    expect(errorsOf(defined)).toEqual([])
  })
})

describe('rejects and points at', () => {
  test.each<[pointer: string, what: string, changes: object]>([
    ['/userId', 'an empty userId', { userId: '' }],
    ['/userId', 'a blank userId', { userId: ' \t\u00a0\ufeff' }],
    ['/userId', 'a userId of 257 characters', { userId: 'x'.repeat(257) }],
    ['/userId', 'a userId that is a number', { userId: 7 }],
    ['/action', 'an action of 257 characters outside the basic plane', { action: '😀'.repeat(257) }],
    ['/action', 'an action that is null', { action: null }],
    ['/id', 'an empty id', { id: '' }],
    ['/id', 'an id of 129 characters', { id: 'x'.repeat(129) }],
    ['/id', 'an id with a space', { id: 'a b' }],
    ['/id', 'an id beyond ASCII', { id: 'ä' }],
    ['/id', 'an id with a line end', { id: 'a\n' }],
    ['/id', 'an id that vanishes from a path', { id: '.' }],
    ['/id', 'an id that climbs in a path', { id: '..' }],
    ['/timestamp', 'a timestamp without offset', { timestamp: '2024-01-15T10:00:00' }],
    ['/timestamp', 'a timestamp that is a number', { timestamp: 1_705_312_800 }],
    ['/timestamp', 'a timestamp more than 24 hours ahead', { timestamp: at(activityLimits.aheadMs + 1) }],
    ['/metadata', 'metadata that is an array', { metadata: [] }],
    ['/metadata', 'metadata of 2,001 values', { metadata: { v: Array(2_000).fill(0) } }],
    ['/metadata', 'metadata of 1,001 keys at all levels together', { metadata: { ...keys(500), more: [keys(500)] } }],
    ['/metadata', 'metadata of 32 KiB and a byte', { metadata: ofBytes(32 * 1024 + 1) }],
    [`/metadata${'/a'.repeat(32)}`, 'the 33rd level', { metadata: nested(33) }],
    [`/metadata${'/a/0'.repeat(16)}`, 'the 33rd level, arrays counted', { metadata: nestedArrays(33) }],
    ['/metadata/a~1b/0/_bsontype', '_bsontype at any depth', { metadata: { 'a/b': [{ _bsontype: 'Long' }] } }],
    ['/colour', 'an unknown member', { colour: 'red' }],
    ['/a~1b~0', 'a member whose name needs escaping', { 'a/b~': 1 }],
    ['/constructor', 'a member that every object inherits', { constructor: 1 }],
  ])('%s: %s', (pointer, _what, changes) => expect(pointers(anActivity(changes))).toEqual([pointer]))

  test.each(['userId', 'action'])('/%s, which is missing', (name) => {
    const { [name]: _gone, ...rest } = { ...anActivity() } as Record<string, unknown>
    expect(errorsOf(rest)).toEqual([{ pointer: `/${name}`, detail: 'is required' }])
  })

  test('/__proto__, an unknown member that sets no prototype', () => {
    const input = JSON.parse('{"userId":"ada","action":"login","__proto__":{"id":"x"}}')
    expect(pointers(input)).toEqual(['/__proto__'])
    expect(pointers(JSON.parse('{"action":"login","__proto__":{"userId":"ada"}}'))).toEqual(['/userId', '/__proto__'])
  })

  test.each([null, 'text', 7, true, undefined])('the whole input when it is %j', (input) => {
    expect(errorsOf(input)).toEqual([{ pointer: '', detail: expect.stringContaining('must be an object') }])
  })
})

test('trims a userId and an action before counting their characters', () => {
  const checked = checkActivity(anActivity({ userId: ` ${'x'.repeat(256)}\n`, action: '\tlog in ' }), receivedAt)
  expect(checked).toMatchObject({ ok: true, value: { userId: 'x'.repeat(256), action: 'log in' } })
})

test('keeps the timestamp as it was sent and the metadata with a member __proto__', () => {
  const metadata = JSON.parse('{"__proto__":{"admin":true}}')
  const sent = anActivity({ timestamp: '2024-01-15t10:00:00.100+01:00', metadata })
  const checked = checkActivity(sent, receivedAt)
  expect(checked.ok && checked.value.timestamp).toBe('2024-01-15t10:00:00.100+01:00')
  expect(checked.ok && JSON.stringify(checked.value.metadata)).toBe('{"__proto__":{"admin":true}}')
})

test('names every error in one answer', () => {
  const input = {
    id: '',
    userId: ' ',
    timestamp: at(2 * activityLimits.aheadMs),
    metadata: { _bsontype: 1 },
    colour: 1,
  }
  const wrong = ['/action', '/colour', '/id', '/metadata/_bsontype', '/timestamp', '/userId']
  expect(pointers(input).sort()).toEqual(wrong)
})

test('metadata of 200,000 levels is rejected like any other that is too deep', () => {
  let deep: unknown = 1
  for (let level = 0; level < 200_000; level++) deep = { a: deep }
  expect(pointers(anActivity({ metadata: deep }))).toEqual([`/metadata${'/a'.repeat(32)}`])
})
