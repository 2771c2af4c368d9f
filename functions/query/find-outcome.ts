import type { ServiceRequest } from '@activity-log/shared/http/route.ts'
import type { Receipt } from '@activity-log/shared/receipt.ts'
import type { RecordFate } from '@activity-log/shared/store/ledger.ts'
import type { ActivityStore } from '@activity-log/shared/store/store.ts'
import { answerMs, fromStore } from './from-store.ts'

export type OutcomeFinderOptions = {
  store: Pick<ActivityStore, 'outcome' | 'getDeadLetter'>
  /** Aborts when the process is told to end: who waits for a record gets an answer then. */
  stopping: AbortSignal
}

/** Undefined while it is not known. Of the caller's own tenant: another one's record stays pending. */
export type FindOutcome = (
  receipt: Receipt,
  waitS: number,
  request: Pick<ServiceRequest, 'caller' | 'gone'>,
) => Promise<RecordFate | undefined>

export function createOutcomeFinder({ store, stopping }: OutcomeFinderOptions): FindOutcome {
  return (receipt, waitS, { caller, gone }) => {
    const deadline = waitS > 0 ? AbortSignal.any([AbortSignal.timeout(waitS * 1000), gone(), stopping]) : undefined
    return fromStore(
      async () => {
        const known = await store.outcome(receipt, deadline)
        return known?.tenant === caller.tenant ? afterReplay(known) : undefined
      },
      answerMs + waitS * 1000,
    )
  }

  /** What came back without its first position was saved without one: then only its dead letter says that it was. */
  async function afterReplay(known: RecordFate): Promise<RecordFate> {
    const { deadLetter } = known
    if (deadLetter === undefined) return known
    const resolution = (await store.getDeadLetter(known.tenant, deadLetter))?.resolution
    return resolution?.state === 'replayed' ? { ...known, fate: resolution.outcome } : known
  }
}
