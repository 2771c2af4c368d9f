import type { IncomingMessage } from 'node:http'
import type { HttpBindings } from '@hono/node-server'
import { type Context, Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Log } from '../log.ts'
import { type Answer, type ByteStream, contentOf, countedBytes, hasLeft } from './answer.ts'
import { answerToProblem, opensLinks } from './answer-to-problem.ts'
import { incomingOf } from './body.ts'
import { breakOff } from './break-off.ts'
import type { BareHandler, BareRequest, OnBehalfOf } from './caller.ts'
import { problemOf } from './failed.ts'
import { Problem } from './problem.ts'
import { type Rooms, turnToAnswer } from './rooms.ts'
import { anyTurn } from './turns.ts'
import { wrongMethod } from './wrong-method.ts'

/**
 * `incoming`, `outgoing` and `rooms` are set when the request came through a socket; the response already has the
 * request id (serve.ts). `onBehalfOf` is set when one route asks another.
 */
export type Bindings = Partial<Pick<HttpBindings, 'incoming' | 'outgoing'>> & {
  rooms?: Rooms
  /** Whose answer it is. */
  owner?: string
  onBehalfOf?: OnBehalfOf
}
export type Otherwise = (request: Request, bindings: Bindings | undefined) => Promise<Response>
type Router = Hono<{ Bindings: Bindings }>

export type RouterOptions = {
  log: Log
  routes: readonly { method: string; path: string; handle: BareHandler }[]
  allowed: ReadonlyMap<string, readonly string[]>
  basePath: string
  /** Whether the path is that of a page for people. */
  isPage(path: string): boolean
  otherwise: Otherwise | undefined
  /** Why a request is rejected before it gets the answer to a path, or a method, that is not in the table. */
  whyRejected(request: BareRequest): Promise<Problem | undefined>
}

/** Answers requests of any kind, from either transport; Hono finds their routes. */
export function createRouter({ log, routes, allowed, basePath, isPage, otherwise, ...options }: RouterOptions): Router {
  const app: Router = new Hono()
  const home = isPage(`${basePath}/`) ? `${basePath}/` : undefined
  const failed = async (c: Context<{ Bindings: Bindings }>, problem: Problem, asksForPage: boolean) => {
    const { pathname, search } = new URL(c.req.url)
    const waysOn = asksForPage ? { home, again: pathname + search } : undefined
    const answer = answerToProblem(problem, c.req.header('accept'), waysOn)
    await turnToAnswer(answer, c.env?.rooms)
    return toResponse(c, answer)
  }
  const requestIdOf = (c: Context<{ Bindings: Bindings }>) =>
    c.env?.onBehalfOf?.requestId ?? c.env?.outgoing?.getHeader('x-request-id')?.toString()

  const requestOf = (c: Context<{ Bindings: Bindings }>, parameters: BareRequest['parameters']): BareRequest => {
    const { raw } = c.req
    return {
      ...incomingOf(raw, c.env?.incoming as IncomingMessage | undefined, c.env?.rooms?.bodies),
      method: raw.method,
      parameters,
      url: raw.url,
      gone: () => raw.signal,
      turn: c.env?.onBehalfOf?.turn ?? c.env?.rooms?.turn ?? anyTurn,
      requestId: requestIdOf(c),
      log,
      onBehalfOf: c.env?.onBehalfOf,
      isOf(owner) {
        if (c.env) c.env.owner = owner
      },
    }
  }
  const notServed = async (c: Context<{ Bindings: Bindings }>, problem: Problem) =>
    failed(c, (await options.whyRejected(requestOf(c, {}))) ?? problem, true)

  for (const { method, path, handle } of routes) {
    app.on(method, path, async (c) => toResponse(c, await handle(requestOf(c, c.req.param()))))
  }
  for (const [path, methods] of allowed) {
    app.all(path, (c) => notServed(c, wrongMethod(c.req.method, c.req.path, methods)))
  }
  if (otherwise) {
    app.all('*', async (c) => {
      const response = await otherwise(c.req.raw, c.env)
      if (!response.body) return response
      return new Response(passedOn(response.body, c.env?.outgoing), response)
    })
  }
  app.notFound((c) => {
    const detail = `${c.req.path} is not a path of this service; GET ${basePath}/logs lists the log.`
    return notServed(c, new Problem('not-found', detail))
  })
  app.onError((error, c) => {
    const problem = problemOf(error, { log, requestId: requestIdOf(c), path: c.req.path })
    return failed(c, problem, opensLinks(c.req.method))
  })
  return app
}

function toResponse(c: Context<{ Bindings: Bindings }>, answer: Answer): Response {
  const { headers, data } = contentOf(answer)
  const status = answer.status as ContentfulStatusCode
  if (data === undefined) return c.body(null, status, headers)
  if (typeof data === 'string' || data instanceof Uint8Array) {
    const instead = takeRoom(data, c.env)
    return instead ? toResponse(c, instead) : c.body(data, status, headers)
  }
  if (data instanceof ReadableStream) return c.body(data, status, headers)
  return c.body(ReadableStream.from(wholeOrBroken(data, c.env?.outgoing)), status, headers)
}

/** Returns what to answer instead if there is no room for an answer that goes through a socket. */
function takeRoom(data: string | Uint8Array, { outgoing, rooms, owner }: Bindings = {}): Answer | undefined {
  if (!outgoing || !rooms || data.length <= countedBytes || hasLeft(outgoing)) return undefined
  const taken = rooms.answers.take(Buffer.byteLength(data), owner)
  if ('instead' in taken) return taken.instead
  outgoing.once('close', taken.release)
  return undefined
}

/** Passes a failure on to the reader once the connection is gone. */
async function* wholeOrBroken(parts: ByteStream, outgoing: Bindings['outgoing']): AsyncGenerator<Uint8Array> {
  try {
    yield* parts
  } catch (cause) {
    await breakOff(outgoing)
    throw new Error('The answer was interrupted', { cause })
  }
}

/** Another service's answer, read chunk by chunk: a client that disconnects cancels it, even while it is silent. */
function passedOn(body: ReadableStream<Uint8Array>, outgoing: Bindings['outgoing']): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read()
        if (done) controller.close()
        else controller.enqueue(value)
      } catch (cause) {
        await breakOff(outgoing)
        throw new Error('The answer was interrupted', { cause })
      }
    },
    cancel: (reason) => reader.cancel(reason),
  })
}
