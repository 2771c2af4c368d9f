import type { Filter } from '../filter.ts'
import { type FindQuery, type NameStatsQuery, type Stats, type StatsQuery, TooBroad } from './activities.ts'
import { calendarOf } from './calendar.ts'
import { createNameCounter } from './name-counter.ts'

/**
 * What matches also by its metadata, some at a time and in order. No index has metadata, so the activities that the other
 * filters leave are looked at one by one; not many more than it takes to have as many as are `wanted`. Rejects with TooBroad when
 * that takes too long.
 */
export type Matching<Item> = (
  query: Pick<FindQuery, 'filter' | 'order' | 'after'> & { wanted?: number },
  timeoutMs: number,
) => AsyncIterable<readonly Item[]>

/** Shorter than a client waits for an answer. */
const timeoutMs = 4000
/** A total is beside the point of a page, and need not be exact. */
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

/** What stats are about, of an item. */
export type Traits<Item> = { timeMs: (item: Item) => number; name: (item: Item, by: NameStatsQuery['by']) => string }

/** Counts what matches by name, or by time. Rejects with TooBroad. */
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
      // they come in the order of time
      if (spanAt && timeMs(item) >= span.endMs) span = spanAt(timeMs(item))
      counter.add('timezone' in query ? span.key : name(item, query.by), 1)
    }
  }
  return counter.stats()
}
