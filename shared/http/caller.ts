import { defaultTenant } from '../activity-recorded.ts'
import { childLog } from '../log.ts'
import type { Answer } from './answer.ts'
import { type Caller, type Handler, type ServiceRequest, scopes } from './route.ts'
import type { Turn } from './turns.ts'

/** Without authentication there is one tenant, and everybody may do everything. */
const anybody: Caller = {
  tenant: defaultTenant,
  scopes: new Set(scopes),
  subject: undefined,
}

/** A request before its caller is added. `onBehalfOf` is set when one route asks another. */
export type BareRequest = Omit<ServiceRequest, 'caller' | 'basePath' | 'ask'> & { onBehalfOf: OnBehalfOf | undefined }
export type OnBehalfOf = { caller: Caller; requestId: string | undefined; turn: Turn }

/** Asks a route of the same service, without a socket. */
export type AskRoute = (path: string, signal: AbortSignal, onBehalfOf: OnBehalfOf) => Promise<Response>

export type BareHandler = (request: BareRequest) => Promise<Answer>

/** Adds the caller to each request, and what else a handler needs. */
export function withCaller(handle: Handler, askRoute: AskRoute, basePath: string): BareHandler {
  return (request) => {
    const { requestId, onBehalfOf, turn } = request
    const caller = onBehalfOf?.caller ?? anybody
    return handle({
      ...request,
      caller,
      basePath,
      log: childLog(request.log, { requestId, tenant: caller.tenant }),
      ask: (path: string, signal = request.gone()) => askRoute(path, signal, { caller, requestId, turn }),
    })
  }
}
