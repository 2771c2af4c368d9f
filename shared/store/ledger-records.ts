import type { CountedRange, Known } from '../ledger-summary.ts'
import type { Position } from '../receipt.ts'

/** The end of each partition of a queue, from 0: the offset after its last record. */
export type Ends = readonly number[]

/** The operations that a database must provide, beside those of its ledger, to write records off. */
export type WriteOffRecords = {
  /** At most `maxWrittenOff` positions beyond the ends that an activity or an outcome has. */
  beyond(ends: Ends): Awaitable<readonly Position[]>
  /** Makes the positions of activities unknown, and deletes other outcomes. */
  forgetPositions(positions: readonly Position[]): Awaitable<void>
}

/** An offset range; without a `last` it has no end. */
export type OpenRange = { first: number; last?: number }

type Awaitable<Result> = Result | Promise<Result>

/** The operations that a database must provide for the ledger. `Compacted` may hold more than the ranges. */
export type LedgerRecords<Compacted extends { ranges: readonly CountedRange[] }> = WriteOffRecords & {
  /** Every counted partition with a known outcome or with compacted ranges, in order; never `unknownPartition`. */
  partitions(): Awaitable<readonly { partition: number; compacted: Compacted | undefined }[]>
  /** Whether there are records in partitions that are not counted. */
  hasUncounted(): Awaitable<boolean>
  compacted(partition: number): Awaitable<Compacted | undefined>
  /**
   * The known outcomes in these ranges, in the order of the offsets. If an offset has two outcomes, `stored` comes
   * first. `areAll`: no outcome was left out.
   */
  known(partition: number, ranges: readonly OpenRange[]): Awaitable<{ known: readonly Known[]; areAll: boolean }>
  /**
   * Resolves with false, without a change, if the compacted ranges differ from `before`. `isLasting`: durable when it
   * resolves.
   */
  swapCompacted(
    partition: number,
    before: Compacted | undefined,
    ranges: readonly CountedRange[],
    isLasting: boolean,
  ): Awaitable<boolean>
  /**
   * The time of receipt of the record at an offset, or of the nearest one before it with a known time. Times after
   * `notAfter` do not count.
   */
  lastRecordedAt(partition: number, offset: number, notAfter: Date): Awaitable<Date | undefined>
}
