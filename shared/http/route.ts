import type { Log } from '../log.ts'
import type { Answer } from './answer.ts'
import type { Incoming } from './body.ts'

export const scopes = ['write', 'read', 'operate', 'deliver', 'public'] as const
/** Which right a route takes; `deliver` is for dispatchers, and `public` takes none. */
export type Scope = (typeof scopes)[number]

/** Who asks. */
export type Caller = {
  tenant: string
  scopes: ReadonlySet<Scope>
  /** Who it is, where that is known. */
  subject: string | undefined
}

export type ServiceRequest = Incoming & {
  method: string
  /** By their names in the path of the route. */
  parameters: { readonly [name: string]: string }
  /** Path and query; an origin may stand before them. */
  url: string
  /** Aborts when the client goes away. */
  gone(): AbortSignal
  /** Undefined for what did not come through a socket. */
  requestId: string | undefined
  caller: Caller
  /** Its lines carry the id of the request and the tenant. */
  log: Log
  /** Asks another route of the service, for the same caller; without a signal, until the client goes away. */
  ask(path: string, signal?: AbortSignal): Promise<Response>
}

export type Handler = (request: ServiceRequest) => Promise<Answer>
export type Route = {
  scope: Scope
  handle: Handler
  /** From then on the answer is a 503. What streams has none. */
  timeoutMs?: number
  /** Answers with a stream. */
  streams?: true
}
export type Method = 'GET' | 'POST' | 'DELETE'
/** `:name` stands for one part of a path. GET answers HEAD as well. */
export type Routes = { readonly [route: `${Method} /${string}`]: Route }

/** Concerns each route: wrapped around its handler once, whatever the request comes through. */
export type Around = (handle: Handler, route: Route) => Handler

export type Entry = { method: string; path: string; route: Route }

/** The rows of a table. Throws where a route does not say who may use it. */
export function entriesOf(routes: Routes): readonly Entry[] {
  return Object.entries(routes).map(([name, route]) => {
    if (!scopes.includes(route.scope)) throw new Error(`${name} names no scope; there are ${scopes.join(', ')}`)
    const [method = '', path = ''] = name.split(' ')
    return { method, path, route }
  })
}

/** The methods of each path, as `Allow` lists them. */
export function methodsByPath(entries: readonly Entry[]): ReadonlyMap<string, readonly string[]> {
  const methods = new Map<string, string[]>()
  for (const { method, path } of entries) {
    methods.set(path, [...(methods.get(path) ?? []), ...(method === 'GET' ? ['GET', 'HEAD'] : [method])])
  }
  return methods
}

/** Matches a path as a whole; its groups are the parameters. */
export const pathPattern = (path: string) => new RegExp(`^${path.replaceAll(/:(\w+)/g, '(?<$1>[^/]+)')}$`)
