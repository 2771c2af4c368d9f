import { defaultTenant } from '../activity-recorded.ts'
import { childLog } from '../log.ts'
import { asTenant, systemTenant } from '../tenant.ts'
import type { Answer } from './answer.ts'
import { acceptsPages, withErrorPage } from './error-page.ts'
import { judgedLate } from './late-body.ts'
import { withoutTenant } from './named-tenant.ts'
import { createWhyNoLonger } from './no-longer.ts'
import { Problem } from './problem.ts'
import { type Caller, type Handler, type Route, type ServiceRequest, scopes } from './route.ts'
import { isSafeMethod } from './same-origin.ts'
import { awaitedOwner, type TurnOf } from './turns.ts'

/** Without access control there is one tenant, and everybody may do everything. */
export const anybody: Caller = {
  tenant: asTenant(defaultTenant),
  isOperator: true,
  isNamed: false,
  // no operator would see it otherwise
  system: asTenant(systemTenant),
  scopes: new Set(scopes),
  subject: undefined,
  keyId: undefined,
  limits: undefined,
}

/** A request before its caller is added. `onBehalfOf` is set when one route asks another. */
export type BareRequest = Omit<ServiceRequest, 'caller' | 'basePath' | 'whyNoLonger' | 'spend' | 'ask' | 'turn'> & {
  turn: TurnOf
  onBehalfOf: OnBehalfOf | undefined
  /** Tells whose answer it will be: owners share the room for answers. */
  isOf?(owner: string): void
}
export type OnBehalfOf = { caller: Caller; requestId: string | undefined; turn: TurnOf }

/** Asks a route of the same service, without a socket. */
export type AskRoute = (path: string, signal: AbortSignal, onBehalfOf: OnBehalfOf) => Promise<Response>

export type BareHandler = (request: BareRequest) => Promise<Answer>

/** Finds out who sends a request, or returns the problem that answers it. It must not read the body. */
export type Authenticate = (request: BareRequest, route: Route) => Caller | Problem | Promise<Caller | Problem>

type CallerOptions = {
  /** Without it, the caller is anybody. */
  authenticate: Authenticate | undefined
  askRoute: AskRoute
  basePath: string
}

/** Adds the caller to each request, if they may use the route, and what else a handler needs. */
export function withCaller(
  handle: Handler,
  route: Route,
  { authenticate, askRoute, basePath }: CallerOptions,
): BareHandler {
  const isLong = mayTakeLong(route)
  return (request) => {
    const { onBehalfOf } = request
    if (onBehalfOf) return letIn(request, onBehalfOf.caller)
    if (!authenticate) return handle(requestOf(request, anybody))
    const found = authenticate(request, route)
    return found instanceof Promise ? found.then((made) => letIn(request, made)) : letIn(request, found)
  }

  function letIn(request: BareRequest, found: Caller | Problem): Promise<Answer> {
    const problem = found instanceof Problem ? found : whyNot(found, route)
    if (!problem) return handle(requestOf(request, found as Caller))
    const { page } = problem.options
    if (page && route.page && acceptsPages(request.header('accept'))) return Promise.resolve(ledTo(page, request))
    // a person who is not let in gets a page, like one whose page fails
    return withErrorPage(() => Promise.reject(problem), route)(requestOf(request, visitor))
  }

  /** A person is led to the page that helps, and from there back to the page they asked for. */
  function ledTo(page: string, { url }: BareRequest): Answer {
    const to = new URLSearchParams({ to: pathIn(url) })
    return { status: 303, headers: { location: `${basePath}${page}?${to}`, vary: 'cookie' } }
  }

  /** Whom nobody asked for a key may stay. */
  function whyNoLonger(request: BareRequest, caller: Caller): () => Problem | undefined {
    if (!authenticate || !isLong || request.onBehalfOf) return noReason
    return createWhyNoLonger(caller, () => authenticate(request, route))
  }

  /**
   * The body of a request by somebody who was asked for a key: what they send has to be theirs still. No tenant takes
   * the room of others for bodies, and those who have shown no key take none of it.
   */
  function bodyOf(request: BareRequest, caller: Caller): Pick<BareRequest, 'bytes' | 'use'> | undefined {
    if (!authenticate || isSafeMethod(request.method) || route.scope === 'deliver') return
    const owner = ownerOf(caller)
    if (route.scope === 'public') return judgedLate(request, owner, noReason)
    return judgedLate(request, owner, () => createWhyNoLonger(caller, () => authenticate(request, route))())
  }

  function requestOf(request: BareRequest, caller: Caller): ServiceRequest {
    const { requestId, turn } = request
    const owner = ownerOf(caller)
    if (authenticate) request.isOf?.(owner)
    const { bytes, use } = bodyOf(request, caller) ?? request
    // member by member, as in front.ts
    return {
      header: request.header,
      headers: request.headers,
      bytes,
      use,
      method: request.method,
      url: caller.isNamed ? withoutTenant(request.url) : request.url,
      parameters: request.parameters,
      gone: request.gone,
      turn: (work) => turn(work === 'awaited' ? awaitedOwner : owner, work === 'one of many'),
      requestId,
      caller,
      basePath,
      log: childLog(request.log, { requestId, tenant: caller.tenant }),
      whyNoLonger: whyNoLonger(request, caller),
      spend: spendNothing,
      ask: (path: string, signal = request.gone()) =>
        askRoute(path, signal, { caller: counted(caller), requestId, turn }),
    }
  }
}

/** Streams, routes with slots of their own, such as those that wait for a record, and acts, which wait for theirs. */
const mayTakeLong = ({ streams, kind, scope }: Route): boolean =>
  streams === true || kind !== undefined || scope === 'operate'

/** The path and query of a URL, which begins with one slash. */
const pathIn = (url: string): string => url.replace(/^https?:\/\/[^/?#]*/i, '').replace(/#.*$/s, '')

/** All operators together are one owner, so a tenant does not keep them from looking after it. */
export const ownerOf = ({ tenant, isOperator }: Pick<Caller, 'tenant' | 'isOperator'>): string =>
  isOperator ? systemTenant : tenant

const spendNothing = () => {}
const noReason = () => undefined

/** A request that asks for another one counts once. */
const counted = (caller: Caller): Caller => (caller.limits ? { ...caller, limits: undefined } : caller)

/** Somebody who has shown no key. No tenant has this name. */
export const visitor: Caller = {
  ...anybody,
  tenant: asTenant(''),
  isOperator: false,
  system: undefined,
  scopes: new Set(['public']),
}

/** The problem if the caller may not use the route. */
export function whyNot({ scopes, isOperator }: Caller, { scope, orScope, ofAllTenants }: Route): Problem | undefined {
  if (scope === 'public') return undefined
  if (!scopes.has(scope) && !(orScope && scopes.has(orScope))) return insufficientScope(scope)
  return ofAllTenants && !isOperator ? notAnOperator(scope) : undefined
}

const insufficientScope = (scope: string) =>
  new Problem(
    'insufficient-scope',
    `The key does not have the scope ${scope}, which this route requires; use one that has it.`,
    {
      headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
    },
  )

const notAnOperator = (scope: string) =>
  new Problem('insufficient-scope', 'This concerns all tenants; it takes a key that is for every tenant (*).', {
    headers: { 'www-authenticate': `Bearer error="insufficient_scope", scope="${scope}"` },
  })
