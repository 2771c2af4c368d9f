import { Problem } from './problem.ts'
import type { Caller } from './route.ts'

const lookEveryMs = 1000

type Found = Caller | Problem

/**
 * Returns a function that tells why the sender of a request may no longer have its answer: the key or the session has
 * expired, was revoked, or is another caller's now. It looks at most once a second, and only when it is asked.
 */
export function createWhyNoLonger(caller: Caller, look: () => Found | Promise<Found>): () => Problem | undefined {
  let lookAt = 0
  let problem: Problem | undefined
  const judge = (found: Found) => {
    problem = found instanceof Problem ? found : isSame(found, caller) ? undefined : ofAnother
  }
  return () => {
    if (problem || performance.now() < lookAt) return problem
    lookAt = performance.now() + lookEveryMs
    const found = look()
    if (found instanceof Promise) void found.then(judge, () => judge(ofAnother))
    else judge(found)
    return problem
  }
}

const isSame = (one: Caller, other: Caller) => one.tenant === other.tenant && one.keyId === other.keyId

const ofAnother = new Problem('unauthenticated', 'The key of this request has changed; send the request again.', {
  headers: { 'www-authenticate': 'Bearer realm="activity-log", error="invalid_token"' },
})
