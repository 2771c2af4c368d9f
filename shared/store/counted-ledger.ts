import {
  abandonBelow,
  type CountedRange,
  compactRanges,
  completeTime,
  joinRanges,
  type Known,
  type LedgerSummary,
  lastComplete,
  openRanges,
  summarize,
  toRanges,
} from '../ledger-summary.ts'
import { StoreUnavailable } from './store.ts'

/** An offset range that has no end without a `last`. */
export type OpenRange = { first: number; last?: number }

type Awaitable<Result> = Result | Promise<Result>

/** All that a database has to be able to do so that the ledger can be kept in it. `Compacted` may hold more than the ranges. */
export type LedgerRecords<Compacted extends { ranges: readonly CountedRange[] }> = {
  /** Every partition of which anything is known, in order, with what is compacted of it. */
  partitions(): Awaitable<readonly { partition: number; compacted: Compacted | undefined }[]>
  compacted(partition: number): Awaitable<Compacted | undefined>
  /**
   * What is known in these ranges, in the order of the offsets; where one offset has two outcomes, the stored one stands first. `areAll`:
   * nothing was left out.
   */
  known(partition: number, ranges: readonly OpenRange[]): Awaitable<{ known: readonly Known[]; areAll: boolean }>
  /** Resolves with whether it did: not when what is compacted is no longer what it was. `isLasting`: on disk when it resolves. */
  swapCompacted(
    partition: number,
    before: Compacted | undefined,
    ranges: readonly CountedRange[],
    isLasting: boolean,
  ): Awaitable<boolean>
  /** When the record at an offset was received, or the nearest one before it of which that is known. */
  lastRecordedAt(partition: number, offset: number): Awaitable<Date | undefined>
}

export type CountedLedger = {
  read(): Promise<LedgerSummary>
  /** `isQuiet`: nothing more of the partition is expected soon. */
  compact(partition: number, isQuiet: boolean): Promise<void>
  abandon(partition: number, below: number): Promise<void>
}

type Rewrite = (compacted: readonly CountedRange[], counted: readonly CountedRange[]) => CountedRange[]

const maxAttempts = 20
/** The connections to a database are for others, too. */
const partitionsAtOnce = 3

/** Counts which records are accounted for, whatever database has their outcomes. */
export function createCountedLedger<Compacted extends { ranges: readonly CountedRange[] }>(
  records: LedgerRecords<Compacted>,
): CountedLedger {
  /** What is not compacted, as far as it is counted: `uncounted` says that there may be more. */
  async function count(partition: number, ranges: readonly CountedRange[]) {
    const { known, areAll } = await records.known(partition, openRanges(ranges))
    return { counted: toRanges(known), uncounted: !areAll }
  }

  /** Resolves with whether it did: not when another one did meanwhile. */
  async function rewriteOnce(partition: number, change: Rewrite, isLasting: boolean): Promise<boolean> {
    const compacted = await records.compacted(partition)
    const ranges = compacted?.ranges ?? []
    const { counted } = await count(partition, ranges)
    return records.swapCompacted(partition, compacted, change(ranges, counted), isLasting)
  }

  async function rewrite(partition: number, change: Rewrite, isLasting: boolean) {
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      if (await rewriteOnce(partition, change, isLasting)) return
    }
    throw new StoreUnavailable(`The ledger of partition ${partition} was always written by another one meanwhile`)
  }

  async function readOne(partition: number, ranges: readonly CountedRange[]) {
    const { counted, uncounted } = await count(partition, ranges)
    const summary = summarize(partition, joinRanges(ranges, counted), uncounted)
    return { summary, lastRecordedAt: await records.lastRecordedAt(partition, lastComplete(summary)) }
  }

  return {
    async read() {
      const counted: Awaited<ReturnType<typeof readOne>>[] = []
      const rest = (await records.partitions()).values()
      const readSome = async () => {
        for (const { partition, compacted } of rest) counted.push(await readOne(partition, compacted?.ranges ?? []))
      }
      await Promise.all(Array.from({ length: partitionsAtOnce }, readSome))
      counted.sort((a, b) => a.summary.partition - b.summary.partition)
      return { partitions: counted.map(({ summary }) => summary), completeThrough: completeTime(counted) }
    },
    async compact(partition, isQuiet) {
      const compactMore: Rewrite = (compacted, counted) => compactRanges(compacted, counted, isQuiet)
      // a compaction that is lost is made again
      if (isQuiet) await rewrite(partition, compactMore, false)
      // whoever wrote meanwhile has counted the same
      else await rewriteOnce(partition, compactMore, false)
    },
    abandon: (partition, below) =>
      rewrite(partition, (compacted, counted) => abandonBelow(joinRanges(compacted, counted), below), true),
  }
}
