import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'

export type Connection = Disposable & {
  /** A request with a body is a POST. */
  ask(path: string, body?: string): Promise<{ status: number; text: string }>
}

/** One connection that is kept, by Node's client: fetch takes longer for a request than a server for many of them. */
export function openConnection(origin: string): Connection {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  return {
    ask(path, body) {
      const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>()
      const headers = { ...(body !== undefined && { 'content-type': 'application/json' }) }
      request(origin + path, { agent, method: body === undefined ? 'GET' : 'POST', headers }, (response) => {
        text(response).then((answer) => resolve({ status: response.statusCode ?? 0, text: answer }), reject)
      })
        .once('error', reject)
        .end(body)
      return promise
    },
    [Symbol.dispose]: () => agent.destroy(),
  }
}
