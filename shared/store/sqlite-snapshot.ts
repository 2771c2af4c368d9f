import type { DatabaseSync } from 'node:sqlite'
import type { Filter } from '../filter.ts'
import { maxPartitions } from '../ledger-summary.ts'
import type { Snapshot } from '../snapshot.ts'
import { anyOf, type Condition } from './sqlite-conditions.ts'
import { endOfCounted, placesOf } from './sqlite-places.ts'

/** The condition that an entry of an index belongs to a snapshot. */
export function isInSnapshot(snapshot: Snapshot): Condition {
  const within = snapshot.map(({ partition, last }) => placesOf(partition, 0, last))
  const missing = snapshot.flatMap(({ partition, missing }) =>
    missing.map((absent) => placesOf(partition, absent.first, absent.last)),
  )
  const elsewhere = snapshot.map(
    ({ missing }) => `partition = ? AND offset <= ? AND NOT ${anyOf(missing.map(() => 'offset BETWEEN ? AND ?'))}`,
  )
  const place = 'place BETWEEN ? AND ?'
  return {
    text: `(place >= 0 AND ${anyOf(within.map(() => place))} AND NOT ${anyOf(missing.map(() => place))}
      OR place >= ${endOfCounted}
      OR place < 0 AND EXISTS (SELECT 1 FROM positions WHERE positions.place = activities.place
        AND (partition < 0 OR partition >= ${maxPartitions} OR ${anyOf(elsewhere)})))`,
    values: [
      ...[...within, ...missing].flatMap(({ first, last }) => [first, last]),
      ...snapshot.flatMap(({ partition, last, missing }) => [
        partition,
        last,
        ...missing.flatMap((absent) => [absent.first, absent.last]),
      ]),
    ],
  }
}

export function createSqliteSnapshots(db: DatabaseSync) {
  const inPlaces = db.prepare('SELECT 1 FROM activities WHERE place BETWEEN ? AND ? LIMIT 1')
  const inPartition = db.prepare('SELECT 1 FROM positions WHERE partition = ? AND offset BETWEEN ? AND ? LIMIT 1')
  const inPartitions = db.prepare('SELECT 1 FROM positions WHERE partition > ? AND partition < ? LIMIT 1')

  function hasIn(partition: number, first: number, last: number): boolean {
    const places = placesOf(partition, first, last)
    return !!(inPlaces.get(places.first, places.last) || inPartition.get(partition, first, last))
  }

  /** Whether there is a record in a partition between two others. */
  function hasBetween(before: number, behind: number): boolean {
    const first = before < 0 ? 0 : placesOf(before, 0, Number.MAX_SAFE_INTEGER).last + 1
    const last = placesOf(behind, 0, 0)
    const end = last.last < last.first ? Number.MAX_SAFE_INTEGER : last.first - 1
    return !!(inPlaces.get(first, end) || inPartitions.get(before, behind))
  }

  function hasMore(snapshot: Snapshot): boolean {
    const ends = [-1, ...snapshot.map(({ partition }) => partition), maxPartitions]
    return (
      ends.slice(1).some((end, at) => hasBetween(ends[at] as number, end)) ||
      snapshot.some(({ partition, last, missing }) =>
        [...missing, { first: last + 1, last: Number.MAX_SAFE_INTEGER }].some((absent) =>
          hasIn(partition, absent.first, absent.last),
        ),
      )
    )
  }

  /**
   * Drops the snapshot from a filter if no record has arrived since, so that rows need not be checked for it. A made-up
   * one may name a thousand partitions, each of which would be compared with every row: those without a record are left
   * out. With `isLong`, others may write before the last row is read, so the snapshot stays.
   */
  return (filter: Filter, isLong = false): Filter => {
    const { snapshot, ...others } = filter
    if (!snapshot) return filter
    if (!isLong && !hasMore(snapshot)) return others
    return { ...others, snapshot: snapshot.filter(({ partition, last }) => hasIn(partition, 0, last)) }
  }
}
