import type { DatabaseSync } from 'node:sqlite'
import type { ArrivalsQuery, RecordedActivity } from './activities.ts'
import { placesOf, positionOf } from './sqlite-places.ts'

const usualMaxTenants = 50_000

/** Up to the offset `end`, any tenant may have something. */
type Known = { end: number; latest: Map<string, number> }

export type LatestArrivals = {
  /** Takes note of activities that were stored. */
  note(activities: readonly RecordedActivity[]): void
  /** Whether it is known that the tenant has nothing in an offset range. */
  hasNone(query: Pick<ArrivalsQuery, 'tenant' | 'partition' | 'first'>): boolean
}

/**
 * Remembers the last offset of each tenant of which something was stored since somebody first asked. Each live list
 * looks for what is new whenever any tenant has something new; without this, each of them would read all of it, in the
 * thread that others need. Nobody else writes to the database meanwhile.
 */
export function createSqliteLatestArrivals(db: DatabaseSync, maxTenants = usualMaxTenants): LatestArrivals {
  const lastPlace = db.prepare('SELECT max(place) AS place FROM activities WHERE place BETWEEN ? AND ?')
  const lastElsewhere = db.prepare('SELECT max(offset) AS offset FROM positions WHERE partition = ?')
  const partitions = new Map<number, Known>()

  function knownOf(partition: number): Known {
    const known = partitions.get(partition) ?? { end: endOf(partition), latest: new Map() }
    partitions.set(partition, known)
    return known
  }

  function endOf(partition: number): number {
    const { first, last } = placesOf(partition, 0, Number.POSITIVE_INFINITY)
    const { place } = lastPlace.get(first, last) as { place: number | null }
    const { offset } = lastElsewhere.get(partition) as { offset: number | null }
    return Math.max(place === null ? -1 : positionOf(place).offset, offset ?? -1)
  }

  function forget(known: Known) {
    for (const offset of known.latest.values()) known.end = Math.max(known.end, offset)
    known.latest.clear()
  }

  return {
    note(activities) {
      for (const { tenant, position } of activities) {
        const known = partitions.get(position.partition)
        if (!known) continue
        const { latest } = known
        if (latest.size >= maxTenants) forget(known)
        latest.set(tenant, Math.max(position.offset, latest.get(tenant) ?? -1))
      }
    },
    hasNone({ tenant, partition, first }) {
      const { end, latest } = knownOf(partition)
      return first > end && (latest.get(tenant) ?? -1) < first
    },
  }
}
