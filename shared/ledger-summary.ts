import { type Outcome, outcomes } from './outcome.ts'

export type Counts = { readonly [outcome in Outcome]: number }

/** A range of offsets whose outcomes are all known, but for those that were given up. Both ends belong to it. */
export type CountedRange = { first: number; last: number; counts: Counts }

/** What is known of one offset. */
export type Known = { offset: number; outcome: Outcome }

/** Offsets of which nothing is known. Both ends belong to it. */
export type OffsetRange = { first: number; last: number }

/** The ledger of one partition. */
export type PartitionSummary = {
  partition: number
  /** The first and the last offset of which anything is known. */
  first: number
  last: number
  /** The last offset of the range from 0 without a gap; -1 when 0 itself is missing. */
  completeThrough: number
  counts: Counts
  /** Offsets that Kafka no longer had before their outcome was known. */
  abandoned: number
  missing: readonly OffsetRange[]
  missingCount: number
  /** There may be more than was counted: known, but not compacted yet. */
  uncounted: boolean
}

/**
 * Beyond a gap that is older than so many offsets the ledger goes on, so that what is counted each time stays short. Nearer ones
 * are records on their way.
 */
const farBehindOffsets = 8192

export const noCounts = Object.fromEntries(outcomes.map((outcome) => [outcome, 0])) as Counts

/** The ranges of what is known, in the order of the offsets; one that comes twice counts once, as what it is first. */
export function toRanges(known: Iterable<Known>): CountedRange[] {
  const ranges: { first: number; last: number; counts: { [outcome in Outcome]: number } }[] = []
  for (const { offset, outcome } of known) {
    const last = ranges.at(-1)
    if (last?.last === offset) continue
    if (last && last.last + 1 === offset) {
      last.last = offset
      last.counts[outcome]++
    } else {
      ranges.push({ first: offset, last: offset, counts: { ...noCounts, [outcome]: 1 } })
    }
  }
  return ranges
}

/** Those of both, in order; what lies side by side becomes one. They must not overlap. */
export function joinRanges(some: readonly CountedRange[], others: readonly CountedRange[]): CountedRange[] {
  const joined: CountedRange[] = []
  for (const range of [...some, ...others].sort((a, b) => a.first - b.first)) {
    const last = joined.at(-1)
    if (last && last.last + 1 === range.first) {
      joined[joined.length - 1] = { first: last.first, last: range.last, counts: addCounts(last.counts, range.counts) }
    } else {
      joined.push(range)
    }
  }
  return joined
}

export function addCounts(a: Counts, b: Counts): Counts {
  // those of an earlier version lack the outcomes that came later
  return Object.fromEntries(outcomes.map((outcome) => [outcome, (a[outcome] ?? 0) + (b[outcome] ?? 0)])) as Counts
}

/** The offsets from 0 up to the last range, and those after it, that no range has. Without a `last` it has no end. */
export function openRanges(compacted: readonly CountedRange[]): { first: number; last?: number }[] {
  const open: { first: number; last?: number }[] = missingIn(compacted)
  open.push({ first: (compacted.at(-1)?.last ?? -1) + 1 })
  return open
}

function missingIn(ranges: readonly CountedRange[]): OffsetRange[] {
  let next = 0
  const missing: OffsetRange[] = []
  for (const { first, last } of ranges) {
    if (first > next) missing.push({ first: next, last: first - 1 })
    next = last + 1
  }
  return missing
}

/** Beyond so many ranges no further one is compacted: each of them is read again whenever one is compacted. */
const maxRanges = 1000

/**
 * What need not be counted again: the range from 0, whatever continues what was compacted, and what lies far behind the
 * newest. Once nothing is under way any more it is everything.
 */
export function compactRanges(
  compacted: readonly CountedRange[],
  counted: readonly CountedRange[],
  isQuiet = false,
): CountedRange[] {
  const joined = joinRanges(compacted, counted)
  const newest = joined.at(-1)?.last ?? 0
  const isFarBehind = (range: CountedRange) =>
    joined.length <= maxRanges && (isQuiet || newest - range.first >= farBehindOffsets)
  let at = 0
  return joined.filter((range) => {
    const before = at
    while ((compacted[at]?.first ?? Number.POSITIVE_INFINITY) <= range.last) at++
    return range.first === 0 || at > before || isFarBehind(range)
  })
}

/** Gives up what is missing below an offset. */
export function abandonBelow(ranges: readonly CountedRange[], below: number): CountedRange[] {
  const given = [...missingIn(ranges), { first: (ranges.at(-1)?.last ?? -1) + 1, last: Number.MAX_SAFE_INTEGER }]
    .filter(({ first }) => first < below)
    .map(({ first, last }) => ({ first, last: Math.min(last, below - 1), counts: noCounts }))
  return joinRanges(ranges, given)
}

export function summarize(partition: number, ranges: readonly CountedRange[], uncounted: boolean): PartitionSummary {
  const missing = missingIn(ranges)
  const counts = ranges.map((range) => range.counts).reduce(addCounts, noCounts)
  const known = outcomes.reduce((sum, outcome) => sum + counts[outcome], 0)
  const covered = ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0)
  return {
    partition,
    first: ranges[0]?.first ?? 0,
    last: ranges.at(-1)?.last ?? -1,
    completeThrough: ranges[0]?.first === 0 ? ranges[0].last : -1,
    counts,
    abandoned: covered - known,
    missing,
    missingCount: missing.reduce((sum, { first, last }) => sum + last - first + 1, 0),
    uncounted,
  }
}

const isPartitionComplete = ({ missingCount, uncounted }: PartitionSummary) => missingCount === 0 && !uncounted

/** The offset whose time of receipt says through when a partition is complete: of the range before a gap, else of all. */
export const lastComplete = (summary: PartitionSummary) =>
  isPartitionComplete(summary) ? summary.last : summary.completeThrough

/**
 * The time before which nothing acknowledged is missing, from the times at which the last complete records of the partitions
 * were received: the earliest before a gap, else the latest of all. What is missing was acknowledged soon after its receipt
 * and after the record before it, so it cannot be older than that one by more than the time in which ingest answers.
 */
export function completeTime(
  partitions: readonly { summary: PartitionSummary; lastRecordedAt: Date | undefined }[],
): Date | undefined {
  const incomplete = partitions.filter(({ summary }) => !isPartitionComplete(summary))
  const times = (some: typeof partitions) => some.map(({ lastRecordedAt }) => lastRecordedAt?.getTime() ?? 0)
  const ms =
    incomplete.length > 0 ? Math.min(...times(incomplete)) - acknowledgedWithinMs : Math.max(0, ...times(partitions))
  return ms > 0 ? new Date(ms) : undefined
}

/**
 * How long it takes at most from the receipt of an activity, which is the beginning of its request, to its 202: 10 s until
 * the request has arrived, 5 s until it is acknowledged.
 */
export const acknowledgedWithinMs = 15_000

export type LedgerSummary = { partitions: readonly PartitionSummary[]; completeThrough: Date | undefined }

export const isComplete = ({ partitions }: LedgerSummary) => partitions.every(isPartitionComplete)
