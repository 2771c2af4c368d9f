import type { Log } from '../log.ts'
import type { Tenant } from '../tenant.ts'
import type { Answer } from './answer.ts'
import type { Incoming } from './body.ts'
import type { Problem } from './problem.ts'
import type { SlotKind } from './slots.ts'
import type { Turn } from './turns.ts'

export const scopes = ['write', 'read', 'operate', 'erase', 'tokens', 'deliver', 'audit', 'public'] as const
/**
 * The right that a route requires; `deliver` is for dispatchers, `audit` for what the functions record about the use of
 * the log, and `public` requires none.
 */
export type Scope = (typeof scopes)[number]

/** The sender of a request; made once, by the authenticator. */
export type Caller = {
  tenant: Tenant
  /** Whether the caller looks after the whole log, and not only after what belongs to one tenant. */
  isOperator: boolean
  /** Whether the request names the tenant, as operators have to; links of the answer then name it, too. */
  isNamed: boolean
  /** The tenant of what belongs to nobody, if the caller sees it beside what is their own. */
  system: Tenant | undefined
  scopes: ReadonlySet<Scope>
  /** The name of the caller, if known. */
  subject: string | undefined
  keyId: string | undefined
  limits: CallerLimits | undefined
}

/** The maximum rates in activities or requests per second. */
export type CallerLimits = { key: number | undefined; tenant: number | undefined }

export type ServiceRequest = Incoming & {
  method: string
  /** Keyed by the names in the path of the route. */
  parameters: { readonly [name: string]: string }
  /** Path and query, perhaps with an origin in front. */
  url: string
  /** Aborts when the client goes away. */
  gone(): AbortSignal
  turn: Turn
  /** Undefined for a request that did not come through a socket. */
  requestId: string | undefined
  caller: Caller
  /** Precedes the path in every link of an answer: the path that the service is mounted at, or an empty text. */
  basePath: string
  /** Adds the request id and the tenant to each line. */
  log: Log
  /** For answers that take long: why the sender may no longer have it, if so. */
  whyNoLonger(): Problem | undefined
  /** Counts more than this one request against the limits of its caller, such as the other activities of a batch. */
  spend(units: number): void
  /** Asks another route of the service for the same caller. Without a signal, it aborts when the client goes away. */
  ask(path: string, signal?: AbortSignal): Promise<Response>
}

export type Handler = (request: ServiceRequest) => Promise<Answer>
export type Route = {
  scope: Scope
  /** Another scope that is enough. */
  orScope?: Scope
  /** Concerns all tenants, so only operators may use it, and it takes no tenant. */
  ofAllTenants?: true
  handle: Handler
  /** After this time the answer is a 503. Routes that stream have no timeout. */
  timeoutMs?: number
  /** Answers with a stream. */
  streams?: true
  /** The slots that its requests use; by default those of short reads or of writes. */
  kind?: SlotKind | ((url: string) => SlotKind)
  /** Answers with a page for people, which other sites may link to. */
  page?: true
}
export type Method = 'GET' | 'POST' | 'DELETE'
/** `:name` matches one segment of a path. A GET route also answers HEAD. */
export type Routes = { readonly [route: `${Method} /${string}`]: Route }

/** Wraps the handler of each route once, for both transports. */
export type Around = (handle: Handler, route: Route) => Handler

export type Entry = { method: string; path: string; route: Route }

/** The rows of a table. Throws if a route does not say who may use it. */
export function entriesOf(routes: Routes): readonly Entry[] {
  return Object.entries(routes).map(([name, route]) => {
    if (!scopes.includes(route.scope)) throw new Error(`${name} has no valid scope; choose one of ${scopes.join(', ')}`)
    const [method = '', path = ''] = name.split(' ')
    return { method, path, route }
  })
}

/** The methods of each path, as `Allow` lists them. A path such as /logs/batch also has those of /logs/:id. */
export function methodsByPath(entries: readonly Entry[]): ReadonlyMap<string, readonly string[]> {
  const methods = new Map<string, Set<string>>()
  for (const { path } of entries) methods.set(path, new Set())
  for (const [path, ofPath] of methods) {
    for (const entry of entries) {
      if (entry.path !== path && (path.includes(':') || !pathPattern(entry.path).test(path))) continue
      for (const method of entry.method === 'GET' ? ['GET', 'HEAD'] : [entry.method]) ofPath.add(method)
    }
  }
  return new Map([...methods].map(([path, ofPath]) => [path, [...ofPath]]))
}

/** Matches a whole path; its named groups are the parameters. */
export const pathPattern = (path: string) =>
  new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/:(\w+)/g, '(?<$1>[^/]+)')}$`)

/** Returns a function that tells whether a path is that of a page for people. */
export function pageFinder(routes: Routes, basePath = ''): (path: string) => boolean {
  const patterns = entriesOf(routes).flatMap(({ path, route }) => (route.page ? [pathPattern(path)] : []))
  return (path) => {
    const own = path.startsWith(basePath) ? path.slice(basePath.length) || '/' : ''
    return patterns.some((pattern) => pattern.test(own))
  }
}
