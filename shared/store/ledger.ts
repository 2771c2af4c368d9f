import type { LedgerSummary } from '../ledger-summary.ts'
import type { Outcome } from '../outcome.ts'
import type { Position, Receipt } from '../receipt.ts'

/** The known outcome of a record; `deadLetter` is the id of its dead letter. */
export type KnownOutcome = { outcome: Outcome; tenant: string; activityId?: string; deadLetter?: string }
/** `expired`: the ledger has counted the record, and nothing else is known about it any more, not even its tenant. */
export type RecordOutcome = KnownOutcome | Expired
type Expired = { outcome: 'expired'; tenant?: never; activityId?: never; deadLetter?: never }
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
  /**
   * Writes off the records that the queue never had: the ledger no longer counts them. What is stored stays, with an
   * unknown position. `readEnds` reads the end of each partition of the queue. Returns the number of records.
   */
  writeOff(readEnds: () => Promise<readonly number[]>): Promise<number>
}
