import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { activityRecorded, toRecord } from '@activity-log/shared/activity-recorded.ts'
import { sinkRequest } from '@activity-log/shared/dispatch/sink-request.ts'

/**
 * Use: node load.ts ORIGIN KIND CONNECTIONS SECONDS [KEY [PAUSE]]. Each connection sends its next request when the last
 * one is answered, or so many milliseconds later. Writes the results as JSON. HTTP is written and read by hand, because a client library takes more CPU time
 * than some of the servers under test.
 */
export type Seen = {
  /** Requests answered 2xx in a second. */
  rate: number
  answered: number
  rejected: number
  /** Includes the requests of the warm-up. */
  sent: number
  p50: number
  p99: number
}

/** The number of activities in a request of lines. */
export const linesAtOnce = 500
const warmUpMs = 1_000

const key = process.argv[6]
const authorization = key === undefined ? '' : `authorization: Bearer ${key}\r\n`
const head = (path: string, type: string, bytes: number, more = '') =>
  `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${type}\r\ncontent-length: ${bytes}\r\n${authorization}${more}\r\n`
const session = () => crypto.randomUUID()

const activity = (n: number) => ({
  userId: `user_${100 + (n % 900)}`,
  action: 'click_button',
  timestamp: new Date().toISOString(),
  metadata: { button: 'buy', page: '/checkout/payment', session: session(), ip: '203.0.113.9' },
})
const lines = (make: (n: number) => object) =>
  Array.from({ length: linesAtOnce }, (_, n) => JSON.stringify(make(n))).join('\n')

const prepared = (count: number, make: (n: number) => string | Buffer) => {
  const requests = Array.from({ length: count }, (_, n) => {
    const request = make(n)
    return typeof request === 'string' ? Buffer.from(request) : request
  })
  return (n: number) => requests[n % count] as Buffer
}
function withBody(path: string, type: string, body: string): string {
  return head(path, type, Buffer.byteLength(body)) + body
}

function withGzip(path: string, type: string, body: string): Buffer {
  const bytes = gzipSync(body)
  return Buffer.concat([Buffer.from(head(path, type, bytes.byteLength, 'content-encoding: gzip\r\n')), bytes])
}

/** The request that KafkaSource makes for a record of ingest; no two have the same id or position. */
function event(n: number): string {
  const receivedAt = new Date()
  const recorded = activityRecorded(activity(n), { tenant: 'default', receivedAt, newId: session })
  const { headers, value } = toRecord(recorded)
  const record = { partition: n % 12, offset: firstOffset + n, headers, value: Buffer.from(value) }
  const request = sinkRequest(record, { namespace: 'bench', name: 'records', topic: 'activities' })
  const lines = Object.entries(request.headers).map(([name, content]) => `${name}: ${content}\r\n`)
  return `POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: ${request.body.length}\r\n${lines.join('')}\r\n${value}`
}
/** The offsets start above those of the processes before this one. */
const firstOffset = Date.now() * 10

/** Items of the same content in the form of another log, and the mapping that they need. */
const item = (n: number) => {
  const { userId, action, timestamp, metadata } = activity(n)
  return { user: { name: userId }, event: action, ts: Date.parse(timestamp), ...metadata }
}
const mapping = '?user=user.name&action=event&time=ts&time-format=epoch-ms&members=metadata'

const kinds = {
  activities: () => prepared(256, (n) => withBody('/logs', 'application/json', JSON.stringify(activity(n)))),
  mapped: () => prepared(256, (n) => withBody(`/logs${mapping}`, 'application/json', JSON.stringify(item(n)))),
  gzip: () => prepared(256, (n) => withGzip('/logs', 'application/json', JSON.stringify(activity(n)))),
  gzipLines: () => prepared(8, () => withGzip('/logs', 'application/x-ndjson', lines(activity))),
  mappedLines: () => prepared(8, () => withBody(`/logs${mapping}`, 'application/x-ndjson', lines(item))),
  lines: () => prepared(8, () => withBody('/logs', 'application/x-ndjson', lines(activity))),
  events: () => event,
  pages: () => prepared(1, () => `GET /logs HTTP/1.1\r\nhost: localhost\r\n${authorization}\r\n`),
} as const
export type Kind = keyof typeof kinds

async function main(words: readonly string[]) {
  const [origin = '', kind = '', connections = '', seconds = '', , pauseMs = '0'] = words
  const { hostname, port } = new URL(origin)
  const make = kinds[kind as Kind]()
  const tookMs: number[] = []
  let sent = 0
  let rejected = 0
  const begin = performance.now() + warmUpMs
  const end = begin + Number(seconds) * 1000

  function follow(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const socket = connect(Number(port), hostname).setNoDelay()
    let sentAt = 0
    let rest: Buffer = Buffer.alloc(0)
    const send = () => {
      sentAt = performance.now()
      socket.write(make(sent++))
    }
    socket.once('connect', send)
    socket.on('data', (chunk) => {
      const answer = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
      if (!isWhole(answer)) {
        rest = answer
        return
      }
      rest = Buffer.alloc(0)
      const now = performance.now()
      if (sentAt >= begin && now < end) {
        if (answer[9] === 0x32) tookMs.push(now - sentAt)
        else rejected++
      }
      if (now >= end) socket.end()
      else if (pauseMs === '0') send()
      else setTimeout(send, Number(pauseMs))
    })
    socket.on('error', () => {
      if (performance.now() < end) rejected++
    })
    socket.once('close', () => resolve(performance.now() < end ? follow() : undefined))
    return promise
  }

  await Promise.all(Array.from({ length: Number(connections) }, follow))
  tookMs.sort((a, b) => a - b)
  const at = (share: number) => tookMs[Math.floor(share * (tookMs.length - 1))] ?? Number.NaN
  const rate = tookMs.length / Number(seconds)
  console.log(
    JSON.stringify({ rate, answered: tookMs.length, rejected, sent, p50: at(0.5), p99: at(0.99) } satisfies Seen),
  )
}

/** Whether an answer is complete; knows only the kinds of answers that these servers give. */
function isWhole(answer: Buffer): boolean {
  const end = answer.indexOf('\r\n\r\n')
  if (end === -1) return false
  const fields = answer.toString('latin1', 0, end).toLowerCase()
  if (fields.includes('transfer-encoding: chunked')) return answer.subarray(end).includes('0\r\n\r\n')
  const length = Number(/content-length: (\d+)/.exec(fields)?.[1] ?? 0)
  return answer.length >= end + 4 + length
}

if (import.meta.main) await main(process.argv.slice(2))
