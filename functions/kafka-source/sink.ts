import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { maxErrorDataBytes, type Send, type SinkAnswer } from '@activity-log/shared/dispatch/delivery.ts'

export type Sink = Disposable & { send: Send }

/** As many as KafkaSource's own client opens. */
const maxConnections = 100

/** POSTs to a URL over connections that stay open. Closing it ends the requests under way. */
export function openSink(url: string): Sink {
  const { Agent, request } = url.startsWith('https:') ? https : http
  const agent = new Agent({ keepAlive: true, maxSockets: maxConnections })
  const target = new URL(url)

  const send: Send = ({ headers, body }, signal) =>
    new Promise((resolve, reject) => {
      const sent = { ...headers, 'content-length': String(body.byteLength) }
      // throws where a value holds a control character
      const sending = request(target, { method: 'POST', agent, headers: sent, signal })
      sending.on('error', reject)
      sending.on('response', (response) => void readAnswer(response).then(resolve, reject))
      sending.end(body)
    })
  return { send, [Symbol.dispose]: () => agent.destroy() }
}

/** Only as much of the body is kept as goes into a dead letter; the rest is read all the same, or the connection is lost. */
async function readAnswer(response: IncomingMessage): Promise<SinkAnswer> {
  const kept: Buffer[] = []
  let bytes = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (bytes < maxErrorDataBytes) kept.push(chunk)
    bytes += chunk.byteLength
  }
  const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)])
  return { status: response.statusCode ?? 0, headers: Object.fromEntries(headers), body: Buffer.concat(kept) }
}
