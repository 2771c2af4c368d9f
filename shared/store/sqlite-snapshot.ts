import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { Filter } from '../filter.ts'
import type { Snapshot } from '../snapshot.ts'

/** The condition that a row of an index with positions belongs to a snapshot. */
export function isInSnapshot(snapshot: Snapshot): { text: string; values: SQLInputValue[] } {
  const values: SQLInputValue[] = []
  const partitions = snapshot.map(({ partition, last, missing }) => {
    values.push(partition, last, ...missing.flatMap((absent) => [absent.first, absent.last]))
    return `partition = ? AND offset <= ?${' AND offset NOT BETWEEN ? AND ?'.repeat(missing.length)} OR `
  })
  return { text: `(${partitions.join('')}partition < 0)`, values }
}

export function createSqliteSnapshots(db: DatabaseSync) {
  const from = 'SELECT 1 FROM activities INDEXED BY byPosition WHERE'
  const inPartition = db.prepare(`${from} partition = ? AND offset BETWEEN ? AND ? LIMIT 1`)
  const inOthers = db.prepare(`${from} partition > ? AND partition < ? LIMIT 1`)

  function hasMore(snapshot: Snapshot): boolean {
    const ends = [-1, ...snapshot.map(({ partition }) => partition), Number.MAX_SAFE_INTEGER]
    return (
      ends.slice(1).some((end, at) => inOthers.get(ends[at] as number, end)) ||
      snapshot.some(({ partition, last, missing }) =>
        [...missing, { first: last + 1, last: Number.MAX_SAFE_INTEGER }].some((absent) =>
          inPartition.get(partition, absent.first, absent.last),
        ),
      )
    )
  }

  /** Drops the snapshot from a filter if no record has arrived since, so that rows need not be checked for it. */
  return (filter: Filter): Filter => {
    const { snapshot, ...others } = filter
    return snapshot && !hasMore(snapshot) ? others : filter
  }
}
