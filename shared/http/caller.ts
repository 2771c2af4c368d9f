import { defaultTenant } from '../activity-recorded.ts'
import { childLog } from '../log.ts'
import type { Answer } from './answer.ts'
import { type Caller, type Handler, type ServiceRequest, scopes } from './route.ts'

/** Nobody has to say who they are: there is one tenant, and everybody may do everything. */
const anybody: Caller = {
  tenant: defaultTenant,
  scopes: new Set(scopes),
  subject: undefined,
}

/** A request as a transport has it. Its caller is known already when a route asks another one. */
export type BareRequest = Omit<ServiceRequest, 'caller' | 'ask'> & { onBehalfOf: OnBehalfOf | undefined }
export type OnBehalfOf = { caller: Caller; requestId: string | undefined }

/** Asks a route in the process. */
export type AskRoute = (path: string, signal: AbortSignal, onBehalfOf: OnBehalfOf) => Promise<Response>

export type BareHandler = (request: BareRequest) => Promise<Answer>

/** Says who asks. */
export function withCaller(handle: Handler, askRoute: AskRoute): BareHandler {
  return (request) => {
    const { requestId, onBehalfOf } = request
    const caller = onBehalfOf?.caller ?? anybody
    // each request is an object of its own, and copies of it would cost as much as its validation
    return handle(
      Object.assign(request, {
        caller,
        log: childLog(request.log, { requestId, tenant: caller.tenant }),
        ask: (path: string, signal = request.gone()) => askRoute(path, signal, { caller, requestId }),
      }),
    )
  }
}
