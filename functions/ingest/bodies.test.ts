import { gzipSync } from 'node:zlib'
import { anActivity, answerOf } from '@activity-log/shared/testing/builders.ts'
import { describe, expect, test } from 'vitest'
import { anIngest } from './an-ingest.testsuite.ts'

const mark = '\ufeff'
const line = (id: string) => JSON.stringify(anActivity({ id }))
const lines = { 'content-type': 'application/x-ndjson' }
const ids = (stored: readonly { id: string }[]) => stored.map(({ id }) => id)

test.each([
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl; charset=utf-8',
])('%s is lines', async (type) => {
  const { send, stored } = anIngest()
  expect((await send(`${line('a')}\r\n${line('b')}`, { 'content-type': type })).status).toBe(202)
  expect(ids(stored())).toEqual(['a', 'b'])
})

describe('gzip', () => {
  const event = { specversion: '1.0', id: 'e', source: '/s', type: 't', subject: 'u' }
  const binary = { 'ce-specversion': '1.0', 'ce-id': 'e', 'ce-source': '/s', 'ce-type': 't', 'ce-subject': 'u' }
  test.each<[string, string, Record<string, string>]>([
    ['an activity', line('e'), {}],
    ['an array', `[${line('e')}]`, {}],
    ['lines', line('e'), lines],
    ['a CloudEvent', JSON.stringify(event), { 'content-type': 'application/cloudevents+json' }],
    ['CloudEvents', JSON.stringify([event]), { 'content-type': 'application/cloudevents-batch+json' }],
    ['the data of a CloudEvent', '{"a":1}', binary],
  ])('%s', async (_what, body, headers) => {
    const { send, stored } = anIngest()
    expect((await send(gzipSync(body), { ...headers, 'content-encoding': 'gzip' })).status).toBe(202)
    expect(ids(stored())).toEqual(['e'])
  })

  test('a bomb gets a 413, a truncated body a 400, and nothing is stored', async () => {
    const { send, stored } = anIngest()
    const gzip = { 'content-encoding': 'gzip' }
    expect((await send(gzipSync(Buffer.alloc(50_000_000, 0x20)), gzip)).status).toBe(413)
    expect((await send(gzipSync(line('a')).subarray(0, -3), gzip)).status).toBe(400)
    expect(stored()).toEqual([])
  })
})

describe('a byte order mark is skipped', () => {
  test('at the start, before any line, and between joined files', async () => {
    const { send, stored } = anIngest()
    const file = `${mark}${line('a')}\n${mark}${line('b')}\n`
    expect((await send(`${file}${mark}\n${file.replaceAll('"a"', '"c"')}`, lines)).status).toBe(202)
    expect(ids(stored())).toEqual(['a', 'b', 'c', 'b'])
  })

  test('in each member of gzip', async () => {
    const { send, stored } = anIngest()
    const body = Buffer.concat([gzipSync(`${mark}${line('a')}\n`), gzipSync(`${mark}${line('b')}\n`)])
    expect((await send(body, { ...lines, 'content-encoding': 'gzip' })).status).toBe(202)
    expect(ids(stored())).toEqual(['a', 'b'])
  })

  test('but kept inside of text, as are U+2028 and U+2029', async () => {
    const { send, stored } = anIngest()
    const text = `a${mark}b\u2028c\u2029d`
    await send(`{"userId":"u","action":"a","metadata":{"text":"${text}"}}\n`, lines)
    expect(stored()[0].metadata).toEqual({ text })
  })
})

describe('text that is not UTF-8 is rejected, and nothing is replaced', () => {
  const latin1 = Buffer.from('{"id":"v1","userId":"caf\xe9","action":"x"}', 'latin1')
  test('line by line', async () => {
    const { send, stored } = anIngest()
    const body = Buffer.concat([Buffer.from(`${mark}${line('a')}\n`), latin1, Buffer.from(`\n${mark}${line('b')}`)])
    const response = await send(body, lines)
    const { results } = await answerOf(response)
    expect([response.status, results[1]?.errors]).toEqual([
      207,
      [{ pointer: '/1', detail: 'is not valid UTF-8 (line 2)' }],
    ])
    expect(ids(stored())).toEqual(['a', 'b'])
  })

  test.each([
    ['application/json', line('a')],
    ['application/cloudevents-batch+json', '{"specversion":"1.0","id":"a","source":"/s","type":"t"}'],
  ])('by item of %s', async (type, item) => {
    const { send, stored } = anIngest()
    const body = Buffer.concat([Buffer.from('['), latin1, Buffer.from(`,\n${item}]`)])
    const response = await send(body, { 'content-type': type })
    const { results } = await answerOf(response)
    expect([response.status, results[0]?.errors]).toEqual([207, [{ pointer: '/0', detail: 'is not valid UTF-8' }]])
    expect(ids(stored())).toEqual(['a'])
  })

  test('and as a whole if it is one activity', async () => {
    const { send, stored } = anIngest()
    expect((await send(latin1)).status).toBe(400)
    expect(stored()).toEqual([])
  })
})

describe('values', () => {
  test.each([
    ['0.10000000000000001', '0.1'],
    ['37.331705999999997', '37.331706'],
  ])('%s is taken everywhere, and comes back as %s', async (sent, back) => {
    const activity = `{"id":"a","userId":"u","action":"a","metadata":{"data":${sent}}}`
    const event = `{"specversion":"1.0","id":"a","source":"/s","type":"a","subject":"u","data":${sent}}`
    for (const [type, body] of [
      ['application/json', activity],
      ['application/json', `[${activity}]`],
      ['application/x-ndjson', activity],
      ['application/cloudevents+json', event],
      ['application/cloudevents-batch+json', `[${event}]`],
    ] as const) {
      const { send, published } = anIngest()
      expect((await send(body, { 'content-type': type })).status).toBe(202)
      expect(published[0]?.value).toContain(`"data":${back}}`)
    }
  })

  test.each(['9007199254740993', '1e400'])('%s is rejected with the advice to send text', async (number) => {
    const response = await anIngest().send(`{"userId":"u","action":"a","metadata":{"n":${number}}}`)
    expect([response.status, (await answerOf(response)).errors]).toEqual([
      400,
      [{ pointer: '/metadata/n', detail: expect.stringContaining('send it as a string') }],
    ])
  })

  test('null is an absent member, but only where a member may be absent', async () => {
    const { send, stored } = anIngest()
    expect((await send('{"id":null,"userId":"u","action":"a","timestamp":null,"metadata":null}')).status).toBe(202)
    expect(stored()).toEqual([{ id: 'made-1', userId: 'u', action: 'a', timestamp: '2026-01-01T00:00:00Z' }])
    const response = await send('{"userId":null,"action":"a"}')
    expect((await answerOf(response)).errors.map(({ pointer }) => pointer)).toEqual(['/userId'])
  })

  test('the error of a rejected time lists the accepted forms', async () => {
    const response = await anIngest().send({ userId: 'u', action: 'a', timestamp: 1_705_312_800 })
    expect((await answerOf(response)).errors[0]?.detail).toMatch(/RFC 3339.*epoch-s, epoch-ms.*loose/)
  })
})

describe('POST /logs/batch', () => {
  const path = '/logs/batch'
  test.each([
    ['an array', `[${line('a')}]`, undefined],
    ['lines', line('a'), lines],
    [
      'CloudEvents',
      '[{"specversion":"1.0","id":"a","source":"/s","type":"t"}]',
      { 'content-type': 'application/cloudevents-batch+json' },
    ],
  ])('takes %s and answers results', async (_what, body, headers) => {
    const response = await anIngest().send(body, headers, path)
    expect([response.status, (await answerOf(response)).results]).toEqual([
      202,
      [{ index: 0, status: 'accepted', id: 'a', receipt: expect.any(String) }],
    ])
  })

  test.each<[string, string, Record<string, string> | undefined]>([
    ['an activity', line('a'), undefined],
    ['a CloudEvent', '{}', { 'content-type': 'application/cloudevents+json' }],
    ['a binary CloudEvent', '{}', { 'ce-specversion': '1.0', 'ce-id': 'a', 'ce-source': '/s', 'ce-type': 't' }],
  ])('sends %s to POST /logs', async (_what, body, headers) => {
    const { send, stored } = anIngest()
    const response = await send(body, headers, path)
    expect([response.status, (await answerOf(response)).detail]).toEqual([400, expect.stringContaining('POST /logs')])
    expect(stored()).toEqual([])
  })

  test('answers with results even if all are invalid', async () => {
    const response = await anIngest().send('[{}]', undefined, path)
    expect([response.status, (await answerOf(response)).results[0]?.status]).toEqual([400, 'invalid'])
  })
})
