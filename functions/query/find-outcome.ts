import type { ServiceRequest } from '@activity-log/shared/http/route.ts'
import type { Receipt } from '@activity-log/shared/receipt.ts'
import type { RecordOutcome } from '@activity-log/shared/store/ledger.ts'
import type { ForTenant, TenantReader } from '@activity-log/shared/store/tenant-reader.ts'
import { answerMs, fromStore } from './from-store.ts'

export type OutcomeFinderOptions = {
  forTenant: ForTenant
  /** Aborts when the process is told to stop. Requests that wait for a record are then answered. */
  stopping: AbortSignal
}

/** Undefined while the outcome is unknown, and for a record of another tenant. */
export type FindOutcome = (
  receipt: Receipt,
  waitS: number,
  request: Pick<ServiceRequest, 'caller' | 'gone' | 'whyNoLonger'>,
) => Promise<RecordOutcome | undefined>

export function createOutcomeFinder({ forTenant, stopping }: OutcomeFinderOptions): FindOutcome {
  return async (receipt, waitS, { caller, gone, whyNoLonger }) => {
    // what is left of a wait is no whole number of milliseconds
    const waitMs = Math.ceil(waitS * 1000)
    const deadline = waitMs > 0 ? AbortSignal.any([AbortSignal.timeout(waitMs), gone(), stopping]) : undefined
    const found = await fromStore(async () => {
      const reader = forTenant(caller.tenant, { also: caller.system })
      const known = await reader.outcome(receipt, deadline)
      return known && afterReplay(known, reader)
    }, answerMs + waitMs)
    const problem = waitMs > 0 ? whyNoLonger() : undefined
    if (problem) throw problem
    return found
  }

  /** A record that was replayed without its first position has no outcome of its own; its dead letter knows it. */
  async function afterReplay(known: RecordOutcome, reader: TenantReader): Promise<RecordOutcome> {
    if (known.outcome === 'expired' || known.deadLetter === undefined) return known
    const resolution = (await reader.getDeadLetter(known.deadLetter))?.resolution
    return resolution?.state === 'replayed' ? { ...known, outcome: resolution.outcome } : known
  }
}
