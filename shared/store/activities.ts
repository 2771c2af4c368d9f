import type { ActivityRecorded } from '../activity-recorded.ts'
import type { ListedActivity } from '../document.ts'
import type { Filter, Order } from '../filter.ts'
import type { Position } from '../receipt.ts'
import type { CalendarUnit } from './calendar.ts'

export type RecordedActivity = ActivityRecorded & { position: Position }

/**
 * The outcome of saving: `duplicate` if the id was present with the same content, `conflict` if with other content, and
 * `key-taken` if the key of the activity belongs to another id.
 */
export type SaveOutcome = 'stored' | 'duplicate' | 'conflict' | 'key-taken'

export type FindQuery = {
  filter: Filter
  order: Order
  limit: number
  /** Finds only activities after this key, in the order of the query. */
  after?: string
  /** The number of activities to skip first. */
  skip?: number
}
export type Found = { key: string; activity: ListedActivity; position: Position }

export type ArrivalsQuery = {
  tenant: string
  partition: number
  /** Offsets; both ends are inclusive. */
  first: number
  last: number
  limit: number
}

type Counting = { filter: Filter; limit: number }
export type NameStatsQuery = Counting & { by: 'action' | 'userId' }
/** `timezone` is a name from the IANA database. */
export type CalendarStatsQuery = Counting & { by: CalendarUnit; timezone: string }
export type StatsQuery = NameStatsQuery | CalendarStatsQuery
/** `total` also counts the activities beyond the limit. */
export type Stats = { data: readonly { key: string; count: number }[]; total: number }

/** A prefix matches more actions than the limit allows. */
export class TooManyActions extends Error {
  override name = 'TooManyActions'
}
export const maxActions = 200

/** No index answers the query in time; its filter must be narrower. */
export class TooBroad extends Error {
  override name = 'TooBroad'
  /** How many activities were counted before the timeout, if they were counted. */
  readonly counted: number

  constructor(message: string, counted = 0) {
    super(message)
    this.counted = counted
  }
}

/** The stored activities. Every promise rejects with StoreUnavailable if the store fails. */
export interface Activities {
  /**
   * Idempotent: an id that is present stays unchanged, and its outcome says whether the content agrees; a redelivery of
   * a stored record is `stored` again. When it resolves, the activities are durable, and so are the outcomes of stored
   * activities and duplicates. If an id comes twice in one call, the first is saved before the second.
   */
  save(activities: readonly RecordedActivity[]): Promise<readonly SaveOutcome[]>
  /**
   * At most `limit`, in the order of their keys. Rejects with TooManyActions, and with TooBroad if it takes too long.
   */
  find(query: FindQuery): Promise<readonly Found[]>
  /**
   * The number of matching activities, but at most `max`. Rejects with TooManyActions, and with TooBroad if it takes
   * too long. With a metadata filter and a `max`, it gives up sooner.
   */
  count(filter: Filter, max?: number): Promise<number>
  get(tenant: string, id: string): Promise<Found | undefined>
  /**
   * The number of activities for each key: by name the most frequent first, ties by key; by time the newest, in order.
   * At most `limit`. Rejects with TooManyActions, and with TooBroad if it takes too long or there are too many keys.
   */
  stats(query: StatsQuery): Promise<Stats>
  /** The stored activities of an offset range, in order: at most `limit`. */
  arrivals(query: ArrivalsQuery): Promise<readonly Found[]>
}
