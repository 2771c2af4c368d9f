import { unavailable } from '../http/problem.ts'
import type { Caller } from '../http/route.ts'
import { type OwnAction, type OwnActivity, ownActivity, type PublishOwn, windowOf } from '../own-activity.ts'
import { systemTenant } from '../tenant.ts'
import { parseTimestamp } from '../timestamp.ts'
import type { Access } from './access.ts'

/** Records who uses the log for what, in the log itself. */
export type Acts = {
  /**
   * Resolves once the act is recorded, and throws a 503 if it cannot be. Nothing is recorded of callers without a key.
   * What operators do for a tenant is in the log of that tenant, and in that of the system. `owner` is the tenant whose
   * log the act changes, if it is not the one that the caller named.
   */
  record(caller: Caller, action: OwnAction, metadata?: { [name: string]: string }, owner?: string): Promise<void>
}

export type ActsOptions = {
  /** Undefined if the configuration does not say where to send the records. */
  publish: PublishOwn | undefined
  now: () => Date
  /** Milliseconds that never go back. */
  clock?: () => number
}

/** An act that is repeated sooner than this makes no other record, so that nobody fills the queue with copies. */
const repeatMs = 1_000

export const nothingRecorded: Acts = { record: () => Promise.resolve() }

export function createActs({ publish, now, clock = () => performance.now() }: ActsOptions): Acts {
  /** The records of the last moments by their ids. */
  const recent = new Map<string, Promise<void>>()
  let since = Number.NEGATIVE_INFINITY

  function once(own: OwnActivity, publish: PublishOwn): Promise<void> {
    if (clock() - since >= repeatMs) {
      recent.clear()
      since = clock()
    }
    const { id } = own.activity
    const published = recent.get(id) ?? publish(own)
    recent.set(id, published)
    // what failed is sent again
    published.catch(() => recent.delete(id))
    return published
  }

  return {
    async record(caller, action, metadata = {}, owner = caller.tenant) {
      const { keyId, subject, tenant, isOperator, isNamed } = caller
      if (keyId === undefined) return
      if (!publish) throw unavailable(`${notRecorded} INGEST_URL and INGEST_KEY are not set.`)
      const isOfSystem = isOperator && !isNamed && owner === tenant
      const tenants = new Set<string>(isOfSystem ? [] : [owner])
      if (isOperator) tenants.add(systemTenant)
      const said = { name: subject ?? keyId, ...(isOperator && !isOfSystem && { tenant: owner }), ...metadata }
      const at = windowOf(now())
      const acts = [...tenants].map((each) => ownActivity(each, { action, keyId, at, metadata: said }))
      await Promise.all(acts.map((act) => once(act, publish))).catch((cause) => {
        throw unavailable(notRecorded, cause)
      })
    },
  }
}

const notRecorded = 'The log could not record who does this, so it was not done. Try again.'

export type FirstSeenOptions = {
  publish: PublishOwn
  /** Whether the activity is there already, if that can be looked up; sending it again would wake ingest for nothing. */
  isKnown?: (own: OwnActivity) => Promise<boolean>
}

/** Records keys when they are first used, and delays nobody. The moment of a key's creation makes it the same record. */
export function recordFirstSeen(access: Access, { publish, isKnown }: FirstSeenOptions): void {
  access.onFirstSeen(async ({ keyId, created, caller }) => {
    const at = parseTimestamp(created)
    if (typeof at === 'string') throw new Error(`A key was created at ${created}`)
    const tenant = caller.isOperator ? systemTenant : caller.tenant
    const own = ownActivity(tenant, { action: 'first-seen', keyId, at: new Date(at.ms), metadata: {} })
    if (isKnown && (await isKnown(own))) return
    await publish(own)
  })
}
