import { type Progress, startProgress } from './progress.ts'

export type Partition = {
  number: number
  progress: Progress
  /** Ends the waits for retries; what has no outcome then is delivered again by whoever reads on from the commit. */
  release: AbortController
  /** What a commit has said lately, undefined where that is to be said again. */
  committed: number | undefined
}

export type Commit = { partition: Partition; offset: number }

/** The partitions that a member of a group has. */
export type Partitions = {
  get(number: number): Partition | undefined
  /** The group has agreed: those that went are released; those that stay keep their progress, and are returned. */
  assign(numbers: readonly number[]): readonly Partition[]
  /** What a commit has to say. */
  due(): readonly Commit[]
  /** All of it is due again. */
  sayAgain(): void
  releaseAll(): void
}

export function noPartitions(): Partitions {
  const partitions = new Map<number, Partition>()
  const sayAgain = () => {
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
      // the member that had one in between may have committed less
      sayAgain()
      for (const number of numbers) if (!partitions.has(number)) partitions.set(number, startPartition(number))
      return stayed
    },
    due: () =>
      [...partitions.values()].flatMap((partition) => {
        const offset = partition.progress.committable()
        return offset === undefined || offset === partition.committed ? [] : [{ partition, offset }]
      }),
    sayAgain,
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
