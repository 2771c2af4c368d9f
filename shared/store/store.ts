import type { Activities } from './activities.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { Ledger } from './ledger.ts'

/** The store cannot be reached, or its disk is full: the same call may succeed later. Other rejections are faults. */
export class StoreUnavailable extends Error {
  override name = 'StoreUnavailable'
}

/** Only an operator can make the store available. The message says how, and every client may read it. */
export class NeedsOperator extends StoreUnavailable {
  override name = 'NeedsOperator'
}

/**
 * A database implements all three ports, because it writes the outcome of a record with its activity or dead letter.
 */
export type ActivityStore = Activities & DeadLetters & Ledger & AsyncDisposable
