import type { DatabaseSync } from 'node:sqlite'
import type { ArrivalsQuery } from './activities.ts'
import { placesOf, positionOf } from './sqlite-places.ts'
import type { TimeSlicer } from './sqlite-time-slicer.ts'

/** How many rows to read in one step: their tenant is not in an index. */
const rowsAtOnce = 500

type Arrived = { place: number; offset: number }

/** Finds the places of the activities of an offset range. */
export function createSqliteArrivals(db: DatabaseSync) {
  const inPlaces = db.prepare(
    `SELECT place, tenants.name AS tenant FROM activities JOIN tenants ON number = tenant
     WHERE place BETWEEN ? AND ? ORDER BY place LIMIT ${rowsAtOnce}`,
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
      const rows = inPlaces.all(from, places.last) as { place: number; tenant: string }[]
      for (const { place, ...row } of rows) {
        if (row.tenant === tenant) arrived.push({ place, offset: positionOf(place).offset })
      }
      const end = rows.at(-1)
      if (!end || rows.length < rowsAtOnce) break
      from = end.place + 1
    }
    return arrived
      .toSorted((one, other) => one.offset - other.offset)
      .slice(0, limit)
      .map(({ place }) => place)
  }
}
