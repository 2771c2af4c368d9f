import { type Counted, type Stats, type StatsQuery, TooBroad } from './activities.ts'
import { startMs } from './calendar.ts'

/** The maximum number of keys in memory. */
export const maxKeys = 50_000

/** Counts by key and returns the keys that a query selects. */
export type NameCounter = {
  /** Throws TooBroad if there are more than `maxKeys`. */
  add(key: string, count: number): void
  /** Adds the complete count of a key, so that keys outside the top need not be kept. */
  addWhole(key: string, count: number): void
  stats(): Stats
}

export function createNameCounter(query: StatsQuery): NameCounter {
  const counts = new Map<string, number>()
  const { prefix = '', after } = 'timezone' in query ? {} : query
  const first = 'timezone' in query ? newest : topCounts
  const firsts = () => first(counts, query.limit, after)
  let total = 0

  return {
    add(key, count) {
      if (count === 0 || !key.startsWith(prefix)) return
      total += count
      counts.set(key, (counts.get(key) ?? 0) + count)
      if (counts.size > maxKeys) throw new TooBroad(`There are more than ${maxKeys} different keys to count`)
    },
    addWhole(key, count) {
      if (counts.size === maxKeys) {
        const kept = firsts()
        counts.clear()
        for (const { key, count } of kept) counts.set(key, count)
      }
      this.add(key, count)
    },
    stats: () => ({ data: firsts(), total }),
  }
}

function newest(counts: ReadonlyMap<string, number>, limit: number): Counted[] {
  const inOrder = [...counts].sort(([one], [other]) => startMs(one) - startMs(other))
  return inOrder.slice(-limit).map(([key, count]) => ({ key, count }))
}

/** Takes one pass: most keys are not in the top, and are compared only with its last one. */
function topCounts(counts: ReadonlyMap<string, number>, limit: number, after?: Counted): Counted[] {
  const first: Counted[] = []
  for (const [key, count] of counts) {
    const counted = { key, count }
    if (after && !before(after, counted)) continue
    if (first.length === limit && before(first[limit - 1] as Counted, counted)) continue
    let [low, high] = [0, first.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (before(first[middle] as Counted, counted)) low = middle + 1
      else high = middle
    }
    first.splice(low, 0, counted)
    if (first.length > limit) first.pop()
  }
  return first
}

const before = (one: Counted, other: Counted) =>
  one.count === other.count ? byCodePoint(one.key, other.key) < 0 : one.count > other.count

/**
 * Compares in the order of UTF-8, as databases do. JavaScript orders surrogates before the last characters of 16 bits.
 */
export function byCodePoint(one: string, other: string): number {
  const length = Math.min(one.length, other.length)
  for (let at = 0; at < length; at++) {
    const [a, b] = [one.charCodeAt(at), other.charCodeAt(at)]
    if (a !== b) return inOrder(a) - inOrder(b)
  }
  return one.length - other.length
}

const inOrder = (unit: number) => (unit < 0xd800 ? unit : unit < 0xe000 ? unit + 0x2000 : unit - 0x800)
