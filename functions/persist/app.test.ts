import { type EventRecord, toRecord } from '@activity-log/shared/activity-recorded.ts'
import { activityJson } from '@activity-log/shared/document.ts'
import type { ActivityStore } from '@activity-log/shared/store/store.ts'
import {
  anActivity,
  anEvent,
  aRecord,
  deadLettersOf,
  delivery,
  receivedAt,
  silent,
} from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { openWay, type Way, ways } from '@activity-log/shared/testing/ways.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApp, maxRecordBytes } from './app.ts'

let way: Way

function persist(changes: Partial<ActivityStore> = {}, deadlineMs?: number) {
  const store = openMemoryStore()
  const app = createApp({
    store: { ...store, ...changes },
    log: silent,
    now: () => receivedAt,
    ...(deadlineMs && { deadlineMs }),
  })
  const request = (path: string, init: RequestInit = {}) => way.request(app, path, init)
  return { app, store, request, deliver: (init: RequestInit) => request('/', init) }
}

const stored = async (store: ActivityStore) =>
  (await store.find({ filter: { tenant: 'default' }, order: 'asc', limit: 1000 })).map(({ activity }) =>
    JSON.parse(activityJson(activity)),
  )

/** A record in structured mode: one JSON object, with additional attributes. */
function structuredText({ headers, value }: EventRecord, further: Record<string, string> = {}): string {
  const attributes = Object.entries(headers).flatMap(([name, text]) =>
    name.startsWith('ce_') ? [[name.slice(3), text]] : [],
  )
  return JSON.stringify({ ...Object.fromEntries(attributes), ...further, data: JSON.parse(value) })
}

test.each([
  { what: 'large', count: 20, bytes: 30_000, most: 4 },
  { what: 'small', count: 500, bytes: 0, most: 200 },
])('saves $what records in groups of at most $most, so that others are answered in between', async (each) => {
  const { count, bytes, most } = each
  const groups: number[] = []
  const { app, store } = persist({
    save: async (activities) => {
      groups.push(activities.length)
      return store.save(activities)
    },
  })
  const records = Array.from({ length: count }, (_, n) =>
    aRecord({ id: `id-${n}`, metadata: { x: 'x'.repeat(bytes) } }),
  )
  const deliveries = records.map((record) => app.request('/', delivery(record)))
  for (const { status } of await Promise.all(deliveries)) expect(status).toBe(204)
  expect(Math.max(...groups)).toBe(most)
})

describe.each(ways)('%s:', (name) => {
  beforeAll(async () => {
    way = await openWay(name, maxRecordBytes)
  })
  afterAll(() => way[Symbol.asyncDispose]())

  describe('a record of ours', () => {
    test('is stored as it was sent and gets a 204', async () => {
      const { deliver, store } = persist()
      const activity = anActivity({
        userId: 'Ünï☃',
        metadata: { a: [1, null] },
        timestamp: '2024-01-15T11:00:00.50+01:00',
      })
      expect((await deliver(delivery(aRecord(activity)))).status).toBe(204)
      expect(await stored(store)).toEqual([{ ...activity, recordedAt: receivedAt.toISOString() }])
    })

    test('is stored when it comes in structured mode', async () => {
      const { deliver, store } = persist()
      const request = {
        method: 'POST',
        headers: { 'content-type': 'application/cloudevents+json' },
        body: structuredText(aRecord(), { knativekafkapartition: '0', knativekafkaoffset: '5' }),
      }
      expect((await deliver(request)).status).toBe(204)
      expect(await stored(store)).toHaveLength(1)
    })

    test('changes nothing when it is delivered again', async () => {
      const { deliver, store } = persist()
      const statuses = [
        await deliver(delivery(aRecord(), 1)),
        await deliver(delivery(aRecord(), 1)),
        await deliver(delivery(aRecord(), 2)),
      ]
      expect(statuses.map(({ status }) => status)).toEqual([204, 204, 204])
      expect(await stored(store)).toHaveLength(1)
      expect(await deadLettersOf(store)).toEqual([])
    })

    test('is checked against its time of receipt, not against the time of a late delivery', async () => {
      const { deliver, store } = persist()
      const ahead = anEvent({ timestamp: '2026-01-01T23:00:00Z' })
      expect((await deliver(delivery(toRecord(ahead)))).status).toBe(204)
      expect(await stored(store)).toHaveLength(1)
    })
  })

  describe('a record that can never be saved becomes a dead letter with its reason and bytes, and gets a 204', () => {
    test('an activity with the id of another one', async () => {
      const { deliver, store } = persist()
      await deliver(delivery(aRecord(), 1))
      const other = aRecord({ action: 'another' })
      expect((await deliver(delivery(other, 2))).status).toBe(204)
      expect(await stored(store)).toMatchObject([{ action: 'click_button' }])
      const [letter] = await deadLettersOf(store)
      expect(letter).toMatchObject({
        reason: 'conflict',
        position: { partition: 0, offset: 2 },
        headers: { 'ce-id': 'id-1' },
      })
      expect(Buffer.from(letter!.body).toString()).toBe(other.value)
    })

    const ours = aRecord()
    test.each<[string, Record<string, string>, string | Uint8Array]>([
      ['broken JSON', {}, '{"id":'],
      ['an empty body', {}, ''],
      ['bytes that are not UTF-8', {}, new Uint8Array([0x7b, 0xff])],
      ['an activity without a user', {}, '{"id":"a","action":"x","timestamp":"2024-01-15T10:00:00Z"}'],
      ['an activity without an id', {}, '{"userId":"u","action":"x","timestamp":"2024-01-15T10:00:00Z"}'],
      ['a lossy number', {}, ours.value.replace('}', ',"metadata":{"n":1e400}}')],
      ['a reserved name', {}, ours.value.replace('}', ',"metadata":{"_bsontype":"ObjectId"}}')],
      ['an array', {}, '[]'],
      ['another type of event', { ce_type: 'com.example.other' }, ours.value],
      ['a later version of ours', { ce_type: 'dev.activity-log.activity.recorded.v2' }, ours.value],
      ['no time of receipt', { ce_recordedtime: '' }, ours.value],
      ['no tenant', { ce_tenant: '' }, ours.value],
      ['an invalid tenant', { ce_tenant: 'a%0Ab' }, ours.value],
      ['data that is not JSON', { 'content-type': 'text/plain' }, 'hello'],
    ])('%s', async (_what, headers, value) => {
      const { deliver, store } = persist()
      const request = { ...delivery({ headers: { ...ours.headers, ...headers }, value: '' }, 4), body: value as string }
      expect((await deliver(request)).status).toBe(204)
      expect(await stored(store)).toEqual([])
      const [letter] = await deadLettersOf(store)
      expect(letter).toMatchObject({ reason: 'rejected', position: { partition: 0, offset: 4 }, attempts: 1 })
      expect(letter?.errors.length).toBeGreaterThan(0)
      expect(Buffer.from(letter!.body)).toEqual(Buffer.from(value as string))
      await deliver(request)
      expect(await deadLettersOf(store)).toMatchObject([{ attempts: 2 }])
    })
  })

  describe('answers 400, after which the dispatcher makes a dead letter, to', () => {
    const ours = aRecord()
    test.each<[string, RequestInit]>([
      ['a request that is not a CloudEvent', { method: 'POST', body: '{}' }],
      [
        'an envelope that was damaged on the way',
        delivery({ ...ours, headers: { ...ours.headers, ce_type: 'dev.knative.kafka.event' } }),
      ],
      [
        'a record that KafkaSource could not read, even though persist could read its structured body',
        delivery({
          headers: {
            ...ours.headers,
            ce_type: 'dev.knative.kafka.event',
            'content-type': 'application/cloudevents+json',
          },
          value: structuredText(ours),
        }),
      ],
      [
        'a CloudEvent without a position',
        { method: 'POST', headers: { 'ce-specversion': '1.0', 'ce-id': 'i', 'ce-source': '/s', 'ce-type': 't' } },
      ],
      [
        'a CloudEvent in structured mode that is not JSON',
        { method: 'POST', headers: { 'content-type': 'application/cloudevents+json' }, body: '{' },
      ],
    ])('%s', async (_what, request) => {
      const { deliver, store } = persist()
      const response = await deliver(request)
      expect(response.status).toBe(400)
      expect([...response.headers.keys()].filter((name) => name.startsWith('kne-'))).toEqual([])
      expect(await stored(store)).toEqual([])
      expect(await deadLettersOf(store)).toEqual([])
    })
  })

  describe('when the store is in trouble', () => {
    test.each<[what: string, path: string, record: ReturnType<typeof aRecord>]>([
      ['an activity', '/', aRecord()],
      ['a record that becomes a dead letter', '/', { ...aRecord(), value: 'no activity' }],
      ['a dead letter of the dispatcher', '/undelivered', aRecord()],
    ])('gets a 503 at the deadline if the store hangs: %s', async (_what, path, record) => {
      const hangs = () => new Promise<never>(() => {})
      const { request } = persist({ save: hangs, deadLetter: hangs }, 10)
      const response = await request(path, delivery(record))
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
    })

    const trouble = () => Promise.reject(new Error('disk full'))

    test('a record gets a 503, so that it is delivered again', async () => {
      const { deliver } = persist({ save: trouble })
      expect((await deliver(delivery(aRecord()))).status).toBe(503)
    })

    test.each<[string, Error, object]>([
      ['an outage takes one line', new Error('disk full'), { level: 'warn', reason: 'disk full' }],
      [
        'a fault of ours keeps its stack',
        new TypeError('x is undefined'),
        { level: 'error', err: expect.any(TypeError) },
      ],
    ])('in the log, %s', async (_what, error, line) => {
      const lines: object[] = []
      const log = {
        ...silent,
        warn: (fields: object) => void lines.push({ level: 'warn', ...fields }),
        error: (fields: object) => void lines.push({ level: 'error', ...fields }),
      }
      const store = { ...persist().store, save: () => Promise.reject(error) }
      const app = createApp({ store, log, now: () => receivedAt })
      expect((await way.request(app, '/', delivery(aRecord()))).status).toBe(503)
      expect(lines).toEqual([expect.objectContaining(line)])
    })

    test('a record gets a 503 if its dead letter cannot be saved', async () => {
      const { deliver } = persist({ deadLetter: trouble })
      const broken = { ...aRecord(), value: '{' }
      expect((await deliver(delivery(broken))).status).toBe(503)
    })
  })

  describe('a dead letter of the dispatcher', () => {
    const { headers, value } = aRecord()
    const knativeerror = {
      ce_knativeerrordest: 'http://persist/',
      ce_knativeerrorcode: '503',
      ce_knativeerrordata: Buffer.from('no disk').toString('base64'),
    }
    const toDeadLetters = (init: RequestInit, changes: Partial<ActivityStore> = {}) => {
      const { request, store } = persist(changes)
      return { store, response: request('/undelivered', init) }
    }

    test.each([
      ['of a record that could not be saved', headers],
      ['of a record that is not a CloudEvent', { ...headers, ce_type: 'dev.knative.kafka.event' }],
    ])('%s is kept with its bytes and the error', async (_what, itsHeaders) => {
      const request = delivery({ headers: { ...itsHeaders, ...knativeerror }, value }, 7, 2)
      const { store, response } = toDeadLetters(request)
      expect((await response).status).toBe(204)
      expect(await stored(store)).toEqual([])
      const [letter] = await deadLettersOf(store)
      expect(letter).toMatchObject({
        reason: 'undelivered',
        position: { partition: 2, offset: 7 },
        errors: [{ pointer: '', detail: 'was not accepted by http://persist/, which answered 503: no disk' }],
        headers: { 'ce-id': 'id-1', 'ce-knativeerrorcode': '503' },
      })
      expect(Buffer.from(letter!.body).toString()).toBe(value)
    })

    const structured = { 'content-type': 'application/cloudevents+json' }
    test.each<[string, Record<string, string>, string]>([
      [
        'broken JSON that is labeled as structured',
        { ...structured, ce_type: 'dev.knative.kafka.event' },
        '{"specversion":',
      ],
      ['an envelope in structured mode without a source', structured, '{"specversion":"1.0","id":"1","type":"t"}'],
      ['an earlier version of CloudEvents', { ce_specversion: '0.3' }, '{}'],
      ['an empty id', { ce_id: '' }, '{}'],
      ['an attribute with NUL', { ce_subject: 'a%00b' }, '{}'],
    ])('of a record that persist rejected is kept: %s', async (_what, changes, body) => {
      const request = delivery({ headers: { ...headers, ...changes, ...knativeerror }, value: body }, 7, 2)
      const { store, response } = toDeadLetters(request)
      expect((await response).status).toBe(204)
      const [letter] = await deadLettersOf(store)
      expect(letter).toMatchObject({ reason: 'undelivered', position: { partition: 2, offset: 7 } })
      expect(Buffer.from(letter!.body).toString()).toBe(body)
    })

    test('counts its arrivals, apart from those of a rejected record at the same position', async () => {
      const { request, store } = persist()
      await request('/', delivery({ headers, value: '{' }, 7))
      for (let time = 0; time < 2; time++) await request('/undelivered', delivery({ headers, value: '{' }, 7))
      const kept = (await deadLettersOf(store)).map(({ reason, attempts }) => `${reason} ${attempts}`)
      expect(kept.toSorted()).toEqual(['rejected 1', 'undelivered 2'])
    })

    test('gets a 503 when the store does not save it, and a 400 when it has no position', async () => {
      const trouble = { deadLetter: () => Promise.reject(new Error('disk full')) }
      expect((await toDeadLetters(delivery({ headers, value }), trouble).response).status).toBe(503)
      expect((await toDeadLetters({ method: 'POST', body: '{}' }).response).status).toBe(400)
    })
  })
})

test('saves a hundred simultaneous deliveries in a few groups and answers each', async () => {
  way = await openWay('handed over')
  const groups: number[] = []
  const { store } = persist()
  const counting: ActivityStore['save'] = (activities) => {
    groups.push(activities.length)
    return store.save(activities)
  }
  const { deliver } = persist({ save: counting })
  const requests = Array.from({ length: 100 }, (_, n) => delivery(aRecord({ id: `id-${n}` }), n))
  const responses = await Promise.all(requests.map(deliver))
  expect(responses.every(({ status }) => status === 204)).toBe(true)
  expect(groups.reduce((sum, size) => sum + size)).toBe(100)
  expect(groups.length).toBeLessThan(10)
})

test('GET /metrics reports the size of each group and how long its first record waited', async () => {
  way = await openWay('handed over')
  const { request, deliver } = persist()
  await deliver(delivery(aRecord()))
  const text = await (await request('/metrics')).text()
  expect(text).toContain('persist_group_items_sum 1\n')
  expect(text).toContain('persist_group_wait_seconds_count 1\n')
})
