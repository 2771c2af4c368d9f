import { bodyLimits } from '@activity-log/ingest/read-posted.ts'
import { incomingOf } from '@activity-log/shared/http/body.ts'
import { Problem, unavailable } from '@activity-log/shared/http/problem.ts'
import { createService, type Service } from '@activity-log/shared/http/service.ts'
import { wrongMethod } from '@activity-log/shared/http/wrong-method.ts'
import type { Log } from '@activity-log/shared/log.ts'
import { proxy } from 'hono/proxy'
import { getPath } from 'hono/utils/url'
import { createTargetFinder, type FunctionName, readTables } from './origin.ts'

/** The functions' origins: http://host:port. */
export type GatewayOptions = { readonly [name in FunctionName]: string } & {
  log: Log
  /** How long it may take until an answer begins; how long it then goes on is not limited. */
  timeoutMs?: number
}

/**
 * One origin in front of the functions where they are processes of their own, with the routes that npm start has. Its
 * `/healthz` is its own: that a function is away is said by the 503s, not by stopping the gateway.
 */
export function createGateway({ log, timeoutMs = 40_000, ...origins }: GatewayOptions): Service {
  const targetOf = createTargetFinder(readTables())
  return createService({
    log,
    routes: {},
    async otherwise(request, bindings) {
      const path = getPath(request)
      // fetch does not send it
      if (request.method === 'TRACE') throw wrongMethod('TRACE', path, ['GET', 'HEAD', 'POST', 'DELETE'])
      const target = origins[targetOf(request.method, path)]
      // whole: fetch loses an answer that comes before it has sent everything
      const body = request.body ? await incomingOf(request).bytes(bodyLimits.manyBytes) : null
      const id = bindings?.outgoing?.getHeader('x-request-id')?.toString()
      return passOn(request, { target, body, id, timeoutMs })
    },
  })
}

type PassOnOptions = { target: string; body: Uint8Array | null; id: string | undefined; timeoutMs: number }

/** Answers are passed on while they arrive. Throws Problem: 503 where none can be had, 504 where none begins in time. */
async function passOn(request: Request, { target, body, id, timeoutMs }: PassOnOptions): Promise<Response> {
  const { url, method, headers, signal } = request
  const { pathname, search } = new URL(url)
  // until the answer begins; from then on a client that goes away cancels the answer's body
  const stop = new AbortController()
  const abort = () => stop.abort()
  signal.addEventListener('abort', abort)
  const timer = setTimeout(abort, timeoutMs)
  try {
    return await proxy(target + pathname + search, {
      raw: new Request(url, { method, headers, body: body as Uint8Array<ArrayBuffer> | null }),
      // an answer that redirects is the client's to follow
      redirect: 'manual',
      signal: stop.signal,
      customFetch: (passed) => {
        // the function's host is its own name; an expectation has been met; the length is that of the body which is sent
        for (const name of ['host', 'expect', 'content-length']) passed.headers.delete(name)
        if (body) passed.headers.set('content-length', String(body.byteLength))
        if (id !== undefined) passed.headers.set('x-request-id', id)
        return fetch(passed)
      },
    })
  } catch (cause) {
    if (signal.aborted) return clientHasGone()
    if (stop.signal.aborted) {
      const headers = { 'retry-after': '1' }
      throw new Problem('timeout', `There was no answer in time. ${sendAgain}`, { cause, headers })
    }
    throw unavailable(`There was no answer. ${sendAgain}`, cause)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}

const sendAgain = 'Sending the same again with the same id is safe.'

/** Nobody reads it. */
const clientHasGone = () => new Response(null, { status: 400 })
