import type { Log } from '../log.ts'
import type { Incoming } from './body.ts'
import type { Caller } from './caller.ts'

const scopes = ['write', 'read', 'operate', 'deliver', 'public'] as const
/** Which right a route takes; `deliver` is for dispatchers, and `public` takes none. */
export type Scope = (typeof scopes)[number]

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

/** An object is answered as JSON. Text and bytes come with a content type of their own; so does a stream. */
export type Answer<Status extends number = number> = {
  status: Status
  headers?: { readonly [name: string]: string }
  body?: object | string | Uint8Array<ArrayBuffer> | ByteStream
}
/** Where an iterable fails, the connection is reset: nobody takes what has arrived for all of it. */
export type ByteStream = ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>

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
