import { get } from 'node:http'

/**
 * Many clients that follow the log at the same time. When told to end, this reports how many activities they saw, and
 * how long after the POST.
 */
const [origin = '', count = '1'] = process.argv.slice(2)
const tookMs: number[] = []

await Promise.all(Array.from({ length: Number(count) }, follow))
console.log('following')

process.once('SIGTERM', () => {
  tookMs.sort((a, b) => a - b)
  const at = (share: number) => tookMs[Math.floor(share * (tookMs.length - 1))]
  console.log(`seen ${tookMs.length} p50 ${at(0.5)} p99 ${at(0.99)}`)
  process.exit(0)
})

/** Resolves once the stream has begun; reconnects by itself, as a browser does. */
function follow(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  let lastId = ''
  const connect = () => {
    const headers = lastId ? { 'last-event-id': lastId } : {}
    get(`${origin}/live`, { headers, agent: false }, (response) => {
      let rest = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        resolve()
        const lines = (rest + chunk).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) {
          if (line.startsWith('id: ')) lastId = line.slice(4)
          const sentAt = /"sentAt":(\d+)/.exec(line)?.[1]
          if (sentAt !== undefined) tookMs.push(Date.now() - Number(sentAt))
        }
      })
      response.once('close', () => setTimeout(connect, 100))
    }).once('error', () => setTimeout(connect, 100))
  }
  connect()
  return promise
}
