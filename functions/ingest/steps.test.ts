import { setImmediate as nextTurn } from 'node:timers/promises'
import { incomingFromBytes } from '@activity-log/shared/http/body.ts'
import { anybody } from '@activity-log/shared/http/caller.ts'
import type { ServiceRequest } from '@activity-log/shared/http/route.ts'
import { post, receivedAt, silent } from '@activity-log/shared/testing/builders.ts'
import { expect, test } from 'vitest'
import { anIngest } from './an-ingest.testsuite.ts'

const types = {
  json: 'application/json',
  lines: 'application/x-ndjson',
  events: 'application/cloudevents-batch+json',
}
const many = (item: string, count = 1_000) => Array(count).fill(item)
const activity = '{"userId":"ada","action":"login"}'
const event = '{"specversion":"1.0","id":"i","source":"s","type":"t","subject":"ada"}'

/** ingest, with a clock that goes on by itself, and a way to handle a request in as many turns as it has parts. */
function anIngestInTurns() {
  let now = receivedAt.getTime()
  const { app, published } = anIngest({ now: () => new Date(now++) })
  const gone = new AbortController()
  async function inTurns(
    contentType: string,
    text: string | Buffer,
    onTurn = (_turns: number, _work?: string) => {},
    url = '/logs',
  ) {
    let turns = 0
    const request = {
      ...incomingFromBytes({ 'content-type': contentType }, Buffer.from(text)),
      ...{ method: 'POST', url, parameters: {}, requestId: undefined, basePath: '', log: silent },
      caller: anybody,
      spend: () => {},
      gone: () => gone.signal,
      turn: async (work?: string) => {
        onTurn(++turns, work)
        await nextTurn()
      },
    } satisfies Omit<ServiceRequest, 'ask' | 'whyNoLonger'>
    const answer = await app.routes['POST /logs']?.handle(request as never)
    return { answer, turns }
  }
  return { app, published, inTurns, gone }
}

const long = JSON.stringify({ userId: 'ada', action: 'login', metadata: { text: 'x'.repeat(4_096) } })
test.each<[pauses: number, what: string, contentType: string, body: string | Buffer, url?: string]>([
  [999, 'an array', types.json, `[${many(activity)}]`],
  [999, 'an array that is mapped', types.json, `[${many('{"u":1e400}')}]`, '/logs?user=u&action=u'],
  [999, 'an array that is not UTF-8', types.json, Buffer.from(`[${many(activity, 999)},"\xff"]`, 'latin1')],
  // they are read, and then recorded
  [2 * 62, '1,000 lines', types.lines, many(activity).join('\n')],
  [62, '1,000 broken lines', types.lines, many('{"userId":').join('\n')],
  [2 * 300, '300 lines of 4 KiB', types.lines, many(long, 300).join('\n')],
  [999, 'CloudEvents', types.events, `[${many(event)}]`],
])('there are at least %i pauses in %s', async (pauses, _what, contentType, body, url) => {
  const { inTurns } = anIngestInTurns()
  let turns = 0
  await inTurns(contentType, body, () => turns++, url).catch(() => {})
  expect(turns).toBeGreaterThanOrEqual(pauses)
})

const mebibyte = 1024 * 1024
test.each<[what: string, contentType: string, body: string]>([
  ['blanks', types.json, `[${' '.repeat(mebibyte)}]`],
  ['a long text', types.json, `["${'\\"'.repeat(mebibyte / 2)}"]`],
  ['many levels', types.json, '['.repeat(mebibyte / 2) + ']'.repeat(mebibyte / 2)],
  ['blank lines', types.lines, '\n'.repeat(mebibyte)],
])('there may be a pause every 64 KiB while the items are looked for: %s', async (_what, contentType, body) => {
  const { inTurns } = anIngestInTurns()
  let turns = 0
  await inTurns(contentType, body, () => turns++).catch(() => {})
  expect(turns).toBeGreaterThanOrEqual(16)
})

test('a batch that pauses is published as a whole, in its order, and others go on in between', async () => {
  const { app, published, inTurns } = anIngestInTurns()
  const items = Array.from({ length: 20 }, (_, n) => ({ id: `b-${n}`, userId: 'u', action: 'a' }))
  let others = 0
  const { answer } = await inTurns(types.json, JSON.stringify(items), () => {
    others++
    void app.request('/logs', post({ id: `o-${others}`, userId: 'u', action: 'a' }))
  })
  expect(answer?.status).toBe(202)
  const records = published.map(({ headers, value }) => ({ headers, id: JSON.parse(value).id as string }))
  const ofBatch = records.filter(({ id }) => id.startsWith('b-'))
  expect(ofBatch.map(({ id }) => id)).toEqual(items.map(({ id }) => id))
  expect(records.findIndex(({ id }) => id.startsWith('o-'))).toBeLessThan(records.indexOf(ofBatch[0] as never))
  // those of a request arrive together, whatever arrives while it pauses
  const arrivals = ofBatch.map(({ headers }) => [headers['ce_recordedtime'], Number(headers['ce_sequence'])] as const)
  expect(new Set(arrivals.map(([time]) => time)).size).toBe(1)
  expect(arrivals.map(([, sequence]) => sequence - (arrivals[0]?.[1] ?? 0))).toEqual([...items.keys()])
  const all = records.map(({ headers }) => `${headers['ce_recordedtime']} ${headers['ce_sequence']}`)
  expect(new Set(all).size).toBe(records.length)
})

test('nothing is published if the last item is broken', async () => {
  const { published, inTurns } = anIngestInTurns()
  await expect(inTurns(types.json, `[${many(activity, 50)},{]`)).rejects.toThrow('is not valid JSON')
  await expect(inTurns(types.json, `[${many(activity, 50)},{"a" 1}]`)).rejects.toThrow('is not valid JSON at line 1')
  expect(published).toEqual([])
})

test('a client that goes away ends the work, and nothing is published', async () => {
  const { published, inTurns, gone } = anIngestInTurns()
  let last = 0
  const left = inTurns(types.json, `[${many(activity)}]`, (turns) => {
    last = turns
    if (turns === 100) gone.abort()
  })
  await expect(left).rejects.toThrow('The connection was closed')
  expect(last).toBe(100)
  expect(published).toEqual([])
})

test.each([
  { what: 'a large body, which others wait for,', count: 1_000, work: 'awaited' },
  { what: 'a smaller one', count: 500, work: undefined },
])('$what asks for turns as work that is $work', async ({ count, work }) => {
  const { inTurns } = anIngestInTurns()
  const body = JSON.stringify(Array(count).fill({ userId: 'ada', action: 'login', metadata: { page: 'x'.repeat(30) } }))
  const seen = new Set<string | undefined>()
  await inTurns(types.json, body, (_turns, each) => void seen.add(each))
  expect([...seen]).toEqual([work])
})
