import type { LedgerSummary } from '../ledger-summary.ts'
import type { Outcome } from '../outcome.ts'
import type { Position, Receipt } from '../receipt.ts'

/** What is known of a record; `deadLetter` is the id of what is kept of it. */
export type RecordOutcome = { outcome: Outcome; tenant: string; activityId?: string; deadLetter?: string }
/**
 * An outcome that stands by itself, under its position. That of a stored record is on its activity, and is written only where
 * the activity is to go.
 */
export type WrittenOutcome = {
  position: Position
  outcome: Outcome
  tenant: string
  activityId?: string | undefined
  deadLetter?: string | undefined
  recordedAt?: Date | undefined
}

/** The account of every record. Every promise rejects with StoreUnavailable when the store is in trouble. */
export interface Ledger {
  /** What became of a record, when it is known. With a signal it waits for that until the signal aborts. */
  outcome(receipt: Receipt, untilAborted?: AbortSignal): Promise<RecordOutcome | undefined>
  /** Which records are accounted for. What is complete is compacted as records arrive, so only the newest are counted. */
  ledger(): Promise<LedgerSummary>
  /** Writes down outcomes that became known by another way, where none is known yet. `stored` stands before any other. */
  account(outcomes: readonly WrittenOutcome[]): Promise<void>
  /** Gives up what is missing of a partition below an offset: Kafka no longer has it. */
  abandon(partition: number, below: number): Promise<void>
}
