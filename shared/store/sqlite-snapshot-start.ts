import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { Filter, Order } from '../filter.ts'
import { maxPartitions } from '../ledger-summary.ts'
import type { Snapshot } from '../snapshot.ts'
import { anyOf } from './sqlite-conditions.ts'
import { startOfQuarter } from './sqlite-counted.ts'
import { allActions, createPartitions, quarterMs, quartersPerDay, unit } from './sqlite-counters.ts'
import type { SqliteNames } from './sqlite-names.ts'
import { endOfCounted, placesOf } from './sqlite-places.ts'
import { compare, type Range, rangeBehind, statementCache } from './sqlite-scan.ts'

/**
 * Skips the days and quarters of an hour in which a snapshot has nothing: a counter knows the first and the last place
 * of its activities. So a list as of long ago does not read everything that came since.
 */
export function createSnapshotStart(db: DatabaseSync, names: SqliteNames) {
  const prepare = statementCache(db)
  const partitions = createPartitions(db)
  const isAny = db.prepare('SELECT 1 FROM activities WHERE place BETWEEN ? AND ? LIMIT 1')

  /** Whether the snapshot may have activities that are not counted yet. */
  function hasUncounted(snapshot: Snapshot): boolean {
    return partitions().some(({ partition, first, last }) => {
      if (partition < 0) return isAny.get(Number.MIN_SAFE_INTEGER, first - 1) !== undefined
      const known = snapshot.find((each) => each.partition === partition)?.last ?? -1
      const end = partition < maxPartitions ? known : Number.POSITIVE_INFINITY
      return isAny.get(last + 1, placesOf(partition, 0, end).last) !== undefined
    })
  }

  /** The first day or quarter from `time` on whose places include some of the snapshot. */
  function next(tenant: number, unitOf: 0 | 1, time: number, order: Order, snapshot: Snapshot): number | undefined {
    const within = snapshot.filter(({ last }) => last >= 0).map(({ partition, last }) => placesOf(partition, 0, last))
    const ofSnapshot = anyOf(within.map(() => 'first <= ? AND last >= ?'))
    const statement = prepare(
      `SELECT time FROM counts WHERE tenant = ? AND unit = ? AND action = ${allActions}
         AND time ${order === 'asc' ? '>=' : '<='} ? AND n > 0
         AND (first < 0 OR last >= ${endOfCounted} OR ${ofSnapshot})
       ORDER BY time ${order} LIMIT 1`,
    )
    const values: SQLInputValue[] = within.flatMap(({ first, last }) => [last, first])
    return statement.get(tenant, unitOf, time, ...values)?.['time'] as number | undefined
  }

  /** The part of a range from the first quarter on that may have something of the snapshot; undefined if none has. */
  return ({ tenant: name, snapshot }: Filter, range: Range, order: Order): Range | undefined => {
    const tenant = names.tenant(name)
    if (!snapshot || tenant === undefined || hasUncounted(snapshot)) return range
    const isRising = order === 'asc'
    const start = isRising ? range.from : range.to
    const quarter = start ? Math.floor(start[0] / quarterMs) : isRising ? 0 : Number.MAX_SAFE_INTEGER
    const day = next(tenant, unit.day, Math.floor(quarter / quartersPerDay), order, snapshot)
    if (day === undefined) return undefined
    const ofDay = isRising ? day * quartersPerDay : (day + 1) * quartersPerDay - 1
    const from = isRising ? Math.max(quarter, ofDay) : Math.min(quarter, ofDay)
    const found = next(tenant, unit.quarter, from, order, snapshot)
    if (found === undefined) return undefined
    const begin = startOfQuarter(isRising ? found : found + 1)
    const isWithin = start && (isRising ? compare(begin, start) <= 0 : compare(begin, start) >= 0)
    return isWithin ? range : rangeBehind(range, order, begin)
  }
}
