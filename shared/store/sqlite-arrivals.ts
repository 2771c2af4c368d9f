import type { DatabaseSync } from 'node:sqlite'
import type { ArrivalsQuery } from './activities.ts'
import type { TimeSlicer } from './sqlite-time-slicer.ts'

/** How many rows to read in one step: the index does not contain their tenant. */
const rowsAtOnce = 500

type Arrived = { key: string; tenant: string; offset: number }

/** Finds the keys of the activities of an offset range. */
export function createSqliteArrivals(db: DatabaseSync) {
  const arrived = db.prepare(
    `SELECT key, tenant, offset FROM activities INDEXED BY byPosition
     WHERE partition = $partition AND (offset, key) > ($offset, $key) AND offset <= $last ORDER BY offset, key
     LIMIT ${rowsAtOnce}`,
  )
  return async (
    { tenant, partition, first, last, limit }: ArrivalsQuery,
    timeSlicer: TimeSlicer,
  ): Promise<string[]> => {
    const keys: string[] = []
    for (let place = { offset: first, key: '' }; ; ) {
      await timeSlicer()
      const rows = arrived.all({ partition, last, ...place }) as Arrived[]
      keys.push(...rows.flatMap((row) => (row.tenant === tenant ? row.key : [])))
      const end = rows.at(-1)
      if (!end || rows.length < rowsAtOnce || keys.length >= limit) return keys.slice(0, limit)
      place = { offset: end.offset, key: end.key }
    }
  }
}
