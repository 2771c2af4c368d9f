import type { IncomingMessage, ServerResponse } from 'node:http'
import { problemOf } from '@activity-log/shared/http/app.ts'
import { type Incoming, incomingFrom } from '@activity-log/shared/http/body.ts'
import type { Log } from '@activity-log/shared/log.ts'
import type { Answer } from './app.ts'

/** Answers a request that it is for, and gives back undefined for any other. */
export type Front = (request: IncomingMessage, response: ServerResponse) => Promise<void> | undefined

/**
 * POST /logs from its socket to `take`, without a Request and a Response in between: they cost about as much as all that ingest
 * does itself. The app answers the same, and what is not plain: parameters, other methods, bodies of no declared length.
 */
export function createFront(take: (incoming: Incoming) => Promise<Answer>, log: Log): Front {
  return (request, response) => {
    const isPlain = request.url === '/logs' && request.headers['content-length'] !== undefined
    return request.method === 'POST' && isPlain ? answer(request, response) : undefined
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const { status, headers, body } = await take(incomingFrom(request))
      write(response, status, 'application/json', headers, JSON.stringify(body))
    } catch (error) {
      const requestId = () => response.getHeader('x-request-id')
      const problem = problemOf(error, { log, requestId, path: '/logs' })
      write(response, problem.status, 'application/problem+json', problem.options.headers, problem.toJson())
    }
  }
}

function write(response: ServerResponse, status: number, type: string, headers: Answer['headers'] = {}, body: string) {
  const length = Buffer.byteLength(body)
  response.writeHead(status, { 'content-type': type, 'content-length': length, ...headers })
  response.end(body)
}
