import type { DatabaseSync } from 'node:sqlite'
import type { ArrivalsQuery } from './activities.ts'
import { placesOf, positionOf } from './sqlite-places.ts'
import type { TimeSlicer } from './sqlite-time-slicer.ts'

/** How many rows to read in one step: their tenant is not in an index. */
const rowsAtOnce = 500

type Arrived = { place: number; offset: number }

/** Finds the places of the activities of an offset range. */
export function createSqliteArrivals(db: DatabaseSync) {
  const endOfStep = db.prepare(
    `SELECT place FROM activities WHERE place BETWEEN ? AND ? ORDER BY place LIMIT 1 OFFSET ${rowsAtOnce - 1}`,
  )
  // most rows are of other tenants, and cost little unless they become objects
  const inPlaces = db.prepare(
    'SELECT place FROM activities WHERE place BETWEEN ? AND ? AND +tenant = (SELECT number FROM tenants WHERE name = ?)',
  )
  const elsewhere = db.prepare(
    `SELECT place, offset FROM positions JOIN activities USING (place) JOIN tenants ON number = tenant
     WHERE partition = ? AND offset BETWEEN ? AND ? AND tenants.name = ? ORDER BY offset LIMIT ?`,
  )
  return async (
    { tenant, partition, first, last, limit }: ArrivalsQuery,
    timeSlicer: TimeSlicer,
  ): Promise<number[]> => {
    await timeSlicer()
    const arrived = elsewhere.all(partition, first, last, tenant, limit) as Arrived[]
    const others = arrived.length
    const places = placesOf(partition, first, last)
    for (let from = places.first; arrived.length - others < limit; await timeSlicer()) {
      const end = endOfStep.get(from, places.last)?.['place'] as number | undefined
      for (const { place } of inPlaces.all(from, end ?? places.last, tenant) as { place: number }[]) {
        arrived.push({ place, offset: positionOf(place).offset })
      }
      if (end === undefined) break
      from = end + 1
    }
    return arrived
      .toSorted((one, other) => one.offset - other.offset)
      .slice(0, limit)
      .map(({ place }) => place)
  }
}
