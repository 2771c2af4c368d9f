import type { Activities } from './activities.ts'
import type { DeadLetters } from './dead-letters.ts'
import type { Ledger } from './ledger.ts'

/** A store that cannot be reached, or a disk without space: the same call may succeed later. Rejections of another kind are faults. */
export class StoreUnavailable extends Error {
  override name = 'StoreUnavailable'
}

/** A database holds all three: the outcome of a record is written with the activity, or the dead letter, that it is about. */
export type ActivityStore = Activities & DeadLetters & Ledger & AsyncDisposable
