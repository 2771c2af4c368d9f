import type { CountedRange } from '../ledger-summary.ts'

/** Through this offset, every outcome of a partition was known and counted at that moment. */
export type Seal = { through: number; atMs: number }
/** How far the duplicates of a partition are pruned, and its seals that are not due yet, oldest first. */
export type Pruning = { through: number; seals: readonly Seal[] }

type Awaitable<Result> = Result | Promise<Result>

/** The operations that a database must provide for the pruning. */
export type PruningRecords = {
  partitions(): Awaitable<readonly { partition: number; ranges: readonly CountedRange[] }[]>
  pruning(partition: number): Awaitable<Pruning | undefined>
  setPruning(partition: number, pruning: Pruning): Awaitable<void>
  /**
   * Deletes the outcomes of duplicates in this range of offsets, but looks at no more than `maxPruned` outcomes.
   * Returns the last offset that it looked at, which is `last` if it reached the end.
   */
  pruneDuplicates(partition: number, first: number, last: number): Awaitable<number>
}

/** The maximum number of outcomes that one step looks at. */
export const maxPruned = 1000

const dayMs = 24 * 60 * 60 * 1000
/** How long after its seal the outcome of a duplicate is kept. */
const keptMs = 30 * dayMs
/** The time of receipt of the last record is looked up among this many offsets, so the last ones stay. */
export const keptAtEnd = 100

/**
 * Prunes the outcomes of duplicates, since anyone can cause any number of them by sending an activity again. Only one
 * that was sealed 30 days ago is pruned. The ledger has counted it, so it stays as complete as before.
 */
export async function pruneDuplicates(
  records: PruningRecords,
  now: () => Date,
  pause: () => Promise<void>,
): Promise<void> {
  for (const { partition, ranges } of await records.partitions()) {
    const [first] = ranges
    if (first?.first === 0) await prunePartition(partition, first.last - keptAtEnd)
  }

  async function prunePartition(partition: number, sealable: number) {
    const atMs = now().getTime()
    let { through, seals }: Pruning = (await records.pruning(partition)) ?? { through: -1, seals: [] }
    const newest = seals.at(-1)
    // one seal a day bounds their number; a seal from the future was made before a clock was set back
    const isSealDue = !newest || Math.abs(atMs - newest.atMs) >= dayMs
    if (isSealDue && sealable > (newest?.through ?? through)) seals = [...seals, { through: sealable, atMs }]
    else if (!seals.some((seal) => isDue(seal, atMs))) return

    const due = seals.findLast((seal) => isDue(seal, atMs))?.through ?? through
    await records.setPruning(partition, { through, seals })
    while (through < due) {
      through = await records.pruneDuplicates(partition, through + 1, due)
      if (through === due) seals = seals.filter((seal) => seal.through > due)
      await records.setPruning(partition, { through, seals })
      await pause()
    }
  }
}

const isDue = ({ atMs }: Seal, nowMs: number) => nowMs - atMs >= keptMs
