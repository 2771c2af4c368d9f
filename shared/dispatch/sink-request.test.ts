import { HTTP } from 'cloudevents'
import { describe, expect, test } from 'vitest'
import { aRecord } from '../testing/builders.ts'
import { type SourceRecord, sinkRequest } from './sink-request.ts'

const source = { namespace: 'default', name: 'activity-logs', topic: 'formats' }
const json = '{"user":"ada","action":"login"}'

/** The request for a record without the headers that every request has, and with the body as text. */
function sent(record: Partial<Omit<SourceRecord, 'value'>> & { value?: string | null }) {
  const { value = json, ...rest } = record
  const body = value === null ? null : Buffer.from(value)
  const request = sinkRequest({ partition: 0, offset: 0, headers: {}, ...rest, value: body }, source)
  const { prefer, 'kn-namespace': namespace, ...headers } = request.headers
  expect([prefer, namespace]).toEqual(['reply', 'default'])
  return { headers, body: Buffer.from(request.body).toString() }
}
const position = (offset: number) => ({
  'ce-knativekafkapartition': '0',
  'ce-knativekafkaoffset': String(offset),
})

// whole requests and most single cases were recorded from the real KafkaSource; a leap second, a day that does not
// exist and data that is not JSON are expectations of its Java SDK
describe('a raw record', () => {
  const raw = {
    'ce-specversion': '1.0',
    'ce-id': 'partition:0/offset:0',
    'ce-source': '/apis/v1/namespaces/default/kafkasources/activity-logs#formats',
    'ce-type': 'dev.knative.kafka.event',
    'ce-subject': 'partition:0#0',
    'ce-time': '2023-11-14T22:13:20.123Z',
    ...position(0),
  }
  const timestampMs = 1700000000123

  test('becomes an event about the record', () => {
    expect(sent({ key: 'user-1', timestampMs })).toEqual({
      headers: { ...raw, 'ce-partitionkey': 'user-1', 'ce-key': 'user-1' },
      body: json,
    })
  })

  test('carries its headers as extensions, with "?" for characters outside Latin-1', () => {
    const headers = {
      'Content-Type': 'Application/JSON; Charset=UTF-8',
      'X-Request-Id': 'r-1',
      TRACE_id: 'x',
      'Ünï Cödé': 'naïve ☃',
    }
    expect(sent({ headers, timestampMs })).toEqual({
      headers: {
        ...raw,
        'content-type': 'application/json; charset=utf-8',
        'ce-kafkaheaderxrequestid': 'r-1',
        'ce-kafkaheadertraceid': 'x',
        'ce-kafkaheaderncd': 'naïve ?',
      },
      body: json,
    })
  })

  test('without a value has neither body nor content type', () => {
    expect(sent({ headers: { 'content-type': 'text/plain' }, timestampMs, value: null })).toEqual({
      headers: raw,
      body: '',
    })
  })

  test.each([
    ['nanoseconds', 1.7e18],
    ['beyond the year 9999', 1.7e15],
    ['before the first date', -9e15],
    ['no number', Number.NaN],
  ])('with a timestamp that is not a date (%s) has no time', (_what, timestampMs) => {
    const { 'ce-time': _time, ...others } = raw
    expect(sent({ timestampMs })).toEqual({ headers: others, body: json })
  })

  test('continues its trace in a new span', () => {
    const { headers } = sent({ headers: { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` } })
    expect(headers['ce-kafkaheadertraceparent']).toBe(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`)
    expect(headers['traceparent']).toMatch(/^00-a{32}-(?!b{16})[\da-f]{16}-01$/)
  })
})

const binary = {
  ce_specversion: '1.0',
  ce_id: 'bin-1',
  ce_source: '/ingest',
  ce_type: 'log.created',
  'content-type': 'application/json',
}

describe('a record in binary mode', () => {
  test('with a megabyte of blanks in an attribute is read quickly', () => {
    const blanks = ' '.repeat(1_000_000)
    const { headers } = sent({ headers: { ...binary, ce_subject: `${blanks}a${blanks}b${blanks}` } })
    expect(headers['ce-subject']).toBe(`a${blanks}b`)
  })

  const asSent = {
    'ce-specversion': '1.0',
    'ce-id': 'bin-1',
    'ce-source': '/ingest',
    'ce-type': 'log.created',
    'content-type': 'application/json',
    ...position(6),
  }

  test('becomes the event, without the key and unrelated headers', () => {
    const further = {
      ce_dataschema: 'urn:s:1',
      ce_subject: 'user/ada',
      ce_time: '2026-11-23T08:00:00.123456Z',
      ce_partitionkey: 'user-1',
      ce_traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      'x-other': 'dropped',
      CE_MYEXT: 'dropped',
    }
    expect(sent({ key: 'user-1', offset: 6, headers: { ...binary, ...further } })).toEqual({
      headers: {
        ...asSent,
        'ce-dataschema': 'urn:s:1',
        'ce-subject': 'user/ada',
        'ce-time': '2026-11-23T08:00:00.123456Z',
        'ce-partitionkey': 'user-1',
        'ce-traceparent': '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      },
      body: json,
    })
  })

  test('without a value keeps its content type', () => {
    expect(sent({ offset: 6, headers: binary, value: null })).toEqual({ headers: asSent, body: '' })
  })

  test.each([
    ['an empty id', { ce_id: '' }, { 'ce-id': '' }],
    ['the older version', { ce_specversion: '0.3', ce_schemaurl: 'urn:s' }, { 'ce-schemaurl': 'urn:s' }],
    ['the position of an earlier delivery', { ce_knativekafkaoffset: '99' }, { 'ce-knativekafkaoffset': '6' }],
    ['characters outside Latin-1', { ce_subject: 'ü☃😀' }, { 'ce-subject': 'ü???' }],
    ['surrounding blanks', { ce_subject: ' \tada ' }, { 'ce-subject': 'ada' }],
    ['a control character', { ce_subject: 'a\nb' }, { 'ce-subject': 'a\nb' }],
    ['trailing zeros', { ce_time: '2026-11-23T08:00:00.100Z' }, { 'ce-time': '2026-11-23T08:00:00.1Z' }],
    ['a fraction of zeros', { ce_time: '2026-11-23T08:00:00.000Z' }, { 'ce-time': '2026-11-23T08:00:00Z' }],
    ['an offset', { ce_time: '2026-11-23T08:00:00+02:00' }, { 'ce-time': '2026-11-23T08:00:00+02:00' }],
    ['nanoseconds', { ce_time: '2026-11-23T08:00:00.123456789Z' }, { 'ce-time': '2026-11-23T08:00:00.123456789Z' }],
  ])('%s', (_name, changes: { [name: string]: string }, expected) => {
    expect(sent({ offset: 6, headers: { ...binary, ...changes } }).headers).toMatchObject(expected)
  })

  test.each<[string, { [name: string]: string }]>([
    ['an unknown version', { ce_specversion: '9.9' }],
    ['an invalid time', { ce_time: 'yesterday' }],
    ['a leap second', { ce_time: '2016-12-31T23:59:60Z' }],
    ['a day that does not exist', { ce_time: '2026-02-30T08:00:00Z' }],
    ['a source with blanks', { ce_source: 'not a URI' }],
    ['an invalid extension name', { 'ce_my-ext': 'x' }],
  ])('with %s silently becomes an event about the raw record', (_name, changes) => {
    expect(sent({ headers: { ...binary, ...changes } }).headers).toMatchObject({
      'ce-type': 'dev.knative.kafka.event',
      'ce-id': 'partition:0/offset:0',
      'ce-kafkaheaderceid': 'bin-1',
      'ce-kafkaheadercetype': 'log.created',
      'content-type': 'application/json',
    })
  })

  test.each(['ce_id', 'ce_type', 'ce_source'])('without %s silently becomes one about the raw record', (name) => {
    const { [name]: _missing, ...headers } = { ...binary } as { [name: string]: string }
    expect(sent({ headers }).headers['ce-type']).toBe('dev.knative.kafka.event')
  })
})

describe('a record in structured mode', () => {
  const headers = { 'content-type': 'application/cloudevents+json; charset=UTF-8' }
  const event = { specversion: '1.0', id: 'str-1', source: '/ingest', type: 'log.created' }
  const structured = (further: object, text = JSON.stringify({ ...event, ...further })) =>
    sent({ headers, offset: 15, value: text })

  test('is sent in binary mode', () => {
    const further = {
      subject: 'user/ada',
      time: '2026-11-23T08:00:00Z',
      datacontenttype: 'application/json',
      myext: 'e',
      numext: 7,
      boolext: true,
      data: JSON.parse(json),
    }
    expect(structured(further)).toEqual({
      headers: {
        'ce-specversion': '1.0',
        'ce-id': 'str-1',
        'ce-source': '/ingest',
        'ce-type': 'log.created',
        'content-type': 'application/json',
        'ce-subject': 'user/ada',
        'ce-time': '2026-11-23T08:00:00Z',
        'ce-myext': 'e',
        'ce-numext': '7',
        'ce-boolext': 'true',
        ...position(15),
      },
      body: json,
    })
  })

  test('has its data without whitespace, with members in order and numbers unchanged', () => {
    const data = '{ "b": 1.0, "10": [12345678901234567890, "a b", {}], "a": { "data": null } }'
    const text = JSON.stringify(event).replace('}', `, "data" : ${data}, "last": 1 }`)
    const { body, headers } = structured({}, text)
    expect(body).toBe('{"b":1.0,"10":[12345678901234567890,"a b",{}],"a":{"data":null}}')
    expect(headers['content-type']).toBe('application/json')
    expect(headers['ce-last']).toBe('1')
  })

  test.each([
    ['bytes as base64', { data_base64: 'aMOp' }, 'hé'],
    ['text of another type', { datacontenttype: 'text/plain', data: 'hé' }, 'hé'],
    ['JSON text', { data: 'hé' }, '"hé"'],
    ['no data', {}, ''],
  ])('%s', (_name, further, body) => expect(structured(further).body).toBe(body))

  test.each([
    ['broken JSON', '{"specversion":'],
    ['no type', '{"specversion":"1.0","id":"1","source":"/s"}'],
    ['an attribute that is an object', JSON.stringify({ ...event, myext: {} })],
  ])('with %s becomes an event about the raw record and keeps its content type', (_name, text) => {
    expect(structured({}, text)).toMatchObject({
      headers: {
        'ce-type': 'dev.knative.kafka.event',
        'content-type': 'application/cloudevents+json; charset=utf-8',
      },
      body: text,
    })
  })

  test('a batch becomes one event about the raw record', () => {
    const batch = { 'content-type': 'application/cloudevents-batch+json' }
    expect(sent({ headers: batch, value: '[]' })).toMatchObject({
      headers: { 'ce-type': 'dev.knative.kafka.event', 'content-type': 'application/cloudevents-batch+json' },
      body: '[]',
    })
  })

  test('without its content type becomes an event about the raw record', () => {
    const { headers } = sent({ value: JSON.stringify(event) })
    expect(headers['ce-type']).toBe('dev.knative.kafka.event')
    expect(headers).not.toHaveProperty('content-type')
  })
})

test('our own record becomes a CloudEvent that the CloudEvents SDK reads', () => {
  const record = aRecord({ id: 'a', userId: 'ada ☃' })
  const { headers, body } = sent({ partition: 0, offset: 9, headers: record.headers, value: record.value })
  expect(headers).toMatchObject({ 'ce-subject': 'ada%20%E2%98%83', ...position(9) })
  expect(HTTP.toEvent({ headers, body })).toMatchObject({
    id: 'a',
    type: 'dev.activity-log.activity.recorded.v1',
    data: JSON.parse(record.value),
  })
})
