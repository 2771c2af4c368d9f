import {
  abandonBelow,
  type CountedRange,
  compactRanges,
  completeTime,
  coveredBy,
  joinRanges,
  type LedgerSummary,
  lastComplete,
  openRanges,
  summarize,
  toRanges,
} from '../ledger-summary.ts'
import type { Ends, LedgerRecords } from './ledger-records.ts'
import { StoreUnavailable } from './store.ts'
import { writeOff } from './write-off.ts'

export type CountedLedger = {
  read(): Promise<LedgerSummary>
  /** `isQuiet`: no more records of the partition are expected soon. */
  compact(partition: number, isQuiet: boolean): Promise<void>
  abandon(partition: number, below: number): Promise<void>
  writeOff(readEnds: () => Promise<Ends>): Promise<number>
}

type Rewrite = (compacted: readonly CountedRange[], counted: readonly CountedRange[]) => CountedRange[]

const maxAttempts = 20
/** Limits concurrency, because others need the connections to the database, too. */
const partitionsAtOnce = 3

const credibleMs = 24 * 60 * 60 * 1000
/** A later time of receipt is not believed: anyone who writes to the topic could claim it, and with it completeness. */
const credible = () => new Date(Date.now() + credibleMs)

/** Counts which records are accounted for, over the outcomes in any database. */
export function createCountedLedger<Compacted extends { ranges: readonly CountedRange[] }>(
  records: LedgerRecords<Compacted>,
): CountedLedger {
  /** Counts the outcomes that are not compacted; `uncounted` says that there may be more. */
  async function count(partition: number, ranges: readonly CountedRange[]) {
    const { known, areAll } = await records.known(partition, openRanges(ranges))
    return { counted: toRanges(known), uncounted: !areAll }
  }

  /**
   * Resolves with undefined if another writer changed the ledger in the meantime; otherwise with whether there was more
   * to count than is counted at once.
   */
  async function rewriteOnce(partition: number, change: Rewrite, isLasting: boolean): Promise<boolean | undefined> {
    const compacted = await records.compacted(partition)
    const ranges = compacted?.ranges ?? []
    const { counted, uncounted } = await count(partition, ranges)
    const changed = change(ranges, counted)
    if (!(await records.swapCompacted(partition, compacted, changed, isLasting))) return undefined
    return uncounted && coveredBy(changed) > coveredBy(ranges)
  }

  async function rewrite(partition: number, change: Rewrite, isLasting: boolean): Promise<boolean> {
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      const hasMore = await rewriteOnce(partition, change, isLasting)
      if (hasMore !== undefined) return hasMore
    }
    throw new StoreUnavailable(`The ledger of partition ${partition} could not be written: others kept changing it`)
  }

  async function readOne(partition: number, ranges: readonly CountedRange[]) {
    const { counted, uncounted } = await count(partition, ranges)
    const summary = summarize(partition, joinRanges(ranges, counted), uncounted)
    const last = lastComplete(summary)
    return { summary, lastRecordedAt: last < 0 ? undefined : await records.lastRecordedAt(partition, last, credible()) }
  }

  /** Counts a partition to its end. Another writer may overwrite a compaction, so it is retried. */
  async function compactAll(partition: number): Promise<void> {
    const compactMore: Rewrite = (compacted, counted) => compactRanges(compacted, counted, true)
    while (await rewrite(partition, compactMore, false));
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
      return {
        partitions: counted.map(({ summary }) => summary),
        completeThrough: completeTime(counted),
        ...((await records.hasUncounted()) && { hasUncountedPartitions: true }),
      }
    },
    async compact(partition, isQuiet) {
      // nobody else compacts what this leaves
      if (isQuiet) return compactAll(partition)
      // another writer in the meantime has counted the same outcomes
      await rewriteOnce(partition, (compacted, counted) => compactRanges(compacted, counted, false), false)
    },
    async abandon(partition, below) {
      const compacted = await records.compacted(partition)
      // what is not counted yet would seem to be abandoned
      if ((await count(partition, compacted?.ranges ?? [])).uncounted) await compactAll(partition)
      await rewrite(partition, (compacted, counted) => abandonBelow(joinRanges(compacted, counted), below), true)
    },
    writeOff: (readEnds) => writeOff(records, readEnds),
  }
}
