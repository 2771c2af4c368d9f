import { request } from 'node:http'
import { readActivityRecorded } from '@activity-log/shared/activity-recorded.ts'
import { readBinary } from '@activity-log/shared/cloud-event.ts'
import { toDocument } from '@activity-log/shared/document.ts'
import { answerOf, delivery } from '@activity-log/shared/testing/builders.ts'
import { describe, expect, test } from 'vitest'
import { anIngest, anIngestOverASocket } from './an-ingest.testsuite.ts'

const structured = { 'content-type': 'application/cloudevents+json' }
const binary = (headers: Record<string, string> = {}) => ({
  'ce-specversion': '1.0',
  'ce-id': 'e',
  'ce-source': '/s',
  'ce-type': 't',
  'ce-subject': 'u',
  'ce-time': '2024-01-15T10:00:00Z',
  ...headers,
})
const event = {
  specversion: '1.0',
  id: 'e',
  source: '/s',
  type: 't',
  subject: 'u',
  time: '2024-01-15T10:00:00Z',
}
const xml = '<a>é</a>'

/** The digests that decide between a duplicate and a conflict, after a delivery to persist. */
function digests(published: ReturnType<typeof anIngest>['published']) {
  return published.map((record) => {
    const { headers, body } = delivery(record) as { headers: Record<string, string>; body: string }
    const read = readBinary(headers, Buffer.from(body))
    const recorded = read.ok ? readActivityRecorded(read.value) : read
    if (!recorded.ok) throw new Error(JSON.stringify(recorded.errors))
    return toDocument(recorded.value, { partition: 0, offset: 0 }).digest
  })
}

test.each([
  'ce-data',
  'ce-data_base64',
  'ce-__proto__',
])('an attribute that would be lost, %s, is rejected', async (name) => {
  const { send, published } = anIngest()
  const response = await send('{"a":1}', binary(Object.fromEntries([[name, 'AA==']])))
  expect([response.status, (await answerOf(response)).errors]).toMatchObject([400, [{ pointer: name }]])
  expect(published).toEqual([])
})

describe('the same event in both modes is the same activity', () => {
  test.each<[string, object, unknown, Record<string, string>]>([
    ['with JSON', { data: { a: 1 } }, '{"a":1}', { 'content-type': 'application/json; charset=utf-8' }],
    [
      'with a type of JSON',
      { datacontenttype: 'application/vnd.acme+json', data: [1] },
      '[1]',
      {
        'content-type': 'application/vnd.acme+json',
      },
    ],
    ['with text', { datacontenttype: 'text/plain', data: 'hello' }, 'hello', { 'content-type': 'text/plain' }],
    ['with XML', { datacontenttype: 'application/xml', data: xml }, xml, { 'content-type': 'application/xml' }],
    ['with a type of XML', { datacontenttype: 'image/svg+xml', data: xml }, xml, { 'content-type': 'image/svg+xml' }],
    [
      'with XML in base64',
      { datacontenttype: 'text/xml', data_base64: btoa('<a/>') },
      '<a/>',
      {
        'content-type': 'text/xml',
      },
    ],
    [
      'with bytes',
      { datacontenttype: 'image/png', data_base64: 'AP8=' },
      Buffer.from([0, 255]),
      {
        'content-type': 'image/png',
      },
    ],
    [
      'with a byte order mark in its text',
      { datacontenttype: 'text/csv', data: '\ufeffa;b' },
      '\ufeffa;b',
      { 'content-type': 'text/csv' },
    ],
    ['with an empty text', { datacontenttype: 'text/plain', data: '' }, '', { 'content-type': 'text/plain' }],
    [
      'that Knative delivers again',
      { knativekafkaoffset: 1, knativearrivaltime: '2024-01-15T10:00:00Z' },
      '',
      {
        'ce-knativekafkaoffset': '2',
        'ce-knativearrivaltime': '2024-01-15T10:00:09Z',
        'content-type': 'application/json',
      },
    ],
    ['without data', {}, '', { 'content-type': 'application/json' }],
    [
      'with numbers and booleans',
      { count: 3, ok: true, off: false },
      '',
      {
        'ce-count': '3',
        'ce-ok': 'true',
        'ce-off': 'false',
        'content-type': 'application/json',
      },
    ],
  ])('%s', async (_what, members, body, headers) => {
    const { send, published } = anIngest()
    expect((await send({ ...event, ...members }, structured)).status).toBe(202)
    expect((await send(body, binary(headers))).status).toBe(202)
    const [first, second] = digests(published)
    expect(first).toBe(second)
  })

  test('but another value of an attribute or of the data is not', async () => {
    const { send, published } = anIngest()
    for (const members of [{ count: 3 }, { count: 4 }, { data: 3 }, { data: '3' }]) {
      await send({ ...event, ...members }, structured)
    }
    expect(new Set(digests(published)).size).toBe(4)
  })

  test('and an empty JSON text is not the same as no data', async () => {
    const { send, published } = anIngest()
    for (const data of ['', undefined]) await send({ ...event, data }, structured)
    expect(new Set(digests(published)).size).toBe(2)
  })

  test('and an activity with text in its metadata is not the same as one with a number', async () => {
    const { send, published } = anIngest()
    for (const n of [3, '3']) await send({ id: 'a', userId: 'u', action: 'a', metadata: { source: '/s', n } })
    expect(new Set(digests(published)).size).toBe(2)
  })
})

test('numbers and booleans are stored as such, and the type of the data is kept', async () => {
  const { send, stored } = anIngest()
  const attributes = { count: 3, ok: true, constructor: 'x', datacontenttype: 'application/vnd.acme+json' }
  await send({ ...event, ...attributes, data: { a: 1 } }, structured)
  await send('{"a":1}', binary({ 'content-type': 'application/vnd.acme+json' }))
  expect(stored().map(({ metadata }) => metadata)).toEqual([
    { source: '/s', ...attributes, data: { a: 1 } },
    { source: '/s', datacontenttype: 'application/vnd.acme+json', data: { a: 1 } },
  ])
})

describe('an event without a subject', () => {
  const noSubject = { ...event, subject: undefined }
  const { 'ce-subject': _subject, ...noSubjectHeaders } = binary()

  test('has its source as user, in every mode', async () => {
    const { send, stored } = anIngest()
    const responses = [
      await send(noSubject, structured),
      await send('', noSubjectHeaders),
      await send([noSubject], { 'content-type': 'application/cloudevents-batch+json' }),
    ]
    expect(responses.map(({ status }) => status)).toEqual([202, 202, 202])
    expect(stored().map(({ userId, metadata }) => [userId, metadata.source])).toEqual(Array(3).fill(['/s', '/s']))
  })

  test('has the user that ?user= names, and one with a subject keeps that', async () => {
    const { send, stored } = anIngest()
    const path = '/logs?user=tenantid'
    await send({ ...noSubject, tenantid: 7 }, structured, path)
    await send('', { ...noSubjectHeaders, 'ce-tenantid': 'x' }, path)
    await send({ ...event, tenantid: 'x' }, structured, path)
    expect(stored().map(({ userId }) => userId)).toEqual(['7', 'x', 'u'])
  })

  test.each<[string, string, object, Record<string, string>, string, RegExp]>([
    [
      'a source that is too long',
      '/logs',
      { ...noSubject, source: `/${'s'.repeat(256)}` },
      structured,
      '/source',
      /\?user=/,
    ],
    ['no such attribute', '/logs?user=other', noSubject, structured, '/other', /is required, since \?user= names it/],
    ['no such attribute, binary', '/logs?user=other', {}, noSubjectHeaders, 'ce-other', /\?user=/],
    ['an inherited name', '/logs?user=constructor', noSubject, structured, '/constructor', /is required/],
    ['a name that none has', '/logs?user=a.b', noSubject, structured, 'user', /name of an attribute/],
    ['another parameter', '/logs?user=a&time=b', noSubject, structured, 'time', /does not apply to CloudEvents/],
    ['a preset', '/logs?format=okta', noSubject, structured, 'format', /does not apply to CloudEvents/],
  ])('is rejected with %s', async (_what, path, body, headers, pointer, detail) => {
    const { send, stored } = anIngest()
    const response = await send(body, headers, path)
    expect([response.status, (await answerOf(response)).errors]).toEqual([
      400,
      [{ pointer, detail: expect.stringMatching(detail) }],
    ])
    expect(stored()).toEqual([])
  })
})

/** Sends headers byte by byte, as other clients do. */
async function sendRaw(port: number, headers: Record<string, string>): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  request({ port, path: '/logs', method: 'POST', headers: { ...headers, 'content-length': 0 } }, (response) => {
    response.resume().once('end', () => resolve(response.statusCode ?? 0))
  })
    .once('error', reject)
    .end()
  return promise
}
const bytesOf = (text: string) => Buffer.from(text).toString('latin1')

test('raw UTF-8 in headers is read as such, percent-encoding is decoded, and other bytes are rejected', async () => {
  await using ingest = await anIngestOverASocket()
  const name = 'Zoë 张伟 😀'
  const raw = await sendRaw(ingest.port, binary({ 'ce-subject': bytesOf(name), 'ce-city': bytesOf('Köln 100%25') }))
  const encoded = await sendRaw(ingest.port, binary({ 'ce-subject': encodeURIComponent(name) }))
  const latin1 = await sendRaw(ingest.port, binary({ 'ce-type': 'k\xf6p' }))
  expect([raw, encoded, latin1]).toEqual([202, 202, 400])
  expect(ingest.stored().map(({ userId }) => userId)).toEqual([name, name])
  expect(ingest.stored()[0].metadata.city).toBe('Köln 100%')
})

test('a Knative broker that asks for a reply gets none, so it does not send the event again', async () => {
  const { send } = anIngest()
  const headers = {
    ...binary(),
    prefer: 'reply',
    'kn-namespace': 'shop',
    'ce-knativearrivaltime': '2024-01-15T10:00:00Z',
  }
  const response = await send('{"a":1}', headers)
  // knative.dev/eventing, filter_handler.go: an answer is either empty or a valid CloudEvent
  expect([response.status, await response.text(), response.headers.get('content-type')]).toEqual([202, '', null])
  expect([...response.headers.keys()].filter((name) => /^(ce|kne)-/.test(name))).toEqual([])
})
