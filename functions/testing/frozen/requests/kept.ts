import type { FrozenRequest } from '../frozen-request.ts'
import { activity, ask, json, post } from './build.ts'
import { cloudEvents } from './cloud-events.ts'
import { ingest } from './ingest.ts'
import { names } from './names.ts'
import { operations } from './operations.ts'
import { deliver, persist } from './persist.ts'
import { query } from './query.ts'

/** Records arrive at these offsets. The offsets between them stay missing. */
const beside: readonly (readonly [partition: number, offsets: readonly number[]])[] = [
  [3, [0, 1, 2, 3, 4, 7, 8, 12, 13, 20]],
  [4, [250, 251, 252, 253, 254, 255, 256, 257, 300, 512]],
  [5, Array.from({ length: 257 }, (_, n) => n)],
]

const many = (client: number) =>
  Array.from({ length: 100 }, (_, n) =>
    activity({
      id: `kept-${client}-${n}`,
      userId: names[n % names.length],
      action: `kept.${n % 4}`,
      timestamp: new Date(Date.UTC(2025, client, 1 + (n % 28), n % 24, n % 60)).toISOString(),
      metadata: { n, client, name: names[(n * 7) % names.length] },
    }),
  )

function thrice(): FrozenRequest[] {
  return [1, 2, 3].map((client) => post(`kept ${client}`, many(client)))
}

const isOperation = ({ to }: FrozenRequest) => to === 'persist'
const isDeadLetters = ({ name }: FrozenRequest) => /^query: dead letters, (all|conflicts|undelivered)$/.test(name)

/** Fills a log with activities, duplicates, conflicts, dead letters of every kind and state, and gaps. */
export const written: readonly FrozenRequest[] = [
  ...ingest,
  ...cloudEvents,
  ...persist,
  ...thrice(),
  ...beside.flatMap(([partition, offsets]) =>
    offsets.map((offset) =>
      deliver(`kept ${partition}/${offset}`, { partition, offset, id: `beside-${partition}-${offset}` }),
    ),
  ),
  ...query.filter(isDeadLetters),
  ...operations.filter(isOperation),
]

/** Requests for the real functions, which run with the real clock and accept these at any time. */
export const posted: readonly FrozenRequest[] = [...ingest, ...cloudEvents, ...thrice()].filter(
  ({ method }) => method === 'POST',
)

const list = (name: string, path: string) => ask('query', `kept: ${name}`, path)
const pages = 5

/** Reads everything that such a log lists, page by page and as a whole, and the outcomes of these receipts. */
export const readKept = (receipts: readonly string[]): readonly FrozenRequest[] => [
  list('page 1', '/logs?limit=60&count=exact'),
  ...Array.from({ length: pages }, (_, n) => list(`page ${n + 2}`, `{{query: kept: page ${n + 1}#/next}}`)),
  ...[
    'limit=1000',
    'order=asc&limit=50',
    'userId=Zo%C3%AB',
    'action=kept.*&limit=100',
    'action=a%5C*,%2C',
    'userId=ids&order=asc&limit=50',
  ].map((filter) => list(`list ${filter}`, `/logs?${filter}`)),
  ...[
    'action=kept.1&metadata.client=2',
    'userId=meta&metadata.a=1',
    'from=2025-02-01T00:00:00Z&to=2025-02-10T00:00:00Z&metadata.n=30',
  ].map((filter) => list(`list ${filter}`, `/logs?count=exact&${filter}`)),
  ...['format=ndjson&order=asc', 'format=csv', 'format=ndjson&action=kept.2'].map((how) =>
    list(`export ${how}`, `/export?${how}`),
  ),
  ...[
    'by=action&limit=1000',
    'by=userId&limit=1000',
    'by=month',
    'by=day&timezone=Europe/Berlin&action=kept.*',
    'by=hour&userId=ids',
  ].map((what) => list(`stats ${what}`, `/stats?${what}`)),
  ...['order-981-paid', 'd-0', 'metadata-5', 'kept-2-50', '%'].map((id) =>
    list(`activity ${id}`, `/logs/${encodeURIComponent(id)}`),
  ),
  list('context', '/logs/kept-2-50/context'),
  list('books', '/books'),
  list('dead letters', '/dead-letters?state=all&limit=1000'),
  ...['open', 'replayed', 'discarded'].map((state) =>
    list(`dead letters, ${state}`, `/dead-letters?limit=1000&state=${state}`),
  ),
  ...Array.from({ length: 10 }, (_, n) =>
    list(`dead letter ${n}`, `/dead-letters/{{query: kept: dead letters#/data/${n}/id}}`),
  ),
  ...receipts.map((receipt, n) => list(`receipt ${n}`, `/receipts/${receipt}`)),
]

const type = 'dev.activity-log.activity.recorded.v1'
const headers = {
  ce_specversion: '1.0',
  ce_id: 'stranger',
  ce_source: '/activity-log/default',
  ce_type: type,
  ce_subject: 'dana',
  ce_time: '2024-02-01T10:00:00.000Z',
  ce_tenant: 'default',
  ce_recordedtime: '2026-01-01T00:00:00.000Z',
  'content-type': 'application/json',
}
const value = '{"id":"stranger","userId":"dana","action":"x","timestamp":"2024-02-01T10:00:00Z"}'

/** Records that other producers put onto the topic. Some cannot be saved, and some are not events at all. */
export const strangers: readonly { headers: { [name: string]: string }; value: string | Buffer | null }[] = [
  { headers, value },
  { headers, value: '{"id":' },
  { headers, value: '' },
  { headers, value: null },
  { headers, value: value.replace('"userId":"dana",', '') },
  { headers: { ...headers, ce_type: 'com.example.other' }, value },
  { headers: { ...headers, ce_type: `${type}9` }, value },
  { headers: { ...headers, ce_tenant: 'acme', ce_id: 'of-acme' }, value: value.replace('stranger', 'of-acme') },
  { headers: {}, value: 'no CloudEvent' },
  { headers: { ...headers, ce_specversion: '9.9' }, value },
  { headers: { 'content-type': 'application/octet-stream' }, value: Buffer.from([0, 255, 254]) },
]

type Listed = { id: string; reason: string; errors: readonly { pointer: string }[] }

/** Replays a dead letter of each reason, corrects some of them, and discards another. */
export function operationsOn(letters: readonly Listed[]): FrozenRequest[] {
  const first = (reason: string, pointer?: string) =>
    letters.find(
      (letter) => letter.reason === reason && (pointer === undefined || letter.errors[0]?.pointer === pointer),
    )?.id
  const replay = (id: string | undefined, body?: object) =>
    ask('persist', `replay ${id}`, `/dead-letters/${id}/replay`, {
      method: 'POST',
      ...(body && { headers: json, body }),
    })
  const corrected = { id: 'stranger-2', userId: 'dana', action: 'x', timestamp: '2024-02-01T10:00:00Z' }
  return [
    replay(first('conflict')),
    replay(first('undelivered')),
    replay(first('refused', '/userId'), { ...corrected, id: 'stranger' }),
    replay(first('undelivered'), corrected),
    ask('persist', 'discard', `/dead-letters/${first('refused', 'ce-type')}`, {
      method: 'DELETE',
      headers: json,
      body: { note: 'a test ☃' },
    }),
  ]
}

const given = /"receipt":"([\w-]{24})"/g

/** Returns the first twenty receipts in these answers, and every 25th. */
export function receiptsIn(bodies: readonly string[]): string[] {
  const all = bodies.flatMap((body) => [...body.matchAll(given)].map(([, receipt = '']) => receipt))
  return [...all.slice(0, 20), ...all.filter((_, n) => n % 25 === 0)]
}
