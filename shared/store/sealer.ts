import type { Position } from '../receipt.ts'
import { within } from '../within.ts'
import { isKnownPosition, partitionsToSeal } from './outcomes.ts'

export type SealerOptions = {
  /** `isQuiet`: nothing more of the partition is expected soon. */
  seal: (partition: number, isQuiet: boolean) => Promise<void>
  /** How long after its first record of late a partition is sealed, however few they are. */
  quietMs: number
}

/** Has partitions sealed as their records arrive, beside the work: nobody waits for it, and what fails is done the next time. */
export interface Sealer extends AsyncDisposable {
  /** These records have an outcome now. */
  arrived(positions: readonly Position[]): void
}

const finishMs = 2000

/**
 * What is not sealed is lost to the books when the store deletes what is old. So a partition is sealed after so many
 * records, after a while, and at the end.
 */
export function startSealer({ seal, quietMs }: SealerOptions): Sealer {
  const due = new Set<number>()
  const open = new Set<number>()
  let timer: NodeJS.Timeout | undefined
  let underWay: Promise<void> | undefined
  let isOver = false

  async function sealDue() {
    for (const partition of due) {
      due.delete(partition)
      await seal(partition, false).catch(() => {})
    }
    underWay = undefined
  }

  async function sealOpen() {
    timer = undefined
    const partitions = [...open]
    open.clear()
    for (const partition of partitions) {
      await seal(partition, true).catch(() => expect([partition]))
    }
  }

  function expect(partitions: readonly number[]) {
    for (const partition of partitions) open.add(partition)
    if (partitions.length > 0 && !isOver) timer ??= setTimeout(() => void sealOpen(), quietMs).unref()
  }

  return {
    arrived(positions) {
      expect(positions.filter(isKnownPosition).map(({ partition }) => partition))
      for (const partition of partitionsToSeal(positions)) due.add(partition)
      if (due.size > 0) underWay ??= sealDue()
    },
    async [Symbol.asyncDispose]() {
      isOver = true
      clearTimeout(timer)
      const finish = async () => {
        await underWay
        await Promise.all([...open].map((partition) => seal(partition, true)))
      }
      await within(finishMs, finish(), 'The books were not sealed').catch(() => {})
    },
  }
}
