import type { Authenticate } from '../http/caller.ts'
import type { Around, Caller } from '../http/route.ts'
import type { ServiceOptions } from '../http/service.ts'

/** A key when it is seen for the first time. */
export type SeenKey = { caller: Caller; keyId: string; created: string }

export type TurnedAway = {
  url?: string | undefined
  headers: { readonly authorization?: string | undefined; readonly origin?: string | undefined }
}

/** Who may do what, as an access file says. */
export type Access = {
  authenticate: Authenticate
  /** Holds callers to their limits, and shares the slots between tenants: once in a process, for all its services. */
  around?: readonly Around[]
  /** Signs a person in who has sent a key; undefined if it is not valid. The session is the value of the cookie. */
  signIn(key: string): { caller: Caller; session: string } | undefined
  /** Who has signed in, by the header Cookie. */
  signedIn(cookie: string | undefined): Caller | undefined
  /** Calls the listener with each key that lets somebody in, when this process sees it for the first time. */
  onFirstSeen(listener: (key: SeenKey) => Promise<void>): void
  /** Whether nothing of the tenant may be stored. */
  isSuspended(tenant: string): boolean
  /** The tenants that have a key. */
  tenants(): readonly string[]
  /** Writes the metrics in Prometheus' text format. */
  metrics(): string
  /** Tells of a request that no route has seen, since others may know the key in it. */
  onTurnedAway(request: TurnedAway): void
}

/** What a service needs of it; the metrics of the service and those of access are one text. */
export const accessOptions = (
  access: Access | undefined,
  metrics?: () => string,
): Pick<ServiceOptions, 'authenticate' | 'around' | 'metrics'> => ({
  authenticate: access?.authenticate,
  ...(access?.around && { around: access.around }),
  ...((metrics || access) && { metrics: () => (metrics?.() ?? '') + (access?.metrics() ?? '') }),
})
