import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'

const mebibyte = 1024 * 1024
const json = 'application/json'
const filled = (start: string, item: string, end: string, bytes = 4 * mebibyte) =>
  start + item.repeat(Math.floor((bytes - start.length - end.length) / item.length)) + end

export type Target = { origin: string; port: number; asOf: string; oldAsOf: string }
/** Sends something that somebody could think of, and resolves when all of it is answered, or its time is over. */
export type HostileInput = { what: string; send: (target: Target) => Promise<void> }

const givenUpMs = 20_000

/** The same request many times on one connection. */
async function pipelined({ port }: Target, count: number, path: string, perRequest = '') {
  const socket = connect(port, 'localhost').on('error', () => {})
  let answers = 0
  socket.on('data', (chunk: Buffer) => {
    answers += chunk.toString('latin1').split('HTTP/1.1 ').length - 1
    if (answers >= count) socket.destroy()
  })
  for (let n = 0; n < count; n++) socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${perRequest}\r\n`)
  await ended(socket)
}

async function ended(socket: Socket, ms = givenUpMs) {
  const timer = setTimeout(() => socket.destroy(), ms)
  await once(socket, 'close')
  clearTimeout(timer)
}

async function get({ origin }: Target, path: string, ms = givenUpMs) {
  await fetch(origin + path, { signal: AbortSignal.timeout(ms) })
    .then((response) => response.arrayBuffer())
    .catch(() => {})
}

const post = async (
  { origin }: Target,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
  path = '/logs',
) => {
  const sent = { 'content-type': json, ...headers }
  await fetch(origin + path, { method: 'POST', headers: sent, body: body as string })
    .then((response) => response.text())
    .catch(() => {})
}

/** As many of the item as a batch may have. */
const thousand = (item: string) => `[${Array(1000).fill(item).join()}]`
const members = (count: number) =>
  Array.from({ length: count }, (_, n) => `"k${n.toString(36).padStart(4, '0')}":0`).join()
const ndjson = { 'content-type': 'application/x-ndjson' }
const sixTimes = async (send: () => Promise<void>) => void (await Promise.all(Array.from({ length: 6 }, send)))
const bodies: { [what: string]: string } = {
  'nested arrays': filled('[', '[', ''),
  'an array of empty objects': filled('[', '{},', '{}]'),
  'an array of numbers': filled('[', '1,', '1]'),
  'an array of texts': filled('[', '"",', '""]'),
  'one object with 330,000 names': `{${members(330_000)}}`,
  'one activity with 330,000 names': `{"userId":"u","action":"a","metadata":{${members(330_000)}}}`,
  'a number of 4 MiB': filled('{"userId":', '1', '}'),
  'a text of 4 MiB': filled('{"userId":"', 'x', '"}'),
  'escapes of 4 MiB': filled('{"userId":"', '\\u0041', '"}'),
  '1,000 activities of 4 KB, each wrong': `[${Array(1000)
    .fill(`{"userId":"u","x":"${'x'.repeat(4000)}"}`)
    .join()}]`,
  '1,000 valid activities of 4 KB': thousand(`{"userId":"u","action":"flood","metadata":{"x":"${'x'.repeat(4000)}"}}`),
  '1,000 valid activities of 400 values': thousand(
    `{"userId":"u","action":"flood","metadata":{"x":[${'[1.5,""],'.repeat(130)}0]}}`,
  ),
  'the most levels, that close': `${'['.repeat(2 * mebibyte)}${']'.repeat(2 * mebibyte)}`,
  'lines before a broken item': `[${Array(15)
    .fill(`{"userId":"u","action":"a"}${'\n'.repeat(250_000)}`)
    .join()},{]`,
  'an array that is not UTF-8': filled('["\xff",', '1,', '1]'),
}
const faults = thousand(`{"u":"u","n":[${'1e999,'.repeat(400)}0],"t":[${'"\\u0000",'.repeat(100)}0]}`)
const events = thousand(
  `{"specversion":"1.0","id":"i","source":"s","type":"t","subject":"u","data":[${'[1.5,""],'.repeat(130)}0]}`,
)
const lines = (text: string) => text.slice(1, -1).replaceAll('},{', '}\n{')
const followBegin = 'Last-Event-ID: AQAAAAAA\r\n'
const names = (count: number) => Array.from({ length: count }, (_, n) => `n${n}`).join()
const unknown = (count: number) => Array.from({ length: count }, (_, n) => `a${n}=1`).join('&')

export const hostileInputs: readonly HostileInput[] = [
  { what: '100 lists of the worst rows, pipelined', send: (to) => pipelined(to, 100, '/logs?action=worst') },
  { what: 'a list of 1,000 of the worst rows', send: (to) => get(to, '/logs?limit=1000&action=worst') },
  {
    what: '50 lists of 1,000 of the worst rows at once',
    send: async (to) => void (await Promise.all(Array.from({ length: 50 }, () => get(to, '/logs?limit=1000')))),
  },
  {
    what: '200 lists of the worst rows at once',
    send: async (to) => void (await Promise.all(Array.from({ length: 200 }, () => get(to, '/logs?action=worst')))),
  },
  {
    what: 'a follower from the beginning',
    send: (to) => get(to, `/live?action=worst&asOf=${to.oldAsOf}`, 6_000),
  },
  {
    what: 'a follower from the beginning, whom nothing matches',
    send: (to) => get(to, `/live?userId=nobody&asOf=${to.oldAsOf}`, 6_000),
  },
  { what: 'an export of everything', send: (to) => get(to, '/export?format=csv', 8_000) },
  {
    what: '50 exports that are read half',
    send: async ({ port }) => {
      const sockets = Array.from({ length: 50 }, () => connect(port, 'localhost').on('error', () => {}))
      for (const socket of sockets) {
        socket.write('GET /export?format=ndjson HTTP/1.1\r\nHost: localhost\r\n\r\n')
        socket.once('data', () => socket.pause())
      }
      await Promise.all(sockets.map((socket) => ended(socket, 4_000)))
    },
  },
  {
    what: '5,200 receipts that are waited for, pipelined',
    send: (to) => pipelined(to, 5_200, '/receipts/AQAAAAAAAAP__wAAAaIQMHYH?wait=30'),
  },
  { what: '1,000 followers, pipelined', send: (to) => pipelined(to, 1_000, '/live', followBegin) },
  { what: '50 exact counts, pipelined', send: (to) => pipelined(to, 50, '/logs?count=exact&limit=1') },
  { what: '300 distant pages, pipelined', send: (to) => pipelined(to, 300, '/logs?page=1000000&limit=1&count=none') },
  {
    what: '20 searches by metadata, pipelined',
    send: (to) => pipelined(to, 20, '/logs?action=action.*&metadata.x=1'),
  },
  { what: 'an exact count in a snapshot', send: (to) => get(to, `/logs?count=exact&limit=1&asOf=${to.asOf}`) },
  { what: '200 actions', send: (to) => get(to, `/logs?limit=1&count=none&action=${names(200)}&asOf=${to.asOf}`) },
  { what: 'the same prefix 200 times', send: (to) => get(to, `/logs?action=${Array(200).fill('action.*').join()}`) },
  { what: '3,000 actions', send: (to) => get(to, `/logs?action=${names(3_000)}`) },
  { what: '1,200 unknown parameters of a page', send: (to) => get(to, `/?${unknown(1_200)}`) },
  { what: '1,200 unknown parameters of a list', send: (to) => get(to, `/logs?${unknown(1_200)}`) },
  { what: 'statistics by hour of everything', send: (to) => get(to, '/stats?by=hour&limit=1000') },
  { what: 'statistics by user of everything', send: (to) => get(to, '/stats?by=userId&limit=1000') },
  ...Object.entries(bodies).flatMap(([what, body]): HostileInput[] => [
    {
      what: `six bodies of 4 MiB at once: ${what}`,
      send: async (to) => void (await Promise.all(Array.from({ length: 6 }, () => post(to, body)))),
    },
  ]),
  {
    what: 'six mapped bodies at once, full of faults',
    send: async (to) => sixTimes(() => post(to, faults, {}, '/logs?user=u&action=n.1&members=metadata')),
  },
  {
    what: 'six batches of CloudEvents at once',
    send: async (to) => sixTimes(() => post(to, events, { 'content-type': 'application/cloudevents-batch+json' })),
  },
  {
    what: 'six bodies of lines at once',
    send: async (to) =>
      sixTimes(() => post(to, lines(bodies['1,000 valid activities of 400 values'] ?? ''), ndjson, '/logs/batch')),
  },
  {
    what: 'six mapped bodies of lines at once, full of faults',
    send: async (to) => sixTimes(() => post(to, lines(faults), ndjson, '/logs?user=u&action=n.1&members=metadata')),
  },
  {
    what: '300 bodies of 60 KB at once',
    send: async (to) => {
      const body = `[${Array(15)
        .fill(`{"userId":"u","action":"a","metadata":{"x":"${'x'.repeat(4000)}"}}`)
        .join()}]`
      await Promise.all(Array.from({ length: 300 }, () => post(to, body, {}, '/logs/batch')))
    },
  },
  {
    what: '4,000,000 empty lines of NDJSON',
    send: (to) => post(to, '\n'.repeat(4 * mebibyte), { 'content-type': 'application/x-ndjson' }),
  },
  {
    what: 'lines of NDJSON with one character',
    send: (to) => post(to, '1\n'.repeat(2 * mebibyte), { 'content-type': 'application/x-ndjson' }),
  },
  {
    what: '40 long content types, pipelined',
    send: (to) => pipelined(to, 40, '/logs', `Content-Type: application/json${' '.repeat(15_000)}x\r\n`),
  },
  {
    what: 'gzip that becomes 1 GiB',
    send: (to) => post(to, gzipSync(Buffer.alloc(256 * mebibyte)), { 'content-encoding': 'gzip' }),
  },
  {
    what: '300 pages of the contract at once',
    send: async (to) => {
      const pages = ['/docs', '/openapi.json']
      await Promise.all(Array.from({ length: 300 }, (_, n) => get(to, pages[n % 2] as string)))
    },
  },
  {
    what: '100 pages of the viewer with the worst rows',
    send: async (to) =>
      void (await Promise.all(Array.from({ length: 100 }, () => get(to, '/?action=worst&limit=100')))),
  },
  {
    what: '20 pages of the viewer with rows of 300 members, and a long address',
    send: async (to) => {
      const metadata = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`k${n}`, n]))
      await post(to, JSON.stringify(Array(100).fill({ userId: 'u', action: 'wide', metadata })), {}, '/logs/batch')
      await sixTimes(() => get(to, '/?action=wide&limit=100'))
      const users = ['u', ...Array.from({ length: 45 }, (_, n) => `${n}`.padEnd(150, 'x'))]
      const address = `/?limit=100&${users.map((user) => `userId=${user}`).join('&')}`
      await Promise.all(Array.from({ length: 14 }, () => get(to, address)))
    },
  },
  {
    what: '100 exports of the worst rows',
    send: async (to) =>
      void (await Promise.all(
        Array.from({ length: 100 }, (_, n) => get(to, `/export?action=worst&format=${n % 2 ? 'csv' : 'ndjson'}`)),
      )),
  },
  {
    what: '200 followers, and 200 posts of 20 KB',
    send: async (to) => {
      const followers = Array.from({ length: 200 }, () => get(to, '/live', 6_000))
      const body = JSON.stringify({ userId: 'u', action: 'a', metadata: { x: 'x'.repeat(20_000) } })
      await Promise.all(Array.from({ length: 200 }, () => post(to, body)))
      await Promise.all(followers)
    },
  },
  {
    what: '1,000 receipts in one body',
    send: (to) => post(to, JSON.stringify(Array(1_000).fill('AQAAAAAAAAP__wAAAaIQMHYH')), {}, '/receipts'),
  },
]
