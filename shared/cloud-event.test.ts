import { HTTP, CloudEvent as SdkEvent } from 'cloudevents'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeHeader, encodeHeader, readBinary, readStructured } from './cloud-event.ts'

const headers = { 'ce-specversion': '1.0', 'ce-id': '1', 'ce-source': '/s', 'ce-type': 't' }
const attributes = { specversion: '1.0', id: '1', source: '/s', type: 't' }
const json = { ...headers, 'content-type': 'application/json' }
const binary = (changes: Record<string, string>, body: string | Uint8Array = '') =>
  readBinary({ ...headers, ...changes }, Buffer.from(body))
const pointers = (read: ReturnType<typeof readBinary>) => (read.ok ? [] : read.errors.map(({ pointer }) => pointer))
const wellFormed = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }))

describe('a header value', () => {
  test('is printable ASCII and decodes to the same text', () => {
    fc.assert(
      fc.property(wellFormed, (text) => {
        expect(encodeHeader(text)).toMatch(/^[!-~]*$/)
        expect(decodeHeader(encodeHeader(text))).toBe(text)
      }),
    )
  })
  test.each([
    ['Euro € 😀', 'Euro%20%E2%82%AC%20%F0%9F%98%80'],
    ['100%', '100%25'],
    ['"a\\b"', '%22a\\b%22'],
    ['a\r\nb', 'a%0D%0Ab'],
  ])('%j is %s', (text, encoded) => expect(encodeHeader(text)).toBe(encoded))
  test.each([
    ['%e2%82%ac', '€'],
    ['"a \\"b\\" \\\\"', 'a "b" \\'],
    ['100%', '100%'],
    ['%FF%C0', '%FF%C0'],
    ['%ED%A0%80', '%ED%A0%80'],
    ['%zz a', '%zz a'],
  ])('%s is read as %s', (value, text) => expect(decodeHeader(value)).toBe(text))
})

describe('binary mode', () => {
  test('reads every ce- header as an attribute, and the content type as the type of the data', () => {
    const read = binary({ ...json, 'ce-subject': 'caf%C3%A9', host: 'x' }, '{"a":1}')
    expect(read).toEqual({
      ok: true,
      value: {
        attributes: { ...attributes, subject: 'café', datacontenttype: 'application/json' },
        data: { kind: 'json', value: { a: 1 } },
      },
    })
  })

  test.each<[type: string | undefined, kind: string]>([
    [undefined, 'json'],
    ['application/json; charset=utf-8', 'json'],
    ['Application/JSON', 'json'],
    ['application/vnd.x+json', 'json'],
    ['text/json', 'json'],
    ['text/plain', 'bytes'],
    ['application/jsonl', 'bytes'],
    ['text/plain; a=application/json', 'bytes'],
  ])('data of content type %s is %s', (type, kind) => {
    expect(binary(type ? { 'content-type': type } : {}, '1')).toMatchObject({ value: { data: { kind } } })
    expect(binary(type ? { 'content-type': type } : {})).toMatchObject({ value: { data: { kind: 'none' } } })
  })

  test.each<[what: string, changes: Record<string, string>, body: string | Uint8Array, pointers: string[]]>([
    ['no id', { 'ce-id': '' }, '', ['ce-id']],
    ['another version', { 'ce-specversion': '0.3' }, '', ['ce-specversion']],
    ['no source and no type', { 'ce-source': '', 'ce-type': '' }, '', ['ce-source', 'ce-type']],
    ['an attribute with NUL', { 'ce-subject': 'a%00b' }, '', ['ce-subject']],
    ['broken JSON', json, '{', ['']],
    ['JSON that would be altered', json, '{"a":{"b":1,"b":2}}', ['/a/b']],
    ['broken UTF-8', json, Buffer.from([0x22, 0xff, 0x22]), ['']],
  ])('rejects %s', (_what, changes, body, expected) => expect(pointers(binary(changes, body))).toEqual(expected))
})

describe('structured mode', () => {
  const structured = (changes: object) => readStructured({ ...attributes, ...changes })

  test.each<[what: string, changes: object, data: object]>([
    ['no data', {}, { kind: 'none' }],
    ['data that is null', { data: null }, { kind: 'json', value: null }],
    ['data as JSON', { data: [1] }, { kind: 'json', value: [1] }],
    ['bytes', { datacontenttype: 'image/png', data_base64: '/+8=' }, { kind: 'bytes', bytes: Buffer.of(255, 239) }],
    ['JSON as bytes', { data_base64: Buffer.from('{"a":1}').toString('base64') }, { kind: 'json', value: { a: 1 } }],
  ])('accepts %s', (_what, changes, data) => expect(structured(changes)).toMatchObject({ ok: true, value: { data } }))

  test('reads numbers and booleans of extensions as text, and skips null', () => {
    const read = structured({ count: 3, sampled: true, subject: null })
    expect(read.ok && read.value.attributes).toEqual({ ...attributes, count: '3', sampled: 'true' })
  })

  test.each<[what: string, changes: object, pointers: string[]]>([
    ['no id and no type', { id: null, type: '' }, ['/id', '/type']],
    ['another version', { specversion: '0.3' }, ['/specversion']],
    ['an attribute that is an object', { extra: {} }, ['/extra']],
    [
      'a standard attribute that is not text',
      { id: 2516, source: 1e300, subject: true, time: {} },
      ['/id', '/source', '/subject', '/time'],
    ],
    ['invalid names', { 'A/b~': 1, trace_id: 1 }, ['/A~1b~0', '/trace_id']],
    ['a name __proto__', JSON.parse('{"__proto__":"x"}'), ['/__proto__']],
    ['data twice', { data: 1, data_base64: '' }, ['/data_base64']],
    ['bytes that are not base64', { data_base64: 'a b' }, ['/data_base64']],
    ['base64 that is cut off', { data_base64: 'YWJ' }, ['/data_base64']],
    ['bytes that are not text', { data_base64: 7 }, ['/data_base64']],
  ])('rejects %s', (_what, changes, expected) => {
    // the members are not spread into a literal, because __proto__ has to stay a member
    const input = Object.fromEntries([...Object.entries(attributes), ...Object.entries(changes)])
    expect(pointers(readStructured(input))).toEqual(expected)
  })

  test.each([[[]], [null], ['text']])('rejects %j, which is not an object', (input) => {
    expect(pointers(readStructured(input))).toEqual([''])
  })
})

describe('an event that the CloudEvents SDK sends', () => {
  const data = { a: [1, 'ü', null] }
  const event = new SdkEvent({ id: 'i', source: '/s', type: 't', subject: 'ada', time: '2024-01-15T10:00:00Z', data })
  const { specversion, id, source, type, subject } = event
  const expected = { attributes: { specversion, id, source, type, subject }, data: { kind: 'json', value: data } }

  test('is read unchanged in binary mode', () => {
    const { headers: sent, body } = HTTP.binary(event)
    const read = readBinary(sent as Record<string, string>, Buffer.from(String(body)))
    expect(read).toMatchObject({ ok: true, value: expected })
    expect(Date.parse((read.ok && read.value.attributes['time']) || '')).toBe(Date.UTC(2024, 0, 15, 10))
  })
  test('is read unchanged in structured mode', () => {
    const read = readStructured(JSON.parse(String(HTTP.structured(event).body)))
    expect(read).toMatchObject({ ok: true, value: expected })
  })
  test('is read unchanged with bytes for data', () => {
    const bytes = new SdkEvent({ ...attributes, datacontenttype: 'image/png', data: Uint8Array.of(1, 2, 255) })
    const read = readStructured(JSON.parse(String(HTTP.structured(bytes).body)))
    expect(read).toMatchObject({ ok: true, value: { data: { kind: 'bytes', bytes: Buffer.of(1, 2, 255) } } })
  })
})
