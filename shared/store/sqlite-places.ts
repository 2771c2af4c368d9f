import { maxPartitions } from '../ledger-summary.ts'
import type { Position } from '../receipt.ts'

/**
 * The place of an activity is its rowid: the partition and the offset of its record in one number, so positions need no
 * index. A record whose position is unknown, taken or too large has a negative place, and a row in `positions`.
 */
const offsets = 2 ** 40
/** Places are safe integers. */
const partitions = 2 ** 13

/** Returns undefined if the position has no place. */
export const placeOf = ({ partition, offset }: Position): number | undefined =>
  partition >= 0 && partition < partitions && offset >= 0 && offset < offsets ? partition * offsets + offset : undefined

/** The position of a place that is not negative. */
export const positionOf = (place: number): Position => ({
  partition: Math.floor(place / offsets),
  offset: place % offsets,
})

/** The places of an offset range, which is empty where positions have no places. Both ends are inclusive. */
export function placesOf(partition: number, first: number, last: number): { first: number; last: number } {
  if (!(partition >= 0 && partition < partitions)) return { first: 0, last: -1 }
  const base = partition * offsets
  return { first: base + Math.min(first, offsets), last: base + Math.min(last, offsets - 1) }
}

/** The places of all positions that the ledger counts, except those in `positions`, are below this one. */
export const endOfCounted = maxPartitions * offsets

/** SQL for the partition of a place. */
export const partitionInSql = `/ ${offsets}`
/** SQL for the first place of a partition. */
export const firstPlaceInSql = `* ${offsets}`
