import type { Filter } from '../filter.ts'
import { type FindQuery, type NameStatsQuery, type Stats, type StatsQuery, TooBroad } from './activities.ts'
import { calendarOf } from './calendar.ts'
import { createNameCounter } from './name-counter.ts'

/**
 * Yields the activities that also match by metadata, in batches and in order. No index covers metadata, so the
 * activities that match the other filters are examined one by one, and not many more than it takes to find `wanted` of
 * them. Rejects with TooBroad if that takes too long.
 */
export type Matching<Item> = (
  query: Pick<FindQuery, 'filter' | 'order' | 'after'> & { wanted?: number },
  timeoutMs: number,
) => AsyncIterable<readonly Item[]>

/** The timeout is shorter than a client waits for an answer. */
const timeoutMs = 4000
/** The total of a page is secondary and need not be exact, so it gets less time. */
const totalTimeoutMs = 1000

export async function findMatching<Item>(
  matching: Matching<Item>,
  { limit, skip = 0, ...query }: FindQuery,
): Promise<Item[]> {
  const found: Item[] = []
  for await (const items of matching({ ...query, wanted: skip + limit }, timeoutMs)) {
    found.push(...items)
    if (found.length >= skip + limit) break
  }
  return found.slice(skip, skip + limit)
}

export async function countMatching(
  matching: Matching<unknown>,
  filter: Filter,
  max = Number.POSITIVE_INFINITY,
): Promise<number> {
  let counted = 0
  try {
    for await (const items of matching({ filter, order: 'asc' }, Number.isFinite(max) ? totalTimeoutMs : timeoutMs)) {
      counted += items.length
      if (counted >= max) return max
    }
    return counted
  } catch (error) {
    throw error instanceof TooBroad ? new TooBroad(error.message, counted) : error
  }
}

/** The properties of an item that stats count by. */
export type Traits<Item> = { timeMs: (item: Item) => number; name: (item: Item, by: NameStatsQuery['by']) => string }

/** Counts matching activities by name or by time. Rejects with TooBroad. */
export async function tallyMatching<Item>(
  matching: Matching<Item>,
  query: StatsQuery,
  { timeMs, name }: Traits<Item>,
  withinMs = timeoutMs,
): Promise<Stats> {
  const counter = createNameCounter(query)
  const spanAt = 'timezone' in query ? calendarOf(query.by, query.timezone) : undefined
  let span = { key: '', endMs: 0 }
  for await (const items of matching({ filter: query.filter, order: 'asc' }, withinMs)) {
    for (const item of items) {
      // items arrive in the order of time
      if (spanAt && timeMs(item) >= span.endMs) span = spanAt(timeMs(item))
      counter.add('timezone' in query ? span.key : name(item, query.by), 1)
    }
  }
  return counter.stats()
}
