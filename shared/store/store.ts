import type { ActivityRecorded } from '../activity-recorded.ts'
import type { Books } from '../books.ts'
import type { InputError } from '../checked.ts'
import type { FoundActivity } from '../document.ts'
import type { Fate } from '../fate.ts'
import type { Filter, Order } from '../filter.ts'
import type { Position, Receipt } from '../receipt.ts'
import type { CalendarUnit } from './calendar.ts'

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
export type Found = { key: string; activity: FoundActivity; position: Position }

export type ArrivalsQuery = {
  tenant: string
  partition: number
  /** Offsets; both ends belong to it. */
  first: number
  last: number
  limit: number
}

type Counting = { filter: Filter; limit: number }
export type NameStatsQuery = Counting & { by: 'action' | 'userId' }
/** `timezone` is a name of the IANA database. */
export type CalendarStatsQuery = Counting & { by: CalendarUnit; timezone: string }
export type StatsQuery = NameStatsQuery | CalendarStatsQuery
/** `total` counts also what is beyond the limit. */
export type Stats = { data: readonly { key: string; count: number }[]; total: number }

export const deadLetterReasons = ['conflict', 'refused', 'undelivered'] as const

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

/** What is known of a record; `deadLetter` is the id of what is kept of it. */
export type RecordFate = { fate: Fate; tenant: string; activityId?: string; deadLetter?: string }
/** A fate that is not on an activity: a row keyed by its position. */
export type WrittenFate = {
  position: Position
  fate: Exclude<Fate, 'stored'>
  tenant: string
  activityId?: string | undefined
  deadLetter?: string | undefined
  recordedAt?: Date | undefined
}

/** A store that cannot be reached, or a disk without space: the same call may succeed later. Rejections of another kind are faults. */
export class StoreUnavailable extends Error {
  override name = 'StoreUnavailable'
}

/** A prefix stands for more actions than one list may hold. */
export class TooManyActions extends Error {
  override name = 'TooManyActions'
}
export const maxActions = 200

/** What no index answers would take longer than anybody may be kept waiting. The filter has to be narrower. */
export class TooBroad extends Error {
  override name = 'TooBroad'
  /** How many there were up to then, where they are counted. */
  readonly counted: number

  constructor(message: string, counted = 0) {
    super(message)
    this.counted = counted
  }
}

/** Every promise rejects with StoreUnavailable when the store is in trouble. */
export interface ActivityStore extends AsyncDisposable {
  /**
   * Idempotent: an id already present is left as it is, and its outcome says whether the content agrees; a redelivery of
   * what is stored is `stored` again. All are durable when it resolves, and so are the fates of what was stored and of
   * duplicates. The same id twice in one call is decided in order.
   */
  save(activities: readonly RecordedActivity[]): Promise<readonly SaveOutcome[]>
  /** Keeps dead letters, and the fates of their records. One that arrives again counts up its attempts. */
  park(deadLetters: readonly DeadLetter[]): Promise<void>
  /** At most `limit`, in the order of their keys. Rejects with TooManyActions; with metadata to match, with TooBroad. */
  find(query: FindQuery): Promise<readonly Found[]>
  /**
   * How many there are, counting no further than `atMost`. Rejects with TooManyActions; with metadata to match, with
   * TooBroad, and the sooner where it need not count them all.
   */
  count(filter: Filter, atMost?: number): Promise<number>
  /** What is stored of a stretch of records, in the order of their offsets: at most `limit`. */
  arrivals(query: ArrivalsQuery): Promise<readonly Found[]>
  /**
   * How many there are of each: by name the most frequent, ties by key; by time the newest, in order. At most `limit`. Rejects
   * with TooManyActions, and with TooBroad where it takes too long or there are too many to tell apart.
   */
  stats(query: StatsQuery): Promise<Stats>
  get(tenant: string, id: string): Promise<FoundActivity | undefined>
  /** What became of a record, when it is known. With a signal it waits for that until the signal aborts. */
  fate(receipt: Receipt, untilAborted?: AbortSignal): Promise<RecordFate | undefined>
  /** Which records are accounted for. What is complete is sealed as records arrive, so only the newest are counted. */
  books(): Promise<Books>
  /** At most `limit`, in the order of their keys: by first arrival. */
  findDeadLetters(query: DeadLetterQuery): Promise<readonly FoundDeadLetter[]>
  getDeadLetter(tenant: string, id: string): Promise<KeptDeadLetter | undefined>
  /** Says what was done about a dead letter that is open; one that is not stays as it is. */
  resolve(tenant: string, id: string, resolution: Resolution): Promise<void>
  /** Writes down fates that became known by another way, where none is known yet. */
  account(fates: readonly WrittenFate[]): Promise<void>
  /** Gives up what is missing of a partition below an offset: Kafka no longer has it. */
  writeOff(partition: number, below: number): Promise<void>
}
