import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { HostileInput, Target } from './hostile-inputs.ts'

const givenUpMs = 20_000
/** Until every connection is accepted. */
const acceptedMs = 1_500

/** Opens connections, then sends on all of them at the same moment. Each is closed after its first answer. */
async function burst({ port }: Target, count: number, textOf: (n: number) => string | Uint8Array, ms = givenUpMs) {
  const sockets = Array.from({ length: count }, () => connect(port, '127.0.0.1').on('error', () => {}))
  await Promise.all(sockets.map((socket) => once(socket, 'connect').catch(() => {})))
  await wait(acceptedMs)
  const timer = setTimeout(() => {
    for (const socket of sockets) socket.destroy()
  }, ms)
  const closed = sockets.map((socket, n) => {
    socket.once('data', () => socket.resume().destroySoon())
    socket.write(textOf(n))
    return socket.closed || new Promise((resolve) => socket.once('close', resolve))
  })
  await Promise.all(closed)
  clearTimeout(timer)
}

const get = (path: string, headers = '') => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`
const page = 'Accept: text/html\r\n'
const gzip = 'Accept-Encoding: gzip\r\n'
function post(path: string, body: string | Uint8Array, headers = '') {
  const bytes = Buffer.from(body as string)
  const head = `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n${headers}`
  return Buffer.concat([Buffer.from(`${head}Content-Length: ${bytes.byteLength}\r\n\r\n`), bytes])
}

const receipt = 'AQAAAAAAAAP__wAAAaIQMHYH'
const long = encodeURIComponent(`/${'ä"<&'.repeat(600)}`)
const users = Array.from({ length: 40 }, (_, n) => `userId=${n}${'y'.repeat(240)}`).join('&')
const mapped = `[${Array(400).fill('{"u":"u","n":"x","a":{"b":[1,2,3,{},{},"x"]},"c":1,"d":2,"e":3}').join()}]`
const thousandReceipts = JSON.stringify(Array(1_000).fill(receipt))
const compressed = gzipSync(
  JSON.stringify(Array(1_000).fill({ userId: 'u', action: 'flood', metadata: { x: 'x'.repeat(4_000) } })),
)

/** What many clients do at the same moment. Nothing of it waits for a turn before it was read from its socket. */
export const hostileBursts: readonly HostileInput[] = [
  { what: '1,500 lists of 1,000 of the worst rows', send: (to) => burst(to, 1_500, () => get('/logs?limit=1000')) },
  { what: '1,500 pages of the worst rows', send: (to) => burst(to, 1_500, () => get('/logs')) },
  { what: '1,500 pages of the worst rows, gzip', send: (to) => burst(to, 1_500, () => get('/logs', gzip)) },
  { what: '4,000 health checks', send: (to) => burst(to, 4_000, () => get('/healthz')) },
  {
    what: '465 replays of dead letters that do not exist',
    send: (to) => burst(to, 465, (n) => post(`/dead-letters/${n.toString(16).padStart(32, '0')}/replay`, '')),
  },
  { what: '200 sign-ins with a long address', send: (to) => burst(to, 200, () => get(`/login?to=${long}`, page)) },
  { what: '100 pages of the viewer', send: (to) => burst(to, 100, () => get('/', page)) },
  {
    what: '200 pages of the viewer that find nothing',
    send: (to) => burst(to, 200, () => get('/?userId=nobody&action=none', page)),
  },
  { what: '500 readings of the ledger', send: (to) => burst(to, 500, () => get('/ledger')) },
  { what: '200 pages of the ledger', send: (to) => burst(to, 200, () => get('/viewer/ledger', page)) },
  { what: '1,000 times metrics', send: (to) => burst(to, 1_000, () => get('/metrics')) },
  { what: '200 statistics by hour', send: (to) => burst(to, 200, () => get('/stats?by=hour&limit=1000')) },
  { what: '200 statistics by user', send: (to) => burst(to, 200, () => get('/stats?by=userId&limit=1000')) },
  { what: '300 times the contract as a page, gzip', send: (to) => burst(to, 300, () => get('/docs', page + gzip)) },
  { what: '300 times the contract, gzip', send: (to) => burst(to, 300, () => get('/openapi.json', gzip)) },
  { what: '500 lists of tenants', send: (to) => burst(to, 500, () => get('/tenants')) },
  {
    what: '1,000 receipts that are waited for',
    send: (to) => burst(to, 1_000, () => get(`/receipts/${receipt}?wait=2`)),
  },
  { what: '100 times 1,000 receipts', send: (to) => burst(to, 100, () => post('/receipts', thousandReceipts)) },
  { what: '2,000 posts', send: (to) => burst(to, 2_000, () => post('/logs', '{"userId":"u","action":"a"}')) },
  { what: '1,000 pages that do not exist', send: (to) => burst(to, 1_000, () => get(`/nothing/${long}`, page)) },
  { what: '1,000 activities by id', send: (to) => burst(to, 1_000, (n) => get(`/logs/query-${n}`)) },
  { what: '1,000 lists of 40 long users', send: (to) => burst(to, 1_000, () => get(`/logs?${users}`)) },
  {
    what: '200 mapped bodies of 28 KB',
    send: (to) => burst(to, 200, () => post('/logs/batch?user=u&action=n&members=metadata', mapped)),
  },
  {
    what: 'six gzip bodies of 4 MiB',
    send: (to) => burst(to, 6, () => post('/logs/batch', compressed, 'Content-Encoding: gzip\r\n')),
  },
  { what: '200 lists of dead letters', send: (to) => burst(to, 200, () => get('/dead-letters?limit=1000')) },
  { what: '500 exports', send: (to) => burst(to, 500, () => get('/export?format=csv'), 5_000) },
  { what: '1,000 followers', send: (to) => burst(to, 1_000, () => get('/live', 'Last-Event-ID: AQAAAAAA\r\n'), 5_000) },
  { what: '4,000 silent connections', send: (to) => burst(to, 4_000, () => 'GET /', 9_000) },
  {
    what: '50 connections with 64 KB of pipelined requests each',
    send: (to) => burst(to, 50, () => get('/logs?limit=1').repeat(1_300), 3_000),
  },
  {
    what: '2,000 clients that leave while they wait',
    send: (to) => burst(to, 2_000, () => get(`/receipts/${receipt}?wait=20`), 3_000),
  },
]
