import type { Log } from '../log.ts'
import { type AskRoute, withCaller } from './caller.ts'
import { withDeadline } from './deadline.ts'
import { createFront, type Front } from './front.ts'
import { createKindFinder, type KindOf } from './kind.ts'
import { type Around, entriesOf, methodsByPath, type Route, type Routes } from './route.ts'
import { type Bindings, createRouter, type Otherwise } from './router.ts'

export type ServiceOptions = {
  log: Log
  routes: Routes
  /** Wrappers of every route; the first one is the outermost. */
  around?: readonly Around[]
  /** In Prometheus' text format. */
  metrics?: () => string
  /** Answers paths that are not in the table, instead of a 404. */
  otherwise?: Otherwise
}

export type Service = {
  fetch(request: Request, bindings?: Bindings): Promise<Response>
  /** For tests and calls within the process; `path` is the path and query of the URL. */
  request(path: string, init?: RequestInit): Promise<Response>
  /** Answers plain requests straight from their sockets, just as `fetch` would. */
  front: Front
  kindOf: KindOf
  /** Includes the routes that every service has. */
  routes: Routes
}

/**
 * Answers requests by a table of routes, over sockets and within the process alike. Errors become answers in one place,
 * which also handles HEAD, 404, and 405 with `Allow`. `/healthz` asks no other system, so that an outage elsewhere does
 * not block a cold start: Knative probes it before it admits the first request.
 */
export function createService({ log, routes: own, around = [], metrics, otherwise }: ServiceOptions): Service {
  const routes: Routes = {
    'GET /healthz': health,
    ...(metrics && { 'GET /metrics': metricsRoute(metrics) }),
    ...own,
  }
  const entries = entriesOf(routes)
  const askRoute: AskRoute = async (path, signal, onBehalfOf) => router.request(path, { signal }, { onBehalfOf })
  const wrapped = entries.map(({ method, path, route }) => {
    const inside = [...around, withDeadline].reduceRight((handle, wrap) => wrap(handle, route), route.handle)
    return { method, path, streams: route.streams, handle: withCaller(inside, askRoute) }
  })
  const router = createRouter({ log, routes: wrapped, allowed: methodsByPath(entries), otherwise })
  return {
    fetch: async (request, bindings) => router.fetch(request, bindings),
    request: async (path, init) => router.request(path, init),
    front: createFront(
      log,
      wrapped.filter(({ streams }) => !streams),
    ),
    kindOf: createKindFinder(entries),
    routes,
  }
}

const health: Route = { scope: 'public', handle: async () => ({ status: 200, body: { status: 'ok' } }) }

const metricsRoute = (metrics: () => string): Route => ({
  scope: 'public',
  handle: async () => ({
    status: 200,
    headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
    body: metrics(),
  }),
})
