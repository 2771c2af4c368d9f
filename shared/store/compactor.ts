import type { Position } from '../receipt.ts'
import { within } from '../within.ts'
import { isKnownPosition, partitionsToCompact } from './outcomes.ts'

export type CompactorOptions = {
  /** `isQuiet`: nothing more of the partition is expected soon. */
  compact: (partition: number, isQuiet: boolean) => Promise<void>
  /** How long after its first record recently a partition is compacted, however few they are. */
  quietMs: number
}

/** Has partitions compacted as their records arrive, beside the work: nobody waits for it, and what fails is done the next time. */
export interface Compactor extends AsyncDisposable {
  /** These records have an outcome now. */
  arrived(positions: readonly Position[]): void
}

const finishMs = 2000

/**
 * What is not compacted is lost to the ledger when the store deletes what is old. So a partition is compacted after so many
 * records, after a while, and at the end.
 */
export function startCompactor({ compact, quietMs }: CompactorOptions): Compactor {
  const due = new Set<number>()
  const open = new Set<number>()
  let timer: NodeJS.Timeout | undefined
  let underWay: Promise<void> | undefined
  let isOver = false

  async function compactDue() {
    for (const partition of due) {
      due.delete(partition)
      await compact(partition, false).catch(() => {})
    }
    underWay = undefined
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
      expect(positions.filter(isKnownPosition).map(({ partition }) => partition))
      for (const partition of partitionsToCompact(positions)) due.add(partition)
      if (due.size > 0) underWay ??= compactDue()
    },
    async [Symbol.asyncDispose]() {
      isOver = true
      clearTimeout(timer)
      const finish = async () => {
        await underWay
        await Promise.all([...open].map((partition) => compact(partition, true)))
      }
      await within(finishMs, finish(), 'The ledger was not compacted').catch(() => {})
    },
  }
}
