import type { Gone } from '../aborted.ts'
import type { InputError } from '../checked.ts'
import type { Order } from '../filter.ts'
import type { Position } from '../receipt.ts'

export const deadLetterReasons = ['conflict', 'rejected', 'undelivered'] as const

/**
 * A record that could not be saved, with its reason and its original bytes. `undelivered`: the dispatcher gave up on it
 * and sent it through the dead-letter topic.
 */
export type DeadLetter = {
  /** The topic of the position. */
  topic: string
  position: Position
  reason: (typeof deadLetterReasons)[number]
  errors: readonly InputError[]
  headers: { [name: string]: string }
  body: Uint8Array
  at: Date
  tenant: string
  /** Members of its activity, as far as they can be read. */
  activityId?: string
  recordedAt?: Date
  /** The original position of an undelivered record before it went to the dead-letter topic, if known. */
  firstPosition?: Position
}
/** How a dead letter was resolved. */
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
  /** The time of the first arrival in milliseconds since 1970: `from` is inclusive, `to` exclusive. */
  from?: number
  to?: number
  state?: (typeof deadLetterStates)[number]
}
export type DeadLetterQuery = { filter: DeadLetterFilter; order: Order; limit: number; after?: string }
export type FoundDeadLetter = { key: string; deadLetter: KeptDeadLetter }

/** The records that could not be stored. Every promise rejects with StoreUnavailable if the store fails. */
export interface DeadLetters {
  /** Stores dead letters and the outcomes of their records. A dead letter that arrives again counts another attempt. */
  deadLetter(deadLetters: readonly DeadLetter[]): Promise<void>
  /** At most `limit`, in the order of their keys, which is that of their first arrival. */
  findDeadLetters(query: DeadLetterQuery, gone?: Gone): Promise<readonly FoundDeadLetter[]>
  getDeadLetter(tenant: string, id: string): Promise<KeptDeadLetter | undefined>
  /**
   * Resolves a dead letter that is open. One that is not open stays as it is, unless it was replayed while somebody
   * discarded it: its activity is stored then.
   */
  resolve(tenant: string, id: string, resolution: Resolution): Promise<void>
}
