import {
  abandonBelow,
  type Books,
  bookOf,
  completeTime,
  joinSpans,
  type Known,
  lastComplete,
  openStretches,
  type Span,
  sealSpans,
  toSpans,
} from '../books.ts'
import { StoreUnavailable } from './store.ts'

/** Offsets one after the other; both ends belong to it. Without a `last` it has no end. */
export type OffsetRange = { first: number; last?: number }

type Awaitable<Result> = Result | Promise<Result>

/** All that a database has to be able to do so that the ledger can be kept in it. `Sealed` may hold more than the spans. */
export type LedgerRecords<Sealed extends { spans: readonly Span[] }> = {
  /** Every partition of which anything is known, in order, with what is sealed of it. */
  partitions(): Awaitable<readonly { partition: number; sealed: Sealed | undefined }[]>
  sealed(partition: number): Awaitable<Sealed | undefined>
  /**
   * What is known in these ranges, in the order of the offsets; where one offset has two outcomes, the stored one stands first. `areAll`:
   * nothing was left out.
   */
  known(partition: number, ranges: readonly OffsetRange[]): Awaitable<{ known: readonly Known[]; areAll: boolean }>
  /** Resolves with whether it did: not when what is sealed is no longer what it was. `isLasting`: on disk when it resolves. */
  swapSealed(
    partition: number,
    before: Sealed | undefined,
    spans: readonly Span[],
    isLasting: boolean,
  ): Awaitable<boolean>
  /** When the record at an offset was received, or the nearest one before it of which that is known. */
  lastRecordedAt(partition: number, offset: number): Awaitable<Date | undefined>
}

export type CountedLedger = {
  read(): Promise<Books>
  /** `isQuiet`: nothing more of the partition is expected soon. */
  seal(partition: number, isQuiet: boolean): Promise<void>
  abandon(partition: number, below: number): Promise<void>
}

type Rewrite = (sealed: readonly Span[], counted: readonly Span[]) => Span[]

const maxAttempts = 20
/** The connections to a database are for others, too. */
const partitionsAtOnce = 3

/** Counts which records are accounted for, whatever database has their outcomes. */
export function createCountedLedger<Sealed extends { spans: readonly Span[] }>(
  records: LedgerRecords<Sealed>,
): CountedLedger {
  /** What is not sealed, as far as it is counted: `uncounted` says that there may be more. */
  async function count(partition: number, spans: readonly Span[]) {
    const { known, areAll } = await records.known(partition, openStretches(spans))
    return { counted: toSpans(known), uncounted: !areAll }
  }

  /** Resolves with whether it did: not when another one did meanwhile. */
  async function rewriteOnce(partition: number, change: Rewrite, isLasting: boolean): Promise<boolean> {
    const sealed = await records.sealed(partition)
    const spans = sealed?.spans ?? []
    const { counted } = await count(partition, spans)
    return records.swapSealed(partition, sealed, change(spans, counted), isLasting)
  }

  async function rewrite(partition: number, change: Rewrite, isLasting: boolean) {
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      if (await rewriteOnce(partition, change, isLasting)) return
    }
    throw new StoreUnavailable(`The ledger of partition ${partition} was always written by another one meanwhile`)
  }

  async function readOne(partition: number, spans: readonly Span[]) {
    const { counted, uncounted } = await count(partition, spans)
    const book = bookOf(partition, joinSpans(spans, counted), uncounted)
    return { book, lastRecordedAt: await records.lastRecordedAt(partition, lastComplete(book)) }
  }

  return {
    async read() {
      const counted: Awaited<ReturnType<typeof readOne>>[] = []
      const rest = (await records.partitions()).values()
      const readSome = async () => {
        for (const { partition, sealed } of rest) counted.push(await readOne(partition, sealed?.spans ?? []))
      }
      await Promise.all(Array.from({ length: partitionsAtOnce }, readSome))
      counted.sort((a, b) => a.book.partition - b.book.partition)
      return { partitions: counted.map(({ book }) => book), completeThrough: completeTime(counted) }
    },
    async seal(partition, isQuiet) {
      const sealMore: Rewrite = (sealed, counted) => sealSpans(sealed, counted, isQuiet)
      // a seal that is lost is made again
      if (isQuiet) await rewrite(partition, sealMore, false)
      // whoever wrote meanwhile has counted the same
      else await rewriteOnce(partition, sealMore, false)
    },
    abandon: (partition, below) =>
      rewrite(partition, (sealed, counted) => abandonBelow(joinSpans(sealed, counted), below), true),
  }
}
