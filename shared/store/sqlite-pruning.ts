import type { DatabaseSync } from 'node:sqlite'
import type { CountedRange } from '../ledger-summary.ts'
import { maxPruned, type Pruning, type PruningRecords } from './duplicate-pruning.ts'

/** What the pruning of duplicates reads and writes. */
export function createSqlitePruning(db: DatabaseSync): PruningRecords {
  const partitions = db.prepare('SELECT partition, ranges FROM ledger ORDER BY partition')
  const get = db.prepare('SELECT pruning FROM pruned WHERE partition = ?')
  const put = db.prepare(
    'INSERT INTO pruned VALUES ($partition, $pruning) ON CONFLICT DO UPDATE SET pruning = $pruning',
  )
  const beyond = db.prepare(
    `SELECT offset FROM outcomes WHERE partition = ? AND offset BETWEEN ? AND ? ORDER BY offset
     LIMIT 1 OFFSET ${maxPruned}`,
  )
  const remove = db.prepare(
    "DELETE FROM outcomes WHERE partition = ? AND offset BETWEEN ? AND ? AND outcome = 'duplicate'",
  )
  return {
    partitions: () =>
      partitions.all().map(({ partition, ranges }) => ({
        partition: partition as number,
        ranges: JSON.parse(ranges as string) as CountedRange[],
      })),
    pruning(partition) {
      const row = get.get(partition)
      return row && (JSON.parse(row['pruning'] as string) as Pruning)
    },
    setPruning: (partition, pruning) => void put.run({ partition, pruning: JSON.stringify(pruning) }),
    pruneDuplicates(partition, first, last) {
      const next = beyond.get(partition, first, last) as { offset: number } | undefined
      const through = next ? next.offset - 1 : last
      remove.run(partition, first, through)
      return through
    },
  }
}
