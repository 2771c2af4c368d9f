import type { InputError } from '../checked.ts'
import type { Order } from '../filter.ts'
import type { Position } from '../receipt.ts'

export const deadLetterReasons = ['conflict', 'rejected', 'undelivered'] as const

/**
 * A record that could not be saved, with its reason and as it came. `undelivered`: the dispatcher gave up on it and sent it
 * by way of the dead-letter topic.
 */
export type DeadLetter = {
  /** What its position counts in. */
  topic: string
  position: Position
  reason: (typeof deadLetterReasons)[number]
  errors: readonly InputError[]
  headers: { [name: string]: string }
  body: Uint8Array
  at: Date
  tenant: string
  /** As far as it can be read: of the activity in it. */
  activityId?: string
  recordedAt?: Date
  /** Of an undelivered one, where that is known: its position before it went to the dead-letter topic. */
  firstPosition?: Position
}
/** What was done about a dead letter. */
export type Resolution =
  | { state: 'replayed'; outcome: 'stored' | 'duplicate'; at: Date }
  | { state: 'discarded'; note: string; at: Date }
export type KeptDeadLetter = Omit<DeadLetter, 'at'> & {
  id: string
  firstAt: Date
  lastAt: Date
  attempts: number
  resolution?: Resolution
}
export const deadLetterStates = ['open', 'replayed', 'discarded'] as const
export type DeadLetterFilter = {
  tenant: string
  reason?: DeadLetter['reason']
  topic?: string
  /** Milliseconds since 1970, of the first arrival: `from` inclusive, `to` exclusive. */
  from?: number
  to?: number
  state?: (typeof deadLetterStates)[number]
}
export type DeadLetterQuery = { filter: DeadLetterFilter; order: Order; limit: number; after?: string }
export type FoundDeadLetter = { key: string; deadLetter: KeptDeadLetter }

/** What could not be stored. Every promise rejects with StoreUnavailable when the store is in trouble. */
export interface DeadLetters {
  /** Keeps dead letters, and the outcomes of their records. One that arrives again counts up its attempts. */
  deadLetter(deadLetters: readonly DeadLetter[]): Promise<void>
  /** At most `limit`, in the order of their keys: by first arrival. */
  findDeadLetters(query: DeadLetterQuery): Promise<readonly FoundDeadLetter[]>
  getDeadLetter(tenant: string, id: string): Promise<KeptDeadLetter | undefined>
  /** Says what was done about a dead letter that is open; one that is not stays as it is. */
  resolve(tenant: string, id: string, resolution: Resolution): Promise<void>
}
