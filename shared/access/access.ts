import type { Authenticate } from '../http/caller.ts'
import type { ServiceOptions } from '../http/service.ts'

/** Who may do what, as an access file says. */
export type Access = {
  authenticate: Authenticate
  /** Whether nothing of the tenant may be stored. */
  isSuspended(tenant: string): boolean
  /** The tenants that have a key. */
  tenants(): readonly string[]
  /** Writes the metrics in Prometheus' text format. */
  metrics(): string
  /** Tells of a request that was turned away at the door, since pages of other sites may know the key in it. */
  onTurnedAway(headers: { readonly authorization?: string | undefined; readonly origin?: string | undefined }): void
}

/** What a service needs of it; the metrics of the service and those of access are one text. */
export const accessOptions = (
  access: Access | undefined,
  metrics?: () => string,
): Pick<ServiceOptions, 'authenticate' | 'metrics'> => ({
  authenticate: access?.authenticate,
  ...((metrics || access) && { metrics: () => (metrics?.() ?? '') + (access?.metrics() ?? '') }),
})
