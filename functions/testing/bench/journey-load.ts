import { Agent, request } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'

/**
 * Use: node journey-load.ts INGEST QUERY RATE SECONDS. Posts RATE activities a second, whether or not earlier ones are
 * answered, and looks for some of them until they are found. Writes the results as JSON.
 */
export type Journey = {
  sent: number
  accepted: number
  rejected: number
  /** Milliseconds from the POST until the activity is found, for the activities that are looked for. */
  p50: number
  p99: number
  /** Activities that were accepted and looked for, but never found. */
  lost: number
}

const [ingest = '', query = '', rate = '', seconds = ''] = process.argv.slice(2)
const tickMs = 10
const probesPerSecond = 2
/** Slower answers count as failures. */
const timeoutMs = 30_000
/** How long to look for activities after the last POST. */
const lookupTimeoutMs = 120_000

const agent = new Agent({ keepAlive: true, maxSockets: 512 })
const tookMs: number[] = []
let sent = 0
let accepted = 0
let lost = 0

function post(userId: string): Promise<boolean> {
  const metadata = { button: 'buy', page: '/checkout/payment', session: crypto.randomUUID(), ip: '203.0.113.9' }
  const body = JSON.stringify({ userId, action: 'click_button', timestamp: new Date().toISOString(), metadata })
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  sent++
  return new Promise((resolve) => {
    const posting = request(`${ingest}/logs`, { method: 'POST', headers, agent, timeout: timeoutMs }, (response) => {
      response.resume()
      const isAccepted = response.statusCode === 202
      if (isAccepted) accepted++
      resolve(isAccepted)
    })
    posting.once('timeout', () => posting.destroy())
    posting.once('error', () => resolve(false))
    posting.end(body)
  })
}

const isFound = (userId: string) =>
  new Promise<boolean>((resolve) => {
    const asking = request(`${query}/logs?userId=${userId}&limit=1`, { agent, timeout: timeoutMs }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk
      })
      response.once('end', () => resolve(text.includes('click_button')))
    })
    asking.once('timeout', () => asking.destroy())
    asking.once('error', () => resolve(false))
    asking.end()
  })

/** Accepted activities that are not found yet, with the time of their POST. */
const sought = new Map<string, number>()
let isOver = false

async function sendProbe(userId: string) {
  const sentAt = performance.now()
  if (await post(userId)) sought.set(userId, sentAt)
}

/**
 * Sends one query at a time, and pauses half of the time: searching keeps a store as busy as writing, and this measures
 * only how soon an activity is found.
 */
async function seek() {
  while (!isOver || sought.size > 0) {
    for (const [userId, sentAt] of sought) {
      const askedAt = performance.now()
      const found = await isFound(userId)
      const now = performance.now()
      if (found) tookMs.push(now - sentAt)
      else if (now > end + lookupTimeoutMs) lost++
      if (found || now > end + lookupTimeoutMs) sought.delete(userId)
      await wait(Math.max(tickMs, now - askedAt))
    }
    if (sought.size === 0) await wait(tickMs)
  }
}

const begin = performance.now()
const end = begin + Number(seconds) * 1000
const seeking = seek()
const underWay: Promise<unknown>[] = []
let probes = 0
for (let now = begin; now < end; now = performance.now()) {
  const due = ((now - begin) / 1000) * Number(rate)
  while (sent < due) {
    const isProbe = probes < ((now - begin) / 1000) * probesPerSecond
    underWay.push(isProbe ? sendProbe(`probe-${probes++}`) : post(`user_${100 + (sent % 900)}`))
  }
  await wait(tickMs)
}
await Promise.all(underWay)
isOver = true
await seeking
tookMs.sort((a, b) => a - b)
const at = (share: number) => tookMs[Math.floor(share * (tookMs.length - 1))] ?? Number.NaN
const journey: Journey = { sent, accepted, rejected: sent - accepted, p50: at(0.5), p99: at(0.99), lost }
console.log(JSON.stringify(journey))
process.exit(0)
