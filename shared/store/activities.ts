import type { Gone } from '../aborted.ts'
import type { ActivityRecorded } from '../activity-recorded.ts'
import type { ListedActivity } from '../document.ts'
import type { Filter, Order } from '../filter.ts'
import type { LineFormat } from '../line-formats.ts'
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
  /** A search that no index answers ends after this time; by default it has as long as the store allows. */
  withinMs?: number
}
export type Found = { key: string; activity: ListedActivity; position: Position }

export type LinesQuery = Pick<FindQuery, 'order' | 'after'> & {
  /** Metadata and text select among the activities that are examined. */
  filter: Filter
  /** The number of activities to examine. */
  limit: number
  format: LineFormat
  /** There is no further line beyond this size. */
  maxBytes: number
}
export type Lines = {
  bytes: Uint8Array
  /** How many activities were examined, and how large they were together, about. */
  examined: number
  read: number
  /** The key after which more may follow; without it, nothing does. */
  rest?: string
}

export type ArrivalsQuery = {
  tenant: string
  partition: number
  /** Offsets; both ends are inclusive. */
  first: number
  last: number
  limit: number
}

type Counting = { filter: Filter; limit: number }
export type Counted = { key: string; count: number }
/** `prefix` and `after`, which is a place in the order of the answer, select names of those that are counted. */
export type NameStatsQuery = Counting & { by: 'action' | 'userId'; prefix?: string; after?: Counted }
/** `timezone` is a name from the IANA database. */
export type CalendarStatsQuery = Counting & { by: CalendarUnit; timezone: string }
export type StatsQuery = NameStatsQuery | CalendarStatsQuery
/** `total` also counts the activities of keys that are not in `data`, but only of names with the prefix. */
export type Stats = { data: readonly Counted[]; total: number }

/** A query may name this many actions, and a list merges this many parts of an index. */
export const maxActions = 200
/** A query may name this many users. */
export const maxUsers = 50

/** What a list had found when its time was up, and the key through which all activities were examined. */
export type Searched = { found: readonly Found[]; through: string }

/** No index answers the query in time; its filter must be narrower. */
export class TooBroad extends Error {
  override name = 'TooBroad'
  /** How many activities were counted before the timeout, if they were counted. */
  readonly counted: number
  /** The part of a list that was found before the timeout, if the rest can be found from there on. */
  readonly searched: Searched | undefined

  constructor(message: string, { counted = 0, searched }: { counted?: number; searched?: Searched | undefined } = {}) {
    super(message)
    this.counted = counted
    this.searched = searched
  }
}

/**
 * The stored activities. Every promise rejects with StoreUnavailable if the store fails. A read that may take long ends
 * and rejects with Aborted when nobody waits for it any more (`gone`).
 */
export interface Activities {
  /**
   * Idempotent: an id that is present stays unchanged, and its outcome says whether the content agrees; a redelivery of
   * a stored record is `stored` again. When it resolves, the activities are durable, and so are the outcomes of stored
   * activities and duplicates. If an id comes twice in one call, the first is saved before the second.
   */
  save(activities: readonly RecordedActivity[]): Promise<readonly SaveOutcome[]>
  /**
   * At most `limit`, in the order of their keys. Rejects with TooBroad if it takes too long; the error has what was
   * found beyond the skipped ones, if anything was examined.
   */
  find(query: FindQuery, gone?: Gone): Promise<readonly Found[]>
  /**
   * The lines of a file, which a store makes where it reads the activities. A part may have none: `rest` leads on from
   * it, also when examining takes too long.
   */
  findLines(query: LinesQuery, gone?: Gone): Promise<Lines>
  /**
   * The number of matching activities, but at most `max`. Rejects with TooBroad if it takes too long. With a `max` and
   * a filter that no index covers, it gives up sooner.
   */
  count(filter: Filter, max?: number, gone?: Gone): Promise<number>
  get(tenant: string, id: string): Promise<Found | undefined>
  /**
   * The number of activities for each key: by name the most frequent first, ties by key; by time the newest, in order.
   * At most `limit`. Rejects with TooBroad if it takes too long or there are too many keys.
   */
  stats(query: StatsQuery, gone?: Gone): Promise<Stats>
  /** The tenants with an activity whose names come after this one, in order: at most `limit`. */
  tenants(after: string, limit: number): Promise<readonly string[]>
  /** The stored activities of an offset range, in order: at most `limit`. */
  arrivals(query: ArrivalsQuery, gone?: Gone): Promise<readonly Found[]>
}
