import type { ActivityRecorded } from '../activity-recorded.ts'
import type { FoundActivity } from '../document.ts'
import type { Filter, Order } from '../filter.ts'
import type { Position } from '../receipt.ts'
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

/** What is stored. Every promise rejects with StoreUnavailable when the store is in trouble. */
export interface Activities {
  /**
   * Idempotent: an id already present is left as it is, and its outcome says whether the content agrees; a redelivery of
   * what is stored is `stored` again. All are durable when it resolves, and so are the outcomes of what was stored and of
   * duplicates. The same id twice in one call is decided in order.
   */
  save(activities: readonly RecordedActivity[]): Promise<readonly SaveOutcome[]>
  /** At most `limit`, in the order of their keys. Rejects with TooManyActions, and with TooBroad where it takes too long. */
  find(query: FindQuery): Promise<readonly Found[]>
  /**
   * How many there are, counting no further than `atMost`. Rejects with TooManyActions, and with TooBroad where it takes too
   * long; with metadata to match the sooner where it need not count them all.
   */
  count(filter: Filter, max?: number): Promise<number>
  get(tenant: string, id: string): Promise<FoundActivity | undefined>
  /**
   * How many there are of each: by name the most frequent, ties by key; by time the newest, in order. At most `limit`. Rejects
   * with TooManyActions, and with TooBroad where it takes too long or there are too many to tell apart.
   */
  stats(query: StatsQuery): Promise<Stats>
  /** What is stored of an offset range, in order: at most `limit`. */
  arrivals(query: ArrivalsQuery): Promise<readonly Found[]>
}
