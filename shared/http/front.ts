import type { IncomingMessage, ServerResponse } from 'node:http'
import { Aborted } from '../aborted.ts'
import type { Log } from '../log.ts'
import { type Answer, type OwnHeaders, writeAnswer } from './answer.ts'
import { opensLinks } from './answer-to-problem.ts'
import { incomingFrom } from './body.ts'
import type { BareHandler } from './caller.ts'
import { acceptsPages, errorPage } from './error-page.ts'
import { problemOf } from './failed.ts'
import { type Rooms, turnToAnswer } from './rooms.ts'
import { pathPattern } from './route.ts'
import { anyTurn } from './turns.ts'

/** Answers a request that it has a route for, adding the server's own headers. Returns undefined for any other. */
export type Front = (
  request: IncomingMessage,
  response: ServerResponse,
  own: OwnHeaders,
  rooms?: Rooms,
) => Promise<void> | undefined

/** One reason for all: without it, each signal makes one, which takes as long as reading a small body. */
const left = new Aborted('The client has left')

export type FrontRoute = { method: string; path: string; handle: BareHandler }
type Parameters = { readonly [name: string]: string }
type Exchange = { request: IncomingMessage; response: ServerResponse; own: OwnHeaders; rooms: Rooms | undefined }

/**
 * Answers requests straight from their sockets, without a Request and a Response in between: those cost about as much
 * as everything a function does itself, and loading them takes as long as the rest of its start. The router gives the
 * same answers. It also handles what is not plain: other methods and paths, bodies without a declared length, and
 * unusual headers.
 */
export function createFront(log: Log, routes: readonly FrontRoute[], home?: string): Front {
  const exact = Map.groupBy(routes, ({ path }) => path)
  const patterns = routes
    .filter(({ path }) => path.includes('/:'))
    .map(({ method, path, handle }) => ({ method, handle, pattern: pathPattern(path) }))

  return (request, response, own, rooms) => {
    if (!isPlain(request)) return undefined
    const { method = '', url = '' } = request
    const search = url.indexOf('?')
    const path = search === -1 ? url : url.slice(0, search)
    const route = exact.get(path)?.find((each) => each.method === method)
    if (route) return answer({ request, response, own, rooms }, path, {}, route.handle)
    if (!plainPath.test(path)) return undefined
    for (const each of patterns) {
      const groups = each.method === method ? each.pattern.exec(path)?.groups : undefined
      if (groups) return answer({ request, response, own, rooms }, path, groups, each.handle)
    }
    return undefined
  }

  async function answer(exchange: Exchange, path: string, parameters: Parameters, handle: BareHandler): Promise<void> {
    const { request, response, own, rooms } = exchange
    const requestId = own['x-request-id']
    let leaving: AbortController | undefined
    const gone = () => {
      if (leaving) return leaving.signal
      const controller = new AbortController()
      leaving = controller
      if (response.closed) controller.abort(left)
      else response.once('close', () => controller.abort(left))
      return controller.signal
    }
    const { method = '', url = '' } = request
    const { header, headers, bytes, use } = incomingFrom(request, rooms?.bodies)
    let owner: string | undefined
    const isOf = (name: string) => {
      owner = name
    }
    let answered: Answer
    try {
      // member by member, since a copy of an object that gets others takes several times as long
      answered = await handle({
        header,
        headers,
        bytes,
        use,
        method,
        url,
        parameters,
        gone,
        turn: rooms?.turn ?? anyTurn,
        requestId,
        log,
        onBehalfOf: undefined,
        isOf,
      })
    } catch (error) {
      const problem = problemOf(error, { log, requestId, path })
      const asksForPage = opensLinks(method) && acceptsPages(request.headers.accept)
      answered = asksForPage ? errorPage(problem, { home, again: url }) : problem.toAnswer()
    }
    const wait = turnToAnswer(answered, rooms)
    if (wait) await wait
    writeAnswer(response, own, answered, rooms && { answers: rooms.answers, owner })
  }
}

/** Whether the headers are safe to read here: Node drops a second Content-Type, and accepts any text as a Host. */
function isPlain({ headers, rawHeaders }: IncomingMessage): boolean {
  if (headers['transfer-encoding'] !== undefined || !plainHost.test(headers.host ?? '')) return false
  return countHeader(rawHeaders, 'content-type') <= 1
}
const plainHost = /^[a-z\d._-]+(?::\d+)?$/

/** A path with nothing to decode, and without segments that a URL parser would drop. */
const plainPath = /^(?:\/[\w~-][\w.~-]*)+$/

/** How often a header was sent. `headers` cannot tell, since Node joins or drops repeated headers in it. */
export function countHeader(rawHeaders: readonly string[], lowerCaseName: string): number {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] as string
    if (name.length === lowerCaseName.length && name.toLowerCase() === lowerCaseName) count++
  }
  return count
}
