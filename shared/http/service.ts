import type { Log } from '../log.ts'
import { createLimitedLog } from '../rate-limited-log.ts'
import { type Call, createCall } from './call.ts'
import { type AskRoute, type Authenticate, type BareRequest, withCaller } from './caller.ts'
import { withDeadline } from './deadline.ts'
import { withErrorPage } from './error-page.ts'
import { createFront, type Front } from './front.ts'
import { withGzip } from './gzip.ts'
import { createKindFinder, type KindOf } from './kind.ts'
import { Problem } from './problem.ts'
import { type Around, type Entry, entriesOf, methodsByPath, pageFinder, type Route, type Routes } from './route.ts'
import { type Bindings, createRouter, type Otherwise } from './router.ts'

export type ServiceOptions = {
  /** Gets at most one line a minute of each fact that clients cause. */
  log: Log
  routes: Routes
  /** Wrappers of every route; the first one is the outermost. */
  around?: readonly Around[]
  /** By default, everybody may do everything. */
  authenticate?: Authenticate | undefined
  /** Writes the metrics in Prometheus' text format. */
  metrics?: () => string
  /** Where the API is mounted. `/healthz`, `/metrics` and deliveries stay at the root, since no proxy asks for them. */
  basePath?: string
  /** Answers paths that are not in the table, instead of a 404. */
  otherwise?: Otherwise
  /** Whether the path is that of a page for people; by default the table decides. */
  isPage?: (path: string) => boolean
}

export type Service = {
  fetch(request: Request, bindings?: Bindings): Promise<Response>
  /** For tests and calls within the process; `path` is the path and query of the URL. */
  request(path: string, init?: RequestInit): Promise<Response>
  call: Call
  /** Answers plain requests straight from their sockets, just as `fetch` would. */
  front: Front
  kindOf: KindOf
  /** Includes the routes that every service has. */
  routes: Routes
  /** Whether the path is that of a page for people. */
  isPage(path: string): boolean
}

/**
 * Answers requests by a table of routes, over sockets and within the process alike. Errors become answers in one place,
 * which also handles HEAD, 404, and 405 with `Allow`. `/healthz` asks no other system, so that an outage elsewhere does
 * not block a cold start: Knative probes it before it admits the first request.
 */
export function createService({
  log: whole,
  routes: own,
  around = [],
  authenticate,
  metrics,
  basePath = '',
  otherwise,
  ...options
}: ServiceOptions): Service {
  const log = createLimitedLog(whole)
  const routes: Routes = {
    'GET /healthz': health,
    ...(metrics && { 'GET /metrics': metricsRoute(metrics) }),
    ...own,
  }
  const isPage = options.isPage ?? pageFinder(routes, basePath)
  const entries = mounted(entriesOf(routes), basePath)
  const askRoute: AskRoute = async (path, signal, onBehalfOf) =>
    router.request(basePath + path, { signal }, { onBehalfOf })
  const wrapped = entries.map(({ method, path, route }) => {
    const inside = [withGzip, withErrorPage, ...around, withDeadline].reduceRight(
      (handle, wrap) => wrap(handle, route),
      route.handle,
    )
    return {
      method,
      path,
      streams: route.streams,
      handle: withCaller(inside, route, { authenticate, askRoute, basePath }),
    }
  })
  /** A key in the URL has leaked, whatever the path. */
  const whyRejected = async (request: BareRequest) => {
    const found = await authenticate?.(request, nowhere)
    return found instanceof Problem ? found : undefined
  }
  const allowed = methodsByPath(entries)
  const router = createRouter({ log, routes: wrapped, allowed, basePath, isPage, otherwise, whyRejected })
  return {
    fetch: async (request, bindings) => router.fetch(request, bindings),
    request: async (path, init) => router.request(path, init),
    call: createCall(log, wrapped),
    front: createFront(
      log,
      wrapped.filter(({ streams }) => !streams),
      isPage(`${basePath}/`) ? `${basePath}/` : undefined,
    ),
    kindOf: createKindFinder(entries, basePath),
    routes,
    isPage,
  }
}

function mounted(entries: readonly Entry[], basePath: string): readonly Entry[] {
  if (basePath === '') return entries
  const placed = entries.flatMap((entry) => {
    const { path, route } = entry
    if (path === '/healthz') return [entry, { ...entry, path: basePath + path }]
    return path === '/metrics' || internal.has(route.scope) ? [entry] : [{ ...entry, path: basePath + path }]
  })
  const hasRoot = placed.some(({ method, path }) => method === 'GET' && path === `${basePath}/`)
  return hasRoot ? [...placed, { method: 'GET', path: basePath, route: withSlash } as const] : placed
}

const internal: ReadonlySet<string> = new Set(['deliver', 'audit'])

/** Relative links would lead elsewhere from the path without the slash. */
const withSlash: Route = {
  scope: 'public',
  handle: async ({ url, basePath }) => {
    const search = /\?.*$/s.exec(url)?.[0] ?? ''
    return { status: 308, headers: { location: `${basePath}/${search}` } }
  },
}

/** A path, or a method of one, that is not in the table. */
const nowhere: Route = { scope: 'public', handle: async () => ({ status: 404 }) }

const health: Route = { scope: 'public', handle: async () => ({ status: 200, body: { status: 'ok' } }) }

const metricsRoute = (metrics: () => string): Route => ({
  scope: 'operate',
  ofAllTenants: true,
  handle: async () => ({
    status: 200,
    headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
    body: metrics(),
  }),
})
