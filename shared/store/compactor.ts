import { isCounted } from '../ledger-summary.ts'
import type { Position } from '../receipt.ts'
import { within } from '../within.ts'
import { partitionsToCompact } from './outcomes.ts'

export type CompactorOptions = {
  /** `isQuiet`: no more records of the partition are expected soon. */
  compact: (partition: number, isQuiet: boolean) => Promise<void>
  /** How long after its first uncompacted record a partition is compacted, even with few records. */
  quietMs: number
}

/** Compacts partitions in the background as their records arrive. A compaction that fails is retried the next time. */
export interface Compactor extends AsyncDisposable {
  /** Tells the compactor that these records have an outcome now. */
  arrived(positions: readonly Position[]): void
}

const finishMs = 2000

/**
 * The ledger loses outcomes that are not compacted when the store deletes old activities. So a partition is compacted
 * after a number of records, after a while, and on disposal.
 */
export function startCompactor({ compact, quietMs }: CompactorOptions): Compactor {
  const due = new Set<number>()
  const open = new Set<number>()
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined
  let isOver = false

  async function compactDue() {
    for (const partition of due) {
      due.delete(partition)
      await compact(partition, false).catch(() => {})
    }
    running = undefined
  }

  async function compactOpen() {
    timer = undefined
    const partitions = [...open]
    open.clear()
    for (const partition of partitions) {
      await compact(partition, true).catch(() => expect([partition]))
    }
  }

  function expect(partitions: readonly number[]) {
    for (const partition of partitions) open.add(partition)
    if (partitions.length > 0 && !isOver) timer ??= setTimeout(() => void compactOpen(), quietMs).unref()
  }

  return {
    arrived(positions) {
      expect(positions.filter(isCounted).map(({ partition }) => partition))
      for (const partition of partitionsToCompact(positions)) due.add(partition)
      if (due.size > 0) running ??= compactDue()
    },
    async [Symbol.asyncDispose]() {
      isOver = true
      clearTimeout(timer)
      const finish = async () => {
        await running
        await Promise.all([...open].map((partition) => compact(partition, true)))
      }
      await within(finishMs, finish(), 'The ledger was not compacted').catch(() => {})
    },
  }
}
