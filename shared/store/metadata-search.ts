import type { Gone } from '../aborted.ts'
import type { Filter } from '../filter.ts'
import { type FindQuery, type Found, type NameStatsQuery, type Stats, type StatsQuery, TooBroad } from './activities.ts'
import { calendarOf } from './calendar.ts'
import { createNameCounter } from './name-counter.ts'
import { StoreUnavailable } from './store.ts'

/** The matches among some activities, and the key through which all were examined if there are more. */
export type Step<Item> = { found: readonly Item[]; through?: string | undefined }

/**
 * Yields the activities that also match by metadata and text, step by step and in order. No index covers them, so the
 * activities that match the other filters are examined one by one, and not many more than it takes to find `wanted` of
 * them. Rejects with TooBroad if that takes too long, and with Aborted when nobody waits for it any more.
 */
export type Matching<Item> = (
  query: Pick<FindQuery, 'filter' | 'order' | 'after'> & { wanted?: number },
  timeoutMs: number,
  gone?: Gone,
) => AsyncIterable<Step<Item>>

/** The timeout is shorter than a client waits for an answer. */
const timeoutMs = 4000
/** The total of a page is secondary and need not be exact, so nobody waits for it for long. */
export const totalTimeoutMs = 250

/** What a search found; with `through`, its time was up when all activities through that key were examined. */
export type Part<Item> = { found: readonly Item[]; through?: string | undefined }

/** Rejects with StoreUnavailable if nothing was examined in time, since a first step is short. */
export async function findMatching<Item>(
  matching: Matching<Item>,
  { limit, skip = 0, withinMs = timeoutMs, ...query }: FindQuery,
  gone?: Gone,
): Promise<Part<Item>> {
  const found: Item[] = []
  let through: string | undefined
  try {
    for await (const step of matching({ ...query, wanted: skip + limit }, Math.min(withinMs, timeoutMs), gone)) {
      found.push(...step.found)
      through = step.through
      if (found.length >= skip + limit) break
    }
    return { found: found.slice(skip, skip + limit) }
  } catch (error) {
    if (!(error instanceof TooBroad)) throw error
    if (through === undefined) throw new StoreUnavailable('A search did not begin in time', { cause: error })
    return { found: found.slice(skip), through }
  }
}

/** The activities of a part, unless its time was up: TooBroad then has what was found. */
export function wholeOf({ found, through }: Part<Found>): readonly Found[] {
  if (through === undefined) return found
  throw new TooBroad('There are too many activities to search', { searched: { found, through } })
}

export async function countMatching(
  matching: Matching<unknown>,
  filter: Filter,
  max = Number.POSITIVE_INFINITY,
  gone?: Gone,
): Promise<number> {
  let counted = 0
  const withinMs = Number.isFinite(max) ? totalTimeoutMs : timeoutMs
  try {
    for await (const { found } of matching({ filter, order: 'asc' }, withinMs, gone)) {
      counted += found.length
      if (counted >= max) return max
    }
    return counted
  } catch (error) {
    throw error instanceof TooBroad ? new TooBroad(error.message, { counted }) : error
  }
}

/** The properties of an item that stats count by. */
export type Traits<Item> = { timeMs: (item: Item) => number; name: (item: Item, by: NameStatsQuery['by']) => string }

/** Counts matching activities by name or by time. Rejects with TooBroad. */
export async function tallyMatching<Item>(
  matching: Matching<Item>,
  query: StatsQuery,
  { timeMs, name }: Traits<Item>,
  { withinMs = timeoutMs, gone }: { withinMs?: number; gone?: Gone | undefined } = {},
): Promise<Stats> {
  const counter = createNameCounter(query)
  const spanAt = 'timezone' in query ? calendarOf(query.by, query.timezone) : undefined
  let span = { key: '', endMs: 0 }
  for await (const { found } of matching({ filter: query.filter, order: 'asc' }, withinMs, gone)) {
    for (const item of found) {
      // items arrive in the order of time
      if (spanAt && timeMs(item) >= span.endMs) span = spanAt(timeMs(item))
      counter.add('timezone' in query ? span.key : name(item, query.by), 1)
    }
  }
  return counter.stats()
}
