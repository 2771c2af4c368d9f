import type { Headers } from '../cloud-event.ts'
import type { Log } from '../log.ts'
import { contentOf } from './answer.ts'
import { incomingFromBytes } from './body.ts'
import { problemOf } from './failed.ts'
import type { FrontRoute } from './front.ts'
import { anyTurn } from './turns.ts'

/** Header names are in lower case. */
export type Call = (
  method: string,
  path: string,
  sent: { headers: Headers; body: Uint8Array },
) => Promise<{ status: number; body: Uint8Array }>

/**
 * Calls a route within the process, without a Request and a Response in between: those take longer than the work of
 * persist. The path has to be that of a route, without parameters.
 */
export function createCall(log: Log, routes: readonly FrontRoute[]): Call {
  return async (method, path, { headers, body }) => {
    const route = routes.find((each) => each.method === method && each.path === path)
    if (!route) throw new Error(`${method} ${path} is not a route`)
    const incoming = incomingFromBytes(headers, body)
    const answer = await route
      .handle({
        header: incoming.header,
        headers: incoming.headers,
        bytes: incoming.bytes,
        use: incoming.use,
        method,
        url: path,
        parameters: {},
        gone: () => never,
        turn: anyTurn,
        requestId: undefined,
        log,
        onBehalfOf: undefined,
      })
      .catch((error) => problemOf(error, { log, requestId: undefined, path }).toAnswer())
    const { data = '' } = contentOf(answer)
    if (typeof data !== 'string' && !(data instanceof Uint8Array)) throw new Error(`${method} ${path} is a stream`)
    return { status: answer.status, body: typeof data === 'string' ? Buffer.from(data) : data }
  }
}

const never = new AbortController().signal
