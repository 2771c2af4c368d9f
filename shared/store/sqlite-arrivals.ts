import type { DatabaseSync } from 'node:sqlite'
import type { ArrivalsQuery, Found } from './activities.ts'
import { type Row, toFoundRow } from './sqlite-query.ts'

export function createSqliteArrivals(db: DatabaseSync) {
  const arrived = db.prepare(
    `SELECT * FROM activities INDEXED BY byPosition
     WHERE partition = $partition AND offset BETWEEN $first AND $last AND tenant = $tenant ORDER BY offset LIMIT $limit`,
  )
  return ({ tenant, partition, first, last, limit }: ArrivalsQuery): Found[] =>
    (arrived.all({ tenant, partition, first, last, limit }) as Row[]).map(toFoundRow)
}
