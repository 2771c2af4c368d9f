import type { IncomingMessage } from 'node:http'
import { bodyLimits } from '@activity-log/ingest/posted-items.ts'
import { keyInUrl } from '@activity-log/shared/access/key.ts'
import { incomingOf } from '@activity-log/shared/http/body.ts'
import { createKindFinder } from '@activity-log/shared/http/kind.ts'
import { createTrust, isLoopback, plainAddress } from '@activity-log/shared/http/peer.ts'
import { Problem, unavailable } from '@activity-log/shared/http/problem.ts'
import { pageFinder } from '@activity-log/shared/http/route.ts'
import type { Bindings } from '@activity-log/shared/http/router.ts'
import { isFromNeighbor, isFromOwnPage } from '@activity-log/shared/http/same-origin.ts'
import { createService, type Service } from '@activity-log/shared/http/service.ts'
import { wrongMethod } from '@activity-log/shared/http/wrong-method.ts'
import type { Log } from '@activity-log/shared/log.ts'
import { proxy } from 'hono/proxy'
import { getPath } from 'hono/utils/url'
import { compressed } from './compressed.ts'
import { createTargetFinder, type FunctionName, originEntries, originRoutes, readTables } from './origin.ts'

/** The origin of each function, as http://host:port. */
export type GatewayOptions = { readonly [name in FunctionName]: string } & {
  log: Log
  /** Addresses and ranges of proxies in front of the gateway. */
  trustedProxies?: readonly string[]
  /** How long an answer may take to begin. After that, its duration is not limited. */
  timeoutMs?: number
  /** Where the API is mounted; the functions are mounted there, too. */
  basePath?: string
}

/**
 * Serves functions that are separate processes at one origin, with the same routes as npm start. Its `/healthz` is its
 * own: when a function is down, its routes answer 503 and the gateway keeps running.
 */
export function createGateway({
  log,
  timeoutMs = 40_000,
  basePath = '',
  trustedProxies = [],
  ...origins
}: GatewayOptions): Service {
  const tables = readTables()
  const targetOf = createTargetFinder(tables, basePath)
  const trusts = createTrust(trustedProxies)
  const service = createService({
    log,
    routes: {},
    basePath,
    isPage: pageFinder(originRoutes(tables), basePath),
    async otherwise(request, bindings) {
      const path = getPath(request)
      // fetch cannot send TRACE
      if (request.method === 'TRACE') throw wrongMethod('TRACE', path, ['GET', 'HEAD', 'POST', 'DELETE'])
      const target = origins[targetOf(request.method, path)]
      // the whole body is read first, because fetch loses an answer that arrives before it has sent everything
      const body = await bodyOf(request, bindings)
      const id = bindings?.outgoing?.getHeader('x-request-id')?.toString()
      const answer = await passOn(request, {
        target,
        body,
        id,
        timeoutMs,
        forwardedFor: forwardedFor(request, bindings),
      })
      return compressed(answer, request.headers.get('accept-encoding') ?? undefined)
    },
  })
  return {
    ...service,
    kindOf: createKindFinder(originEntries(tables), basePath),
  }

  /**
   * Adds the address of the client. What the client itself claims is passed on only if it is a trusted proxy or on this
   * machine: the functions trust the addresses of the gateway's network, and the client's may be one of them.
   */
  function forwardedFor({ headers }: Request, bindings: Bindings | undefined): string | undefined {
    const socket = bindings?.incoming?.socket
    if (!socket || !('remoteAddress' in socket)) return headers.get('x-forwarded-for') ?? undefined
    const address = plainAddress(socket.remoteAddress ?? '')
    const claimed = trusts(address) || isLoopback(address) ? headers.get('x-forwarded-for') : null
    return claimed ? `${claimed}, ${address}` : address
  }
}

async function bodyOf(request: Request, bindings: Bindings | undefined): Promise<Uint8Array | null> {
  const { method, headers } = request
  const incoming = bindings?.incoming as IncomingMessage | undefined
  if (!incoming) return request.body ? incomingOf(request).bytes(bodyLimits.manyBytes) : null
  const hasBody = headers.has('transfer-encoding') || headers.has('content-length')
  if (!hasBody || method === 'GET' || method === 'HEAD') return null
  return incomingOf(request, incoming, bindings?.rooms?.bodies).bytes(bodyLimits.manyBytes)
}

type PassOnOptions = {
  target: string
  body: Uint8Array | null
  id: string | undefined
  forwardedFor: string | undefined
  timeoutMs: number
}

/**
 * Passes a request on to a function, and the answer back while it arrives. Throws a Problem: a 503 if the function does
 * not answer, a 504 if no answer begins in time.
 */
async function passOn(
  request: Request,
  { target, body, id, forwardedFor, timeoutMs }: PassOnOptions,
): Promise<Response> {
  const { url, method, headers, signal } = request
  const { pathname, search, hash } = new URL(url)
  // fetch sends no fragment, and the function has to see a key in it
  const leaked = keyInUrl(hash)
  const parameters = leaked ? `?${leaked.text}` : search
  // this stops the request only until the answer begins; later, a client that disconnects cancels the body
  const stop = new AbortController()
  const abort = () => stop.abort()
  signal.addEventListener('abort', abort)
  const timer = setTimeout(abort, timeoutMs)
  try {
    return await proxy(target + pathname + parameters, {
      raw: new Request(url, { method, headers, body: body as Uint8Array<ArrayBuffer> | null }),
      // the client follows redirects itself
      redirect: 'manual',
      signal: stop.signal,
      customFetch: (passed) => {
        // the function has to see that a page has the key
        const isKeyOfPage = /^bearer \s*als_/i.test(passed.headers.get('authorization') ?? '')
        for (const name of ofThisConnection) if (name !== 'origin' || !isKeyOfPage) passed.headers.delete(name)
        if (isFromNeighbor((name) => headers.get(name) ?? undefined)) passed.headers.set('sec-fetch-site', 'same-site')
        for (const [name, value] of ownPage(headers, target)) passed.headers.set(name, value)
        if (body) passed.headers.set('content-length', String(body.byteLength))
        if (forwardedFor !== undefined) passed.headers.set('x-forwarded-for', forwardedFor)
        if (id !== undefined) passed.headers.set('x-request-id', id)
        return fetch(passed)
      },
    })
  } catch (cause) {
    if (signal.aborted) return clientHasGone()
    if (stop.signal.aborted) {
      const headers = { 'retry-after': '1' }
      throw new Problem('timeout', `The function did not answer in time. ${sendAgain}`, { cause, headers })
    }
    throw unavailable(`The function did not answer. ${sendAgain}`, cause)
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}

/** What says that a page of this origin sends the request, in terms of the host that the function has. */
function ownPage(headers: Headers, target: string): [string, string][] {
  if (!isFromOwnPage((name) => headers.get(name) ?? undefined)) return []
  const origin = headers.get('origin')
  const { protocol } = URL.parse(origin ?? '') ?? {}
  const inItsTerms = protocol && `${protocol}//${new URL(target).host}`
  // where a browser sends Origin alone, it shows whether that browser keeps a session
  const shown = headers.has('sec-fetch-site') ? inItsTerms : origin
  return [['sec-fetch-site', 'same-origin'], ...(shown ? ([['origin', shown]] as [string, string][]) : [])]
}

/**
 * Headers that are not passed on. The gateway has compared Origin with Host, which a function cannot do, since it has
 * another host. It has also met the expectation and inflated gzip, and sets a new length.
 */
const ofThisConnection = ['host', 'origin', 'sec-fetch-site', 'expect', 'content-encoding', 'content-length']

const sendAgain = 'Send the request again; with the same id that is safe.'

/** An answer that no client reads. */
const clientHasGone = () => new Response(null, { status: 400 })
