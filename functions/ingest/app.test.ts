import { anActivity, answerOf, post } from '@activity-log/shared/testing/builders.ts'
import { openWay, type Way, ways } from '@activity-log/shared/testing/ways.ts'
import { CloudEvent, HTTP } from 'cloudevents'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { anIngest } from './an-ingest.testsuite.ts'
import type { IngestDependencies } from './app.ts'

let way: Way

function ingest(changes: Partial<IngestDependencies> = {}) {
  const { app, published, stored } = anIngest(changes)
  const request = (init: RequestInit, path = '/logs') => way.request(app, path, init)
  const send = (body: unknown, headers?: Record<string, string>) => request(post(body, headers))
  return { app, published, stored, request, send }
}

const ndjson = { 'content-type': 'application/x-ndjson' }
const structured = { 'content-type': 'application/cloudevents+json' }
const batch = { 'content-type': 'application/cloudevents-batch+json' }
const lines = (...items: unknown[]) =>
  items.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))).join('\n')
const pointers = async (response: Response) => (await answerOf(response)).errors.map((error) => error.pointer)

describe.each(ways)('%s:', (name) => {
  beforeAll(async () => {
    way = await openWay(name)
  })
  afterAll(() => way[Symbol.asyncDispose]())

  describe('one activity', () => {
    test('gets a 202 with its id, timestamp and receipt, and is published as it was sent', async () => {
      const { send, stored } = ingest()
      const activity = anActivity({ id: 'a/b', metadata: { button: 'buy', n: [1, null, { x: true }] } })
      const response = await send(activity)
      expect(response.status).toBe(202)
      expect(response.headers.get('location')).toBe('/logs/a%2Fb')
      expect(await answerOf(response)).toEqual({
        id: 'a/b',
        timestamp: activity.timestamp,
        receipt: expect.stringMatching(/^[\w-]{24}$/),
      })
      expect(stored()).toEqual([activity])
    })

    test('gets an id and a timestamp if it has none, and the record says so', async () => {
      const { send, stored, published } = ingest()
      expect(await answerOf(await send({ userId: 'u', action: 'a' }))).toMatchObject({
        id: 'made-1',
        timestamp: '2026-01-01T00:00:00Z',
      })
      expect(stored()).toEqual([{ id: 'made-1', userId: 'u', action: 'a', timestamp: '2026-01-01T00:00:00Z' }])
      expect(published[0]?.headers).toMatchObject({
        ce_filledin: 'id-timestamp',
        ce_recordedtime: '2026-01-01T00:00:00.000Z',
      })
    })

    test.each(['"key-1"', 'key-1'])('takes its id from the Idempotency-Key %s', async (key) => {
      const { send, stored, published } = ingest()
      const response = await send(anActivity({ id: undefined }), { 'idempotency-key': key })
      expect((await answerOf(response)).id).toBe('key-1')
      expect(stored()[0].id).toBe('key-1')
      expect(published[0]?.headers).not.toHaveProperty('ce_filledin')
    })

    test('keeps its trace context, unless that is malformed', async () => {
      const { send, published } = ingest()
      const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
      await send(anActivity(), { traceparent })
      await send(anActivity(), { traceparent: 'x' })
      expect(published.map(({ headers }) => headers['ce_traceparent'])).toEqual([traceparent, undefined])
    })

    test('may begin with a byte order mark and name its charset', async () => {
      const { send, stored } = ingest()
      const body = Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from(JSON.stringify(anActivity()))])
      expect((await send(body, { 'content-type': 'Application/JSON; charset="UTF-8"' })).status).toBe(202)
      expect(stored()).toEqual([anActivity()])
    })
  })

  describe('rejects and does not publish', () => {
    const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`
    const withMetadata = (text: string) => `{"userId":"u","action":"a","metadata":${text}}`
    test.each<[string, unknown, Record<string, string> | undefined, number, string[] | undefined]>([
      ['an empty body', '', undefined, 400, ['']],
      ['malformed JSON', '{"userId":', undefined, 400, ['']],
      ['JSON that is not an object', '"text"', undefined, 400, ['']],
      ['null', 'null', undefined, 400, ['']],
      [
        'an activity with several errors, and lists them all',
        { userId: ' ', timestamp: '1', ip: 1, more: 2 },
        undefined,
        400,
        ['/userId', '/action', '/timestamp', '/ip', '/more'],
      ],
      [
        'members of the wrong types',
        { userId: 1, action: {}, id: 5, metadata: [] },
        undefined,
        400,
        ['/id', '/userId', '/action', '/metadata'],
      ],
      [
        'an unknown member with a special name',
        '{"userId":"u","action":"a","__proto__":{"x":1}}',
        undefined,
        400,
        ['/__proto__'],
      ],
      ['a name that is too long', anActivity({ userId: 'x'.repeat(257) }), undefined, 400, ['/userId']],
      ['an id with a space', anActivity({ id: 'a b' }), undefined, 400, ['/id']],
      ['an id that cannot be part of a path', anActivity({ id: '..' }), undefined, 400, ['/id']],
      ['a day that does not exist', anActivity({ timestamp: '2024-02-31T00:00:00Z' }), undefined, 400, ['/timestamp']],
      [
        'an hour that does not exist',
        anActivity({ timestamp: '2024-01-01T24:00:00Z' }),
        undefined,
        400,
        ['/timestamp'],
      ],
      ['a timestamp in words', anActivity({ timestamp: 'Jan 1 2024' }), undefined, 400, ['/timestamp']],
      [
        'a timestamp without an offset',
        anActivity({ timestamp: '2024-01-01T00:00:00' }),
        undefined,
        400,
        ['/timestamp'],
      ],
      [
        'a timestamp more than a day ahead',
        anActivity({ timestamp: '2026-01-02T00:00:01Z' }),
        undefined,
        400,
        ['/timestamp'],
      ],
      ['a number that overflows', withMetadata('{"n":1e400}'), undefined, 400, ['/metadata/n']],
      ['a number that would lose digits', withMetadata('{"n":[9007199254740993]}'), undefined, 400, ['/metadata/n/0']],
      ['a NUL', withMetadata('{"a":"x\\u0000"}'), undefined, 400, ['/metadata/a']],
      ['a lone surrogate', withMetadata('{"a":"\\ud800"}'), undefined, 400, ['/metadata/a']],
      ['a member named twice', '{"userId":"u","action":"a","userId":"v"}', undefined, 400, ['/userId']],
      ['a reserved name', withMetadata('{"a":{"_bsontype":"x"}}'), undefined, 400, ['/metadata/a/_bsontype']],
      ['metadata that is nested too deeply', withMetadata(deep(33)), undefined, 400, [`/metadata${'/a'.repeat(32)}`]],
      [
        'JSON that is nested absurdly deeply',
        `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
        undefined,
        400,
        undefined,
      ],
      [
        'metadata with too many members',
        anActivity({ metadata: Object.fromEntries(Array.from({ length: 1001 }, (_, n) => [n, n])) }),
        undefined,
        400,
        ['/metadata'],
      ],
      [
        'metadata that is too large',
        anActivity({ metadata: { x: 'x'.repeat(32 * 1024) } }),
        undefined,
        400,
        ['/metadata'],
      ],
      [
        'an Idempotency-Key that differs from the id',
        anActivity(),
        { 'idempotency-key': 'k' },
        400,
        ['Idempotency-Key'],
      ],
      [
        'an Idempotency-Key that is not a valid id',
        anActivity({ id: undefined }),
        { 'idempotency-key': 'a b' },
        400,
        ['Idempotency-Key'],
      ],
      ['an Idempotency-Key for a batch', [anActivity()], { 'idempotency-key': 'k' }, 400, ['Idempotency-Key']],
      ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22]), undefined, 400, undefined],
      ['an empty array', '[]', undefined, 400, undefined],
      ['only blank lines', '\n\n', ndjson, 400, undefined],
      ['more than 1,000 activities', JSON.stringify(Array(1001).fill(anActivity())), undefined, 413, undefined],
      ['more than 1,000 lines', lines(...Array(1001).fill(anActivity())), ndjson, 413, undefined],
      [
        'an activity that is too large',
        anActivity({ metadata: { x: 'x'.repeat(256 * 1024) } }),
        undefined,
        413,
        undefined,
      ],
      ['a batch that is too large', `[${' '.repeat(4 * 1024 * 1024)}]`, undefined, 413, undefined],
      [
        'the form that curl sends by default',
        'userId=u',
        { 'content-type': 'application/x-www-form-urlencoded' },
        415,
        undefined,
      ],
      ['another charset', anActivity(), { 'content-type': 'application/json; charset=iso-8859-1' }, 415, undefined],
      ['a content type that is not a media type', anActivity(), { 'content-type': 'json' }, 415, undefined],
      ['a body that is not gzip, although it says so', anActivity(), { 'content-encoding': 'gzip' }, 400, undefined],
      ['a body in another encoding', anActivity(), { 'content-encoding': 'br' }, 415, undefined],
      ['a batch of CloudEvents that is not an array', {}, batch, 400, undefined],
    ])('%s', async (_what, body, headers, status, expected) => {
      const { send, published } = ingest()
      const response = await send(body, headers)
      expect(response.status).toBe(status)
      expect(response.headers.get('content-type')).toBe('application/problem+json')
      const problem = await answerOf(response.clone())
      expect(problem).toMatchObject({
        status,
        type: expect.stringContaining('urn:'),
        title: expect.any(String),
        detail: expect.any(String),
      })
      if (expected) expect((await pointers(response)).toSorted()).toEqual(expected.toSorted())
      expect(JSON.stringify(problem)).not.toMatch(/\bat .*\.ts|node_modules|SyntaxError/)
      expect(published).toEqual([])
    })

    test('a body that is too large and does not declare its length', async () => {
      const { request } = ingest()
      const chunk = new Uint8Array(1024 * 1024)
      let sent = 0
      const body = new ReadableStream({
        pull(controller) {
          controller.enqueue(chunk)
          if (++sent === 100) controller.close()
        },
      })
      const response = await request({ ...post(''), body, duplex: 'half' } as RequestInit)
      expect(response.status).toBe(413)
      expect(response.headers.get('connection')).toBe('close')
      expect(sent).toBeLessThan(20)
    })

    test('a request with a parameter, or to another path', async () => {
      const { request, published } = ingest()
      const named = await request(post(anActivity()), '/logs?userId=ada')
      expect([named.status, await pointers(named)]).toEqual([400, ['userId']])
      expect((await request(post(anActivity()), '/nowhere')).status).toBe(404)
      expect(published).toEqual([])
    })

    test('another method, and names the one that is allowed', async () => {
      const response = await ingest().request({ method: 'PUT' })
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
      expect((await ingest().app.request('/nowhere')).status).toBe(404)
    })
  })

  describe('answers briefly and quickly, however many errors there are', () => {
    const bad = `[${'-0,'.repeat(400_000)}-0]`
    test.each<[string, string | Uint8Array, Record<string, string>?]>([
      [
        'one activity of many with 400,000 lossy numbers',
        `[${`${JSON.stringify(anActivity())},`.repeat(500)}{"metadata":{"x":${bad}}}]`,
      ],
      ['a lossy number at each of 5,000 levels', `${'{"a":[-0,'.repeat(5000)}1${']}'.repeat(5000)}`],
      [
        'reserved names below a long name',
        `{"metadata":{"${'k'.repeat(100_000)}":[${'{"_bsontype":1},'.repeat(5000)}1]}}`,
      ],
      ['20,000 unknown members', `{${Array.from({ length: 20_000 }, (_, n) => `"m${n}":1`).join()}}`],
      ['two million values', `[{"userId":"u","action":"a","metadata":{"n":[${'1,'.repeat(2_000_000)}1]}}]`],
      ['lines of invalid UTF-8', Buffer.from('\xff\n'.repeat(2_000_000), 'latin1'), ndjson],
      ['invalid attribute names', `[{${Array.from({ length: 200_000 }, (_, n) => `"N${n}":1`).join()}}]`, batch],
      [
        'lossy numbers in the data of a binary CloudEvent',
        `[${'-0,'.repeat(80_000)}-0]`,
        { 'ce-specversion': '1.0', 'ce-id': 'i', 'ce-source': '/s', 'ce-type': 't' },
      ],
      [
        'data in base64',
        JSON.stringify([
          { specversion: '1.0', id: 'i', source: '/s', type: 't', data_base64: btoa('['.repeat(3_000_000)) },
        ]),
        batch,
      ],
    ])(
      '%s',
      async (_what, body, headers) => {
        const { send, stored } = ingest()
        const response = await send(body, headers)
        expect([207, 400, 413]).toContain(response.status)
        expect((await response.text()).length).toBeLessThan(200_000)
        expect(stored().every(({ userId }) => userId === 'user_123')).toBe(true)
      },
      5_000,
    )

    test('rejects each of a thousand invalid activities', async () => {
      const { send, published } = ingest()
      const items = Array.from(
        { length: 1000 },
        () => `{"userId":"u","action":"a","metadata":{"n":[${'-0,'.repeat(40)}-0]}}`,
      )
      expect((await send(`[${items.join()}]`)).status).toBe(400)
      expect(published).toEqual([])
    })
  })

  describe('a batch', () => {
    test.each<[string, string, Record<string, string> | undefined]>([
      ['an array', JSON.stringify([anActivity({ id: 'a' }), anActivity({ id: 'b' })]), undefined],
      ['lines', `${lines(anActivity({ id: 'a' }), '', anActivity({ id: 'b' }))}\r\n`, ndjson],
    ])('sent as %s is accepted, with the results in order', async (_what, body, headers) => {
      const { send, stored } = ingest()
      const response = await send(body, headers)
      expect(response.status).toBe(202)
      const { results } = await answerOf(response)
      expect(results).toEqual([
        { index: 0, status: 'accepted', id: 'a', receipt: expect.any(String) },
        { index: 1, status: 'accepted', id: 'b', receipt: expect.any(String) },
      ])
      expect(stored()).toEqual([anActivity({ id: 'a' }), anActivity({ id: 'b' })])
    })

    test('keeps the valid activities when one is invalid, and says what is wrong with that one', async () => {
      const { send, stored } = ingest()
      const response = await send([anActivity({ id: 'a' }), { userId: 'u', nested: 1 }, anActivity({ id: 'c' })])
      expect(response.status).toBe(207)
      const { results } = await answerOf(response)
      expect(results.map((result) => result.status)).toEqual(['accepted', 'invalid', 'accepted'])
      expect(results[1]?.errors.map((error) => error.pointer)).toEqual(['/1/action', '/1/nested'])
      expect(stored().map(({ id }) => id)).toEqual(['a', 'c'])
    })

    test('keeps the other lines when one is broken or is not UTF-8', async () => {
      const { send, stored } = ingest()
      const text = Buffer.from(lines(anActivity({ id: 'a' }), '{"broken"', anActivity({ id: 'c' }), ''))
      const response = await send(
        Buffer.concat([text, Buffer.from([0xff, 0x0a]), Buffer.from(JSON.stringify(anActivity({ id: 'e' })))]),
        ndjson,
      )
      expect(response.status).toBe(207)
      const { results } = await answerOf(response)
      expect(results.map((result) => result.status)).toEqual(['accepted', 'invalid', 'accepted', 'invalid', 'accepted'])
      expect(results[1]?.errors).toEqual([{ pointer: '/1', detail: expect.stringContaining('line 2') }])
      expect(stored().map(({ id }) => id)).toEqual(['a', 'c', 'e'])
    })

    test('keeps the other activities when one has a lossy number', async () => {
      const { send, stored } = ingest()
      const good = JSON.stringify(anActivity({ id: 'a' }))
      const response = await send(`[${good},{"userId":"u","action":"x","metadata":{"n":1e400}}]`)
      expect((await answerOf(response)).results[1]?.errors[0]?.pointer).toBe('/1/metadata/n')
      expect(stored().map(({ id }) => id)).toEqual(['a'])
    })

    test('is rejected when none of its activities is valid, with every reason', async () => {
      const response = await ingest().send([{}, 1])
      expect(response.status).toBe(400)
      expect(response.headers.get('content-type')).toBe('application/problem+json')
      expect((await answerOf(response)).results).toHaveLength(2)
    })

    test('may contain an id twice, because persist decides about duplicates', async () => {
      const { send, stored } = ingest()
      expect((await send([anActivity(), anActivity()])).status).toBe(202)
      expect(stored()).toHaveLength(2)
    })

    test('may contain 1,000 activities', async () => {
      const { send, stored } = ingest()
      const thousand = Array.from({ length: 1000 }, (_, n) => anActivity({ id: `id-${n}` }))
      expect((await send(lines(...thousand), ndjson)).status).toBe(202)
      expect(stored()).toEqual(thousand)
    })
  })

  describe('CloudEvents', () => {
    const event = {
      specversion: '1.0' as const,
      id: 'e-1',
      source: '/shop/checkout',
      type: 'order.paid',
      subject: 'Ünï☃ 1',
      time: '2024-01-15T10:00:00+01:00',
      region: 'eu',
      data: { total: 12.5, lines: [1, 2] },
    }
    const activity = {
      id: 'e-1',
      userId: 'Ünï☃ 1',
      action: 'order.paid',
      timestamp: '2024-01-15T10:00:00+01:00',
      metadata: { source: '/shop/checkout', region: 'eu', data: event.data },
    }
    const binary = (headers: Record<string, string>) => ({
      'ce-specversion': '1.0',
      'ce-id': 'e-1',
      'ce-source': '/s',
      'ce-type': 't',
      'ce-subject': 'u',
      ...headers,
    })

    test('become activities in structured mode', async () => {
      const { send, stored } = ingest()
      const response = await send(event, structured)
      expect(response.status).toBe(202)
      expect(Object.fromEntries(response.headers)).toMatchObject({
        location: '/logs/e-1',
        'activity-id': 'e-1',
        'activity-receipt': expect.stringMatching(/^[\w-]{24}$/),
        'content-length': '0',
      })
      expect(response.headers.get('content-type')).toBe(null)
      expect(await response.text()).toBe('')
      expect(stored()).toEqual([activity])
    })

    test('become activities in binary mode, with percent-encoding decoded', async () => {
      const { send, stored } = ingest()
      const headers = binary({
        'ce-source': '/shop/checkout',
        'ce-type': 'order.paid',
        'ce-subject': '%C3%9Cn%C3%AF%E2%98%83%201',
        'ce-time': event.time,
        'ce-region': 'eu',
      })
      const response = await send(event.data, headers)
      expect([response.status, await response.text()]).toEqual([202, ''])
      const datacontenttype = 'application/json'
      expect(stored()).toEqual([{ ...activity, metadata: { ...activity.metadata, datacontenttype } }])
    })

    test('get a result each in a batch', async () => {
      const { send, stored } = ingest()
      const response = await send([event, { ...event, id: 'e-2', type: undefined }], batch)
      expect(response.status).toBe(207)
      const errors = [{ pointer: '/1/type', detail: 'is required in a CloudEvent' }]
      expect((await answerOf(response)).results[1]).toEqual({ index: 1, status: 'invalid', errors })
      expect(stored()).toEqual([activity])
    })

    test('written by the SDK are read in both modes', async () => {
      const { request, stored } = ingest()
      const made = new CloudEvent({
        id: 'sdk',
        source: '/s',
        type: 't',
        subject: 'u',
        time: '2024-01-15T10:00:00Z',
        data: { a: 1 },
      })
      for (const message of [HTTP.binary(made), HTTP.structured(made)]) {
        const response = await request({
          method: 'POST',
          headers: message.headers as Record<string, string>,
          body: message.body as string,
        })
        expect(response.status).toBe(202)
      }
      for (const each of stored()) {
        expect(each).toMatchObject({ id: 'sdk', userId: 'u', action: 't', metadata: { source: '/s', data: { a: 1 } } })
      }
    })

    test('of our own type carry the activity as their data', async () => {
      const { send, stored } = ingest()
      const data = { userId: 'u', action: 'a', timestamp: '2024-01-15T10:00:00Z' }
      await send(
        { specversion: '1.0', id: 'own', source: '/s', type: 'dev.activity-log.activity.recorded.v1', data },
        structured,
      )
      expect(stored()).toEqual([{ ...data, id: 'own' }])
    })

    test('keep data that is not JSON: text as text, bytes as base64', async () => {
      const { send, stored } = ingest()
      await send('hello', binary({ 'content-type': 'text/plain' }))
      await send(new Uint8Array([0, 255]), binary({ 'content-type': 'application/octet-stream' }))
      expect(stored().map(({ metadata }) => metadata)).toEqual([
        { source: '/s', datacontenttype: 'text/plain', data: 'hello' },
        { source: '/s', datacontenttype: 'application/octet-stream', data_base64: 'AP8=' },
      ])
    })

    test.each<[string, unknown, Record<string, string>, string[]]>([
      ['of another version', { ...event, specversion: '0.3' }, structured, ['/specversion']],
      ['without their required attributes', {}, structured, ['/specversion', '/id', '/source', '/type']],
      ['with a broken time', { ...event, time: 'yesterday' }, structured, ['/time']],
      ['with a lossy number in their data', '{"n":1e400}', binary({}), ['/n']],
      ['with raw bytes in a header', event.data, binary({ 'ce-subject': 'Ü' }), ['ce-subject']],
      ['with both kinds of data', { ...event, data_base64: 'AA==' }, structured, ['/data_base64']],
      ['with an invalid attribute name', { ...event, 'my-ext': 1 }, structured, ['/my-ext']],
      [
        'of our own type without an activity',
        { ...event, type: 'dev.activity-log.activity.recorded.v1' },
        structured,
        ['/data/userId', '/data/action', '/data/total', '/data/lines'],
      ],
    ])('%s are rejected, and the answer names the place', async (_what, body, headers, expected) => {
      const { send, published } = ingest()
      const response = await send(body, headers)
      expect(response.status).toBe(400)
      expect((await pointers(response)).toSorted()).toEqual(expected.toSorted())
      expect(published).toEqual([])
    })
  })

  describe('when the broker does not acknowledge', () => {
    test('an activity gets a 503 with Retry-After and its id, so that it can be sent again', async () => {
      const { send } = ingest({ broker: { publish: () => Promise.reject(new Error('secret driver text')) } })
      const response = await send(anActivity({ id: undefined }))
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
      const { detail } = await answerOf(response)
      expect(detail).toContain('made-1')
      expect(detail).not.toContain('secret')
    })

    test('no client waits longer than the deadline', async () => {
      const { send } = ingest({ broker: { publish: () => new Promise(() => {}) }, deadlineMs: 10 })
      expect((await send(anActivity())).status).toBe(503)
      const many = await send([anActivity(), anActivity()])
      expect([many.status, many.headers.get('retry-after')]).toEqual([503, '1'])
      expect((await answerOf(many)).results[0]).toEqual({ index: 0, status: 'unavailable', id: 'id-1' })
    })

    test('valid activities beside invalid ones are reported as unavailable', async () => {
      const { send } = ingest({ broker: { publish: () => Promise.reject(new Error('no')) } })
      const response = await send([anActivity(), {}])
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
      expect((await answerOf(response)).results.map(({ status }) => status)).toEqual(['unavailable', 'invalid'])
    })

    test.each<[string, unknown[], number]>([
      ['a 503 if all have ids of their own', [anActivity({ id: 'a' }), anActivity({ id: 'b' }), {}], 503],
      ['a 207 if one has none', [anActivity({ id: 'a' }), anActivity({ id: undefined }), {}], 207],
    ])('some accepted and some unavailable are %s', async (_what, items, status) => {
      let calls = 0
      const broker = {
        publish: async (records: readonly unknown[]) => {
          if (++calls > 1) throw new Error('no')
          return records.map((_record, offset) => ({ partition: 0, offset }))
        },
      }
      // the first item fills a group of its own
      const filling = anActivity({ id: 'first', metadata: { x: 'x'.repeat(32_000) } })
      const many = [...Array.from({ length: 20 }, (_, n) => ({ ...filling, id: `f-${n}` })), ...items]
      const { send } = ingest({ broker })
      const response = await send(many)
      expect([response.status, response.headers.get('retry-after')]).toEqual([status, '1'])
      const { results } = await answerOf(response)
      expect(new Set(results.map((result) => result.status))).toEqual(new Set(['accepted', 'unavailable', 'invalid']))
      expect(results).toHaveLength(many.length)
    })

    test('the number of waiting activities is bounded, and the rest get a 503', async () => {
      const { send } = ingest({ broker: { publish: () => new Promise(() => {}) }, deadlineMs: 300 })
      const big = Array.from({ length: 100 }, (_, n) => anActivity({ id: `${n}`, metadata: { x: 'x'.repeat(32_000) } }))
      const responses = await Promise.all(Array.from({ length: 14 }, () => send(big)))
      expect(responses.map(({ status }) => status)).toEqual(Array(14).fill(503))
    })
  })
})

test('publishes together the requests that arrive while another waits for its acknowledgement', async () => {
  way = await openWay('handed over')
  const groups: number[] = []
  const held = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const { send } = ingest({
    broker: {
      async publish(records) {
        const turn = groups.push(records.length) - 1
        await held[turn]?.promise
        return records.map((_record, offset) => ({ partition: 0, offset }))
      },
    },
  })
  const first = send(anActivity())
  await new Promise(setImmediate)
  await new Promise(setImmediate)
  const others = Array.from({ length: 20 }, () => send(anActivity()))
  await new Promise(setImmediate)
  held[0]?.resolve()
  held[1]?.resolve()
  const responses = await Promise.all([first, ...others])
  expect(responses.every(({ status }) => status === 202)).toBe(true)
  expect(groups).toEqual([1, 20])
})

test('GET /metrics reports the size of each group and how long its first record waited', async () => {
  way = await openWay('handed over')
  const { request, send } = ingest()
  await send([anActivity({ id: 'a' }), anActivity({ id: 'b' })])
  const response = await request({}, '/metrics')
  expect(response.headers.get('content-type')).toContain('version=0.0.4')
  const text = await response.text()
  expect(text).toContain('ingest_group_items_bucket{le="1"} 0\ningest_group_items_bucket{le="2"} 1\n')
  expect(text).toContain('ingest_group_wait_seconds_count 1\n')
})
