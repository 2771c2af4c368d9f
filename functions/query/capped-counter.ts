import type { Filter } from '@activity-log/shared/filter.ts'
import type { ActivityStore } from '@activity-log/shared/store/store.ts'

/** How far a total is counted when nobody asked for an exact one. */
export const countCap = 10_000

const rememberedMs = 60_000
const maxRemembered = 1000

export type CappedCounterOptions = { count: ActivityStore['count']; now: () => Date }

/**
 * Counts matches up to the cap, and returns cap + 1 for "more". That there are more is remembered for a minute: a log
 * hardly ever shrinks below it, and the count is the dearest part of a first page.
 */
export function cappedCounter({ count, now }: CappedCounterOptions): (filter: Filter) => Promise<number> {
  const overCapUntil = new Map<string, number>()
  return async (filter) => {
    const name = JSON.stringify(filter)
    if ((overCapUntil.get(name) ?? 0) > now().getTime()) return countCap + 1
    const counted = await count(filter, countCap + 1)
    if (counted > countCap) {
      if (overCapUntil.size >= maxRemembered) overCapUntil.clear()
      overCapUntil.set(name, now().getTime() + rememberedMs)
    }
    return counted
  }
}
