import type { ActivityRecorded } from '../activity-recorded.ts'
import type { InputError } from '../checked.ts'
import type { FoundActivity } from '../document.ts'
import type { Filter, Order } from '../filter.ts'
import type { Position } from '../receipt.ts'

export type RecordedActivity = ActivityRecorded & { position: Position }

/** What became of one activity: `duplicate` when its id was there with the same content, `conflict` with other content. */
export type SaveOutcome = 'stored' | 'duplicate' | 'conflict'

export type FindQuery = {
  filter: Filter
  order: Order
  limit: number
  /** Only what comes after this key, in the order asked for. */
  after?: string
  /** How many to leave out first. */
  skip?: number
}
export type Found = { key: string; activity: FoundActivity }

/**
 * A record that could not be saved, with its reason and as it came. `undelivered`: the dispatcher gave up on it and sent it
 * by way of the dead-letter topic; its position is the one there.
 */
export type DeadLetter = {
  position: Position
  reason: 'conflict' | 'refused' | 'undelivered'
  errors: readonly InputError[]
  headers: { [name: string]: string }
  body: Uint8Array
  at: Date
}
export type KeptDeadLetter = Omit<DeadLetter, 'at'> & { firstAt: Date; lastAt: Date; attempts: number }

/** A store that cannot be reached, or a disk without space: the same call may succeed later. Rejections of another kind are faults. */
export class StoreUnavailable extends Error {
  override name = 'StoreUnavailable'
}

/** A prefix stands for more actions than one list may hold. */
export class TooManyActions extends Error {
  override name = 'TooManyActions'
}
export const maxActions = 200

/** Every promise rejects with StoreUnavailable when the store is in trouble. */
export interface ActivityStore extends AsyncDisposable {
  /**
   * Idempotent: an id already present is left as it is, and its outcome says whether the content agrees; a redelivery of
   * what is stored is `stored` again. All are durable when it resolves. The same id twice in one call is decided in order.
   */
  save(activities: readonly RecordedActivity[]): Promise<readonly SaveOutcome[]>
  /** Keeps dead letters. One that arrives again counts up its attempts. */
  park(deadLetters: readonly DeadLetter[]): Promise<void>
  /** At most `limit`, in the order of their keys. Rejects with TooManyActions. */
  find(query: FindQuery): Promise<readonly Found[]>
  /** How many there are, counting no further than `atMost`. Rejects with TooManyActions. */
  count(filter: Filter, atMost?: number): Promise<number>
  get(tenant: string, id: string): Promise<FoundActivity | undefined>
  deadLetters(): Promise<readonly KeptDeadLetter[]>
}
