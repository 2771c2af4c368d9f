import type { LedgerSummary } from '../ledger-summary.ts'
import type { Outcome } from '../outcome.ts'
import type { Position, Receipt } from '../receipt.ts'

/** The known outcome of a record; `deadLetter` is the id of its dead letter. */
export type RecordOutcome = { outcome: Outcome; tenant: string; activityId?: string; deadLetter?: string }
/**
 * An outcome that is stored on its own, under its position. The outcome of a stored record is kept with its activity,
 * and is written on its own only before the activity is deleted.
 */
export type WrittenOutcome = {
  position: Position
  outcome: Outcome
  tenant: string
  activityId?: string | undefined
  deadLetter?: string | undefined
  recordedAt?: Date | undefined
}

/** The account of every record. Every promise rejects with StoreUnavailable if the store fails. */
export interface Ledger {
  /** The outcome of a record, if it is known. With a signal, it waits for the outcome until the signal aborts. */
  outcome(receipt: Receipt, untilAborted?: AbortSignal): Promise<RecordOutcome | undefined>
  /**
   * Which records are accounted for. Complete ranges are compacted as records arrive, so only the newest are counted.
   */
  ledger(): Promise<LedgerSummary>
  /**
   * Writes outcomes that became known in another way, if none is known yet. `stored` takes precedence over any other.
   */
  account(outcomes: readonly WrittenOutcome[]): Promise<void>
  /** Abandons the missing records of a partition below an offset, because Kafka no longer has them. */
  abandon(partition: number, below: number): Promise<void>
}
