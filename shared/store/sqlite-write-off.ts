import type { DatabaseSync } from 'node:sqlite'
import type { Position } from '../receipt.ts'
import { transaction } from '../sqlite/file.ts'
import type { Ends, WriteOffRecords } from './ledger-records.ts'
import { unknownPartition } from './outcomes.ts'
import { firstPlaceInSql, placeOf, placesOf, positionOf } from './sqlite-places.ts'
import { maxWrittenOff } from './write-off.ts'

/** What writing records off reads and writes. */
export function createSqliteWriteOff(db: DatabaseSync): WriteOffRecords {
  const limit = `LIMIT ${maxWrittenOff}`
  const inPlaces = db.prepare(`SELECT place FROM activities WHERE place BETWEEN ? AND ? ${limit}`)
  const inPlacesFrom = db.prepare(`SELECT place FROM activities WHERE place >= ? ${firstPlaceInSql} ${limit}`)
  const others = ['positions', 'outcomes'].map((table) => ({
    within: db.prepare(`SELECT partition, offset FROM ${table} WHERE partition = ? AND offset >= ? ${limit}`),
    from: db.prepare(`SELECT partition, offset FROM ${table} WHERE partition >= ? ${limit}`),
  }))
  const lastElsewhere = db.prepare('SELECT min(0, coalesce(min(place), 0)) AS place FROM activities')
  const move = db.prepare('UPDATE activities SET place = ? WHERE place = ?')
  const insertPosition = db.prepare(`INSERT INTO positions VALUES (?, ${unknownPartition}, ?)`)
  const forget = db.prepare(`UPDATE positions SET partition = ${unknownPartition} WHERE partition = ? AND offset = ?`)
  const remove = db.prepare('DELETE FROM outcomes WHERE partition = ? AND offset = ?')

  function* found(ends: Ends): Generator<Position> {
    for (const [partition, end] of ends.entries()) {
      const { first, last } = placesOf(partition, end, Number.MAX_SAFE_INTEGER)
      for (const { place } of inPlaces.all(first, last)) yield positionOf(place as number)
      for (const { within } of others) yield* within.all(partition, end) as Position[]
    }
    for (const { place } of inPlacesFrom.all(ends.length)) yield positionOf(place as number)
    for (const { from } of others) yield* from.all(ends.length) as Position[]
  }

  return {
    beyond(ends) {
      const positions: Position[] = []
      for (const position of found(ends)) {
        if (positions.length === maxWrittenOff) break
        positions.push(position)
      }
      return positions
    },
    forgetPositions: (positions) =>
      transaction(db, () => {
        let elsewhere = (lastElsewhere.get() as { place: number }).place
        for (const position of positions) {
          const { partition, offset } = position
          forget.run(partition, offset)
          remove.run(partition, offset)
          if (move.run(elsewhere - 1, placeOf(position) ?? null).changes > 0) insertPosition.run(--elsewhere, offset)
        }
      }),
  }
}
