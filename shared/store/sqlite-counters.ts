import type { DatabaseSync } from 'node:sqlite'
import { placesOf, positionOf } from './sqlite-places.ts'

/**
 * The table `counts` has the number of activities of each tenant per action, and of all actions together (action 0), in
 * each quarter of an hour, on each day in UTC, and ever. Time zones differ by quarters of an hour, so their hours, days
 * and months consist of them. `users.activities` has the number of each user.
 */
export const unit = { quarter: 0, day: 1, ever: 2 } as const
export const quarterMs = 900_000
export const quartersPerDay = 96
export const allActions = 0

/** Activities are counted together: that takes a tenth of the time of counting each on its own. */
export const countedAtOnce = 512

/** The places of a partition that are counted; both ends are inclusive. The partition of negative places is -1. */
export type Counted = { partition: number; first: number; last: number }

type Row = [place: number, tenant: number, user: number, action: number, timestampMs: number]
type Cell = { tenant: number; unit: number; action: number; time: number; n: number; first: number; last: number }

export type SqliteCounters = ReturnType<typeof createSqliteCounters>

/**
 * Counts activities in the order of their places, some time after they were saved. The table `counted` says how far
 * that is, and changes in the same transaction, so a crash changes nothing. Whatever is saved or deleted later among
 * the counted places is counted by triggers. A read adds those that are not counted yet (sqlite-counted.ts).
 */
export function createSqliteCounters(db: DatabaseSync) {
  const partitions = createPartitions(db)
  const columns = 'place, tenant, user, action, timestampMs'
  const above = db.prepare(`SELECT ${columns} FROM activities WHERE place > ? AND place <= ? ORDER BY place LIMIT ?`)
  const below = db.prepare(`SELECT ${columns} FROM activities WHERE place < ? ORDER BY place DESC LIMIT ?`)
  above.setReturnArrays(true)
  below.setReturnArrays(true)
  const addCell = db.prepare(
    `INSERT INTO counts VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET n = n + excluded.n, first = min(first, excluded.first), last = max(last, excluded.last)`,
  )
  const addUser = db.prepare('UPDATE users SET activities = activities + ? WHERE number = ?')
  const put = db.prepare('INSERT INTO counted VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET first = ?2, last = ?3')

  function next({ partition, first, last }: Counted, max: number): Row[] {
    const rows =
      partition < 0
        ? below.all(first, max)
        : above.all(last, placesOf(partition, 0, Number.POSITIVE_INFINITY).last, max)
    return rows as unknown[] as Row[]
  }

  function add(rows: readonly Row[]) {
    const quarters = new Map<string, Cell>()
    const users = new Map<number, number>()
    for (const [place, tenant, user, action, timestampMs] of rows) {
      const time = Math.floor(timestampMs / quarterMs)
      addTo(quarters, { tenant, unit: unit.quarter, action, time, n: 1, first: place, last: place })
      users.set(user, (users.get(user) ?? 0) + 1)
    }
    const cells = new Map(quarters)
    for (const cell of quarters.values()) {
      const day = Math.floor(cell.time / quartersPerDay)
      for (const action of [cell.action, allActions]) {
        if (action === allActions) addTo(cells, { ...cell, action })
        addTo(cells, { ...cell, action, unit: unit.day, time: day })
        addTo(cells, { ...cell, action, unit: unit.ever, time: 0 })
      }
    }
    for (const { tenant, unit, action, time, n, first, last } of cells.values()) {
      addCell.run(tenant, unit, action, time, n, first, last)
    }
    for (const [user, n] of users) addUser.run(n, user)
  }

  /** Counts up to `max` more activities, within the transaction of the caller, and returns how many it counted. */
  return (max: number): number => {
    let left = max
    for (const counted of partitions()) {
      if (left === 0) break
      const rows = next(counted, left)
      const end = rows.at(-1)
      if (!end) continue
      add(rows)
      const { partition, first, last } = counted
      put.run(partition, partition < 0 ? end[0] : first, partition < 0 ? last : end[0])
      left -= rows.length
    }
    return max - left
  }
}

function addTo(cells: Map<string, Cell>, cell: Cell) {
  const name = `${cell.tenant}/${cell.unit}/${cell.action}/${cell.time}`
  const known = cells.get(name)
  if (known) {
    known.n += cell.n
    known.first = Math.min(known.first, cell.first)
    known.last = Math.max(known.last, cell.last)
  } else cells.set(name, { ...cell })
}

/** All partitions that have activities in the table, and what is counted of each. */
export function createPartitions(db: DatabaseSync): () => Counted[] {
  const countedOf = db.prepare('SELECT first, last FROM counted WHERE partition = ?')
  const firstFrom = db.prepare('SELECT min(place) AS place FROM activities WHERE place >= ?')

  return () => {
    const partitions: Counted[] = []
    for (let from = Number.MIN_SAFE_INTEGER; ; ) {
      const { place } = firstFrom.get(from) as { place: number | null }
      if (place === null) return partitions
      const partition = place < 0 ? -1 : positionOf(place).partition
      const places = place < 0 ? { first: 0, last: -1 } : placesOf(partition, 0, Number.POSITIVE_INFINITY)
      const counted = countedOf.get(partition) as Omit<Counted, 'partition'> | undefined
      partitions.push({ partition, first: places.first, last: places.first - 1, ...counted })
      from = places.last + 1
    }
  }
}
