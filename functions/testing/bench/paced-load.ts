import { Agent, request } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'

/**
 * Use: node paced-load.ts ORIGIN RATE SECONDS KEY. Posts RATE activities a second, whether or not earlier ones are
 * answered. Writes the results as JSON.
 */
export type Paced = { sent: number; rejected: number; p50: number; p99: number }

const timeoutMs = 30_000
/** The connection is there before the first measured answer. */
const warmUpMs = 1_000

async function main([origin = '', rate = '', seconds = '', key = '']: readonly string[]) {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 })
  const tookMs: number[] = []
  let rejected = 0

  function post(n: number, isMeasured: boolean): Promise<void> {
    const body = JSON.stringify({ userId: `user_${100 + (n % 900)}`, action: 'click_button', metadata: { n } })
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      authorization: `Bearer ${key}`,
    }
    const sentAt = performance.now()
    return new Promise((resolve) => {
      const end = (isAccepted: boolean) => {
        if (isMeasured && isAccepted) tookMs.push(performance.now() - sentAt)
        if (!isAccepted) rejected++
        resolve()
      }
      const options = { method: 'POST', headers, agent, timeout: timeoutMs }
      const posting = request(`${origin}/logs`, options, (response) => {
        response.resume().once('end', () => end(response.statusCode === 202))
      })
      posting.once('timeout', () => posting.destroy(new Error('no answer')))
      posting.once('error', () => end(false))
      posting.end(body)
    })
  }

  const begin = performance.now()
  const underWay: Promise<void>[] = []
  for (let now = begin; now < begin + warmUpMs + Number(seconds) * 1000; now = performance.now()) {
    const due = ((now - begin) / 1000) * Number(rate)
    while (underWay.length < due) underWay.push(post(underWay.length, now > begin + warmUpMs))
    await wait(1)
  }
  await Promise.all(underWay)
  agent.destroy()
  tookMs.sort((a, b) => a - b)
  const at = (share: number) => tookMs[Math.floor(share * (tookMs.length - 1))] ?? Number.NaN
  console.log(JSON.stringify({ sent: underWay.length, rejected, p50: at(0.5), p99: at(0.99) } satisfies Paced))
}

await main(process.argv.slice(2))
