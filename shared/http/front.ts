import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '../log.ts'
import { health, problemOf } from './app.ts'
import { type Incoming, incomingFrom } from './body.ts'

/**
 * Answers a request that it is for, with the server's own headers among its own, and gives back undefined for any other. Node
 * writes headers that come all at once several times faster than those that are set before.
 */
export type Front = (request: IncomingMessage, response: ServerResponse, own: OwnHeaders) => Promise<void> | undefined
export type OwnHeaders = { readonly [name: string]: string }

export type Asked = Incoming & {
  /** Path and query. */
  url: string
  /** Aborts when the client goes away. */
  gone(): AbortSignal
}
export type Answer<Status extends number = number> = {
  status: Status
  headers?: { readonly [name: string]: string }
  body?: object
}
export type Take = (asked: Asked) => Promise<Answer>

/**
 * Requests straight from their sockets, without a Request and a Response in between: those cost about as much as all that a
 * function does itself, and to load them takes as long as the rest of its start. Routes are named as in "POST /logs". The
 * app answers the same, and what is not plain: other routes, bodies of no declared length, and unusual headers that it
 * judges. `/healthz` is always there: Knative asks for it before it lets the first request in.
 */
export function createFront(log: Log, routes: { readonly [route: string]: Take }): Front {
  const takes = new Map(Object.entries({ 'GET /healthz': isHealthy, ...routes }))
  return (request, response, own) => {
    const { method, url = '' } = request
    const path = url.replace(/\?.*$/s, '')
    const take = isPlain(request) ? takes.get(`${method} ${path}`) : undefined
    return take && answer({ request, response, own, path }, take)
  }

  async function answer({ request, response, own, path }: Exchange, take: Take): Promise<void> {
    const gone = () => {
      const leaving = new AbortController()
      response.once('close', () => leaving.abort())
      return leaving.signal
    }
    try {
      const { status, headers, body } = await take({ ...incomingFrom(request), url: request.url ?? '', gone })
      if (body) write(response, status, own, headers, 'application/json', JSON.stringify(body))
      else response.writeHead(status, { ...own, ...headers }).end()
    } catch (error) {
      const problem = problemOf(error, { log, requestId: () => own['x-request-id'], path })
      write(response, problem.status, own, problem.options.headers, 'application/problem+json', problem.toJson())
    }
  }
}

/** Of headers that come twice Node keeps the first one, and of a Host it takes anything. */
function isPlain({ headers, rawHeaders }: IncomingMessage): boolean {
  if (headers['transfer-encoding'] !== undefined || !plainHost.test(headers.host ?? '')) return false
  return countHeader(rawHeaders, 'content-type') <= 1
}

/** How often a header was sent: `headers` has joined them, or left some out. */
export function countHeader(rawHeaders: readonly string[], lowerCaseName: string): number {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string
    if (name.length === lowerCaseName.length && name.toLowerCase() === lowerCaseName) count++
  }
  return count
}
const plainHost = /^[a-z\d._-]+(?::\d+)?$/

type Exchange = { request: IncomingMessage; response: ServerResponse; own: OwnHeaders; path: string }

const isHealthy = async () => ({ status: 200, body: health })

function write(
  response: ServerResponse,
  status: number,
  own: OwnHeaders,
  headers: OwnHeaders | undefined,
  type: string,
  body: string,
) {
  const bytes = Buffer.byteLength(body)
  response.writeHead(status, { ...own, ...headers, 'content-type': type, 'content-length': bytes })
  // ASCII goes out without being looked at once more
  response.end(body, bytes === body.length ? 'latin1' : 'utf8')
}
