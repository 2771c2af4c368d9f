import { HTTP, type CloudEvent as SdkEvent } from 'cloudevents'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Activity, checkActivity } from './activity.ts'
import {
  type ActivityRecorded,
  activityRecorded,
  activityRecordedType,
  type EventRecord,
  isTenant,
  readActivityRecorded,
  toRecord,
} from './activity-recorded.ts'
import { type CloudEvent, readBinary } from './cloud-event.ts'
import type { JsonObject } from './json.ts'
import { anActivity, anEvent, aRecord, receivedAt } from './testing/builders.ts'
import { parseTimestamp } from './timestamp.ts'

/** Maps headers as KafkaSource does: `ce_` becomes `ce-`, and the values stay. */
const requestHeaders = ({ headers }: EventRecord) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.replace(/^ce_/, 'ce-'), value]))

function delivered(record: EventRecord): CloudEvent {
  const event = readBinary(requestHeaders(record), Buffer.from(record.value))
  if (!event.ok) throw new Error(JSON.stringify(event.errors))
  return event.value
}

// these are the values that parseJson lets through and checkActivity accepts
const name = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 256 }),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 256, size: 'max' }),
    fc.string({ unit: fc.constantFrom('%', '"', '\\', ' ', '\u007f', '\u2028', '😀', '☃', 'م', 'é'), minLength: 1 }),
  )
  .map((text) => text.replaceAll('\0', ''))
const metadata = fc.jsonValue({ maxDepth: 3 }).map((value) => ({ value }) as JsonObject)
const timestamp = fc
  .date({ min: new Date(0), max: receivedAt, noInvalidDate: true })
  .map((date) => date.toISOString().replace('Z', '+00:00'))
const activity = fc
  .record(
    {
      id: fc.string({
        unit: fc.integer({ min: 33, max: 126 }).map((n) => String.fromCharCode(n)),
        minLength: 3,
        maxLength: 128,
      }),
      userId: name,
      action: name,
      timestamp,
      metadata,
    },
    { requiredKeys: ['userId', 'action'] },
  )
  .map((input) => checkActivity(input, receivedAt))
  .filter((checked) => checked.ok)
  .map(({ value }) => value)
const events = fc
  .record({
    sent: activity,
    tenant: name.filter(isTenant),
    traceparent: fc.constantFrom(undefined, '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'),
  })
  .map(({ sent, ...rest }) => activityRecorded(sent, { receivedAt, newId: () => 'made-id', ...rest }))

describe('any activity', () => {
  test('gives a record that is read as the same event', () => {
    fc.assert(
      fc.property(events, (event) => {
        expect(readActivityRecorded(delivered(toRecord(event)))).toEqual({
          ok: true,
          value: { ...event, activity: JSON.parse(JSON.stringify(event.activity)) },
        })
      }),
    )
  })

  test('gives a record whose headers are printable ASCII without spaces', () => {
    fc.assert(
      fc.property(events, (event) => {
        for (const value of Object.values(toRecord(event).headers)) expect(value).toMatch(/^[!-~]+$/)
      }),
    )
  })

  test('gives a record that the CloudEvents SDK accepts, with the same time', () => {
    fc.assert(
      fc.property(events, (event) => {
        const record = toRecord(event)
        const theirs = HTTP.toEvent({ headers: requestHeaders(record), body: record.value }) as SdkEvent<unknown>
        expect(theirs.validate()).toBe(true)
        expect(theirs).toMatchObject({ type: activityRecordedType, time: record.headers['ce_time'] })
        expect(theirs.data).toEqual(JSON.parse(record.value))
      }),
    )
  })
})

test('the longest names make at most 8 KiB of headers', () => {
  const longest = '😀'.repeat(256)
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const { headers } = toRecord({
    ...anEvent({ id: '%'.repeat(128), userId: longest, action: longest }),
    filledIn: ['id', 'timestamp'],
    traceparent,
  })
  expect(Object.entries(headers).flat().join('').length).toBeLessThanOrEqual(8 * 1024)
})

test('the record holds the user, the action, the time and the source', () => {
  const salt = 'AAECAwQFBgcICQoLDA0ODw'
  const event: ActivityRecorded = {
    ...anEvent({ userId: 'ada "☃"' }),
    sequence: 7,
    salt,
    filledIn: ['id', 'timestamp'],
  }
  expect(toRecord(event)).toEqual({
    headers: {
      ce_specversion: '1.0',
      ce_id: 'id-1',
      ce_source: '/activity-log/default',
      ce_type: 'dev.activity-log.activity.recorded.v1',
      ce_subject: 'ada%20%22%E2%98%83%22',
      ce_time: '2024-01-15T10:00:00.000Z',
      ce_partitionkey: 'ada%20%22%E2%98%83%22',
      ce_tenant: 'default',
      ce_recordedtime: '2026-01-01T00:00:00.000Z',
      ce_sequence: '7',
      ce_salt: salt,
      ce_filledin: 'id-timestamp',
      'content-type': 'application/json',
    },
    value: JSON.stringify(event.activity),
  })
})

test.each([
  '2016-12-31T23:59:60Z',
  '2024-01-15t10:00:00.1234567+01:00',
  '1970-01-01T00:00:00Z',
])('ce_time of %s is a plain UTC time; the activity keeps the text', (sent) => {
  const { headers, value } = aRecord({ timestamp: sent })
  expect(headers['ce_time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  expect(parseTimestamp(headers['ce_time'] ?? '')).toMatchObject({ ms: (parseTimestamp(sent) as { ms: number }).ms })
  expect((JSON.parse(value) as Activity).timestamp).toBe(sent)
})

test('a record of an earlier version has the sequence 0 and no salt, and unknown attributes are ignored', () => {
  const { attributes, data } = delivered(aRecord())
  const { sequence: _sequence, salt: _salt, ...earlier } = attributes as Record<string, string>
  const later = { ...earlier, policy: '3', key: 'k1', unverified: 'true', somethingnew: 'x' }
  for (const known of [earlier, later]) {
    const read = readActivityRecorded({ attributes: known as CloudEvent['attributes'], data })
    expect(read).toMatchObject({ ok: true, value: { sequence: 0 } })
    expect(read.ok && read.value).not.toHaveProperty('salt')
  }
})

test.each(['', '-1', '1048576', '1.0', '1e3', ' 1'])('the sequence %j counts as absent', (sequence) => {
  const { attributes, data } = delivered(aRecord())
  const read = readActivityRecorded({ attributes: { ...attributes, sequence } as CloudEvent['attributes'], data })
  expect(read).toMatchObject({ ok: true, value: { sequence: 0 } })
})

test.each(['', 'pepper', 'AAECAwQFBgcICQoLDA0OD=', '☃'.repeat(22)])('the salt %j counts as absent', (salt) => {
  const { attributes, data } = delivered(aRecord())
  const read = readActivityRecorded({ attributes: { ...attributes, salt } as CloudEvent['attributes'], data })
  expect(read.ok && read.value).not.toHaveProperty('salt')
})

test('a member that the client left out is filled in and noted', () => {
  const received = { tenant: 'default', receivedAt, newId: () => 'made-id' }
  const event = activityRecorded({ userId: 'ada', action: 'login' }, received)
  expect(event.activity).toEqual({ id: 'made-id', userId: 'ada', action: 'login', timestamp: '2026-01-01T00:00:00Z' })
  expect(event.filledIn).toEqual(['id', 'timestamp'])
  expect(activityRecorded(anActivity(), received).filledIn).toEqual([])
})

describe('a record written by another producer', () => {
  const { attributes } = delivered(aRecord())
  const json = (changes: object) => ({ kind: 'json' as const, value: { ...anActivity(), ...changes } })
  const { recordedtime: _time, tenant: _tenant, ...bare } = attributes as Record<string, string>

  test.each<[what: string, event: CloudEvent, pointers: string[]]>([
    ['of another type', { attributes: { ...attributes, type: 'other' }, data: json({}) }, ['ce-type']],
    ['without data', { attributes, data: { kind: 'none' } }, ['']],
    ['with other data', { attributes, data: { kind: 'bytes', bytes: Buffer.from('{}') } }, ['']],
    [
      'without time of receipt and tenant',
      { attributes: bare as CloudEvent['attributes'], data: json({}) },
      ['ce-recordedtime', 'ce-tenant'],
    ],
    [
      'with another member filled in',
      { attributes: { ...attributes, filledin: 'id-userId' }, data: json({}) },
      ['ce-filledin'],
    ],
    ...['', 'a\nb', 'a\u0085', 'x'.repeat(257)].map((tenant): [string, CloudEvent, string[]] => [
      `of an invalid tenant, ${JSON.stringify(tenant.slice(0, 3))}`,
      { attributes: { ...attributes, tenant }, data: json({}) },
      ['ce-tenant'],
    ]),
    ['with a broken activity', { attributes, data: json({ userId: '', extra: 1 }) }, ['/userId', '/extra']],
    [
      'without an id',
      { attributes, data: { kind: 'json', value: { userId: 'ada', action: 'a' } } },
      ['/id', '/timestamp'],
    ],
    [
      'with a timestamp more than a day after its receipt',
      { attributes, data: json({ timestamp: '2026-01-02T00:00:00.001Z' }) },
      ['/timestamp'],
    ],
  ])('%s is rejected with the pointers to its errors', (_what, event, pointers) => {
    const read = readActivityRecorded(event)
    expect(read.ok ? [] : read.errors.map(({ pointer }) => pointer)).toEqual(pointers)
  })

  test('takes the activity from the data alone, regardless of the headers', () => {
    const event = {
      attributes: { ...attributes, id: 'other', subject: 'eve', time: '2020-01-01T00:00:00Z' },
      data: json({}),
    }
    expect(readActivityRecorded(event)).toMatchObject({ ok: true, value: { activity: anActivity() } })
  })
})
