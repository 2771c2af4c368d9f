import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { maxErrorDataBytes, type Send, type SinkAnswer } from '@activity-log/shared/dispatch/delivery.ts'
import type { DeliveryToken } from './delivery-token.ts'

export type Sink = Disposable & { send: Send }

/** The client of KafkaSource opens this many, too. */
const maxConnections = 100

/**
 * POSTs to a URL over persistent connections, with the token of the moment if there is one. The token is no part of the
 * event, so no dead letter keeps it. Disposing of the sink ends the requests in flight.
 */
export function openSink(url: string, token?: DeliveryToken): Sink {
  const { Agent, request } = url.startsWith('https:') ? https : http
  const agent = new Agent({ keepAlive: true, maxSockets: maxConnections })
  const target = new URL(url)

  const send: Send = async ({ headers, body }, signalOf) => {
    const signal = signalOf()
    const bearer = await token?.()
    return new Promise((resolve, reject) => {
      const sent = {
        ...headers,
        'content-length': String(body.byteLength),
        ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
      }
      // throws if a value contains a control character
      const sending = request(target, { method: 'POST', agent, headers: sent, signal })
      sending.on('error', reject)
      sending.on('response', (response) => void readAnswer(response).then(resolve, reject))
      sending.end(body)
    })
  }
  return { send, [Symbol.dispose]: () => agent.destroy() }
}

/** Keeps only as much of the body as a dead letter holds, but reads all of it, so that the connection stays usable. */
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
