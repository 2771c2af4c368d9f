import { type Progress, startProgress } from './progress.ts'

export type Partition = {
  number: number
  progress: Progress
  /** Ends waits for retries. The next owner of the partition delivers the records without an outcome again. */
  release: AbortController
  /** The offset that was committed last; undefined if it has to be committed again. */
  committed: number | undefined
}

export type Commit = { partition: Partition; offset: number }

/** The partitions that are assigned to a member of the group. */
export type Partitions = {
  get(number: number): Partition | undefined
  /** Applies an assignment: releases the partitions that are gone, and returns those that stay, with their progress. */
  assign(numbers: readonly number[]): readonly Partition[]
  /** Returns the offsets that have to be committed. */
  due(): readonly Commit[]
  /** Makes all offsets due again. */
  commitAgain(): void
  releaseAll(): void
}

export function createPartitions(): Partitions {
  const partitions = new Map<number, Partition>()
  const commitAgain = () => {
    for (const partition of partitions.values()) partition.committed = undefined
  }

  return {
    get: (number) => partitions.get(number),
    assign(numbers) {
      for (const [number, { release }] of partitions) {
        if (numbers.includes(number)) continue
        release.abort()
        partitions.delete(number)
      }
      const stayed = [...partitions.values()]
      // the member that had a partition in between may have committed a lower offset
      commitAgain()
      for (const number of numbers) if (!partitions.has(number)) partitions.set(number, startPartition(number))
      return stayed
    },
    due: () =>
      [...partitions.values()].flatMap((partition) => {
        const offset = partition.progress.committable()
        return offset === undefined || offset === partition.committed ? [] : [{ partition, offset }]
      }),
    commitAgain,
    releaseAll() {
      for (const { release } of partitions.values()) release.abort()
    },
  }
}

const startPartition = (number: number): Partition => ({
  number,
  progress: startProgress(),
  release: new AbortController(),
  committed: undefined,
})
