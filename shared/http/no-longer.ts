import type { Authenticate, BareRequest } from './caller.ts'
import { Problem } from './problem.ts'
import type { Caller, Route } from './route.ts'

/** Tells why the sender of a request may no longer have its answer; undefined as long as they may. */
export type WhyNoLonger = () => Problem | undefined

const lookEveryMs = 1000

/**
 * An answer that takes long ends with the right to it: when the key or the session of its request expires, is revoked,
 * or becomes another caller's. Asks the authenticator at most once a second, and only when it is asked itself.
 */
export function createWhyNoLonger(
  authenticate: Authenticate,
  { request, route, caller }: { request: BareRequest; route: Route; caller: Caller },
): WhyNoLonger {
  let lookAt = 0
  let problem: Problem | undefined
  const judge = (found: Caller | Problem) => {
    problem = found instanceof Problem ? found : isSame(found, caller) ? undefined : ofAnother
  }
  return () => {
    if (problem || performance.now() < lookAt) return problem
    lookAt = performance.now() + lookEveryMs
    const found = authenticate(request, route)
    if (found instanceof Promise) void found.then(judge, () => judge(ofAnother))
    else judge(found)
    return problem
  }
}

const isSame = (one: Caller, other: Caller) => one.tenant === other.tenant && one.keyId === other.keyId

const ofAnother = new Problem('unauthenticated', 'The key of this request has changed; send the request again.', {
  headers: { 'www-authenticate': 'Bearer realm="activity-log", error="invalid_token"' },
})

export const never: WhyNoLonger = () => undefined
