import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '../log.ts'
import { problemOf } from './app.ts'
import { type Incoming, incomingFrom } from './body.ts'

/** Answers a request that it is for, and gives back undefined for any other. It never rejects. */
export type Front = (request: IncomingMessage, response: ServerResponse) => Promise<void> | undefined

/** A body is sent as JSON. */
export type Answer = {
  status: 202 | 204 | 207
  headers?: { [name: string]: string }
  body?: object
}

export type FrontOptions = { path: string; take: (incoming: Incoming) => Promise<Answer>; log: Log }

/**
 * POST to one path, from its socket to `take`, without a Request and a Response in between: on the hottest way in they cost about
 * as much as all that is done there. The app has to answer the same, and what is not plain: parameters, other methods, bodies
 * of no declared length.
 */
export function createFront({ path, take, log }: FrontOptions): Front {
  return (request, response) => {
    const isPlain = request.url === path && request.headers['content-length'] !== undefined
    return request.method === 'POST' && isPlain ? answer(request, response) : undefined
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { status, headers, body } = await take(incomingFrom(request))
      if (body) write(response, status, 'application/json', headers, JSON.stringify(body))
      else response.writeHead(status, headers).end()
    } catch (error) {
      const requestId = () => response.getHeader('x-request-id')
      const problem = problemOf(error, { log, requestId, path })
      write(response, problem.status, 'application/problem+json', problem.options.headers, problem.toJson())
    }
  }
}

function write(response: ServerResponse, status: number, type: string, headers: Answer['headers'], body: string) {
  const length = Buffer.byteLength(body)
  response.writeHead(status, { 'content-type': type, 'content-length': length, ...headers })
  response.end(body)
}
