import { type Outcome, outcomes } from './outcome.ts'

export type Counts = { readonly [outcome in Outcome]: number }

/**
 * Kafka numbers the partitions of a topic from 0. Records with higher numbers are stored, but not counted: whoever can
 * deliver a record may have invented its partition, and each counted one costs time at every reading of the ledger.
 */
export const maxPartitions = 1000

/** Whether the ledger counts the partition. */
export const isCounted = ({ partition }: { partition: number }) => partition >= 0 && partition < maxPartitions

/** A range of offsets whose outcomes are all known, except abandoned ones. Both ends are inclusive. */
export type CountedRange = { first: number; last: number; counts: Counts }

/** An offset with its known outcome. */
export type Known = { offset: number; outcome: Outcome }

/** A range of offsets, such as those without a known outcome. Both ends are inclusive. */
export type OffsetRange = { first: number; last: number }

/** The ledger of one partition. */
export type PartitionSummary = {
  partition: number
  /** The first and the last offset with a known outcome. */
  first: number
  last: number
  /** The last offset of the range from 0 without a gap; -1 if 0 itself is missing. */
  completeThrough: number
  counts: Counts
  /** Offsets that Kafka no longer had before their outcome was known. */
  abandoned: number
  missing: readonly OffsetRange[]
  missingCount: number
  /** There may be more outcomes than were counted: known, but not compacted yet. */
  uncounted: boolean
}

/**
 * Offsets this far behind the newest are compacted even after a gap, so that only few offsets are counted each time.
 * Nearer gaps are records in flight.
 */
const farBehindOffsets = 8192

export const noCounts = Object.fromEntries(outcomes.map((outcome) => [outcome, 0])) as Counts
const oneOf = Object.fromEntries(outcomes.map((outcome) => [outcome, { ...noCounts, [outcome]: 1 }])) as {
  readonly [outcome in Outcome]: Counts
}

/**
 * Joins known offsets, which must be in order, to ranges. An offset that comes twice counts once, by its first outcome.
 */
export function toRanges(known: Iterable<Known>): CountedRange[] {
  const ranges: { first: number; last: number; counts: Counts }[] = []
  // the counts of the last range, if it has several offsets; all others share theirs, because there may be many
  let counts: { [outcome in Outcome]: number } | undefined
  for (const { offset, outcome } of known) {
    const last = ranges.at(-1)
    if (last?.last === offset) continue
    if (last && last.last + 1 === offset) {
      if (!counts) last.counts = counts = { ...last.counts }
      last.last = offset
      counts[outcome]++
    } else {
      counts = undefined
      ranges.push({ first: offset, last: offset, counts: oneOf[outcome] })
    }
  }
  return ranges
}

/** Merges two lists of ranges in order, and joins adjacent ranges. The ranges must not overlap. */
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
  // counts stored by an earlier version lack the outcomes that were added later
  return Object.fromEntries(outcomes.map((outcome) => [outcome, (a[outcome] ?? 0) + (b[outcome] ?? 0)])) as Counts
}

/** The offsets from 0 on that no range contains. The last open range has no `last`, because it has no end. */
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

/** Above this number of ranges no new one is compacted, because each compaction reads all of them. */
const maxRanges = 1000

/**
 * Returns the ranges that need not be counted again: the range from 0, the continuations of compacted ranges, and
 * ranges far behind the newest. When no record is in flight (`isQuiet`), it returns all ranges.
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

/** Abandons the missing offsets below an offset. */
export function abandonBelow(ranges: readonly CountedRange[], below: number): CountedRange[] {
  const given = [...missingIn(ranges), { first: (ranges.at(-1)?.last ?? -1) + 1, last: Number.MAX_SAFE_INTEGER }]
    .filter(({ first }) => first < below)
    .map(({ first, last }) => ({ first, last: Math.min(last, below - 1), counts: noCounts }))
  return joinRanges(ranges, given)
}

/**
 * The ranges before an offset. `known` has the known offsets from there to the end of the range that goes beyond it.
 * Returns the same ranges if none goes beyond it.
 */
export function cutRanges(
  ranges: readonly CountedRange[],
  end: number,
  known: readonly Known[],
): readonly CountedRange[] {
  if ((ranges.at(-1)?.last ?? -1) < end) return ranges
  const beyond = toRanges(known)
    .map(({ counts }) => counts)
    .reduce(addCounts, noCounts)
  return ranges
    .filter(({ first }) => first < end)
    .map((range) => {
      if (range.last < end) return range
      const counts = outcomes.map((outcome) => [outcome, Math.max(0, range.counts[outcome] - beyond[outcome])])
      return { first: range.first, last: end - 1, counts: Object.fromEntries(counts) as Counts }
    })
}

/** The number of offsets in the ranges. */
export const coveredBy = (ranges: readonly OffsetRange[]): number =>
  ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0)

export function summarize(partition: number, ranges: readonly CountedRange[], uncounted: boolean): PartitionSummary {
  const missing = missingIn(ranges)
  const counts = { ...noCounts }
  // counts stored by an earlier version lack the outcomes that were added later
  for (const range of ranges) for (const outcome of outcomes) counts[outcome] += range.counts[outcome] ?? 0
  const known = outcomes.reduce((sum, outcome) => sum + counts[outcome], 0)
  return {
    partition,
    first: ranges[0]?.first ?? 0,
    last: ranges.at(-1)?.last ?? -1,
    completeThrough: ranges[0]?.first === 0 ? ranges[0].last : -1,
    counts,
    abandoned: coveredBy(ranges) - known,
    missing,
    missingCount: missing.reduce((sum, { first, last }) => sum + last - first + 1, 0),
    uncounted,
  }
}

const isPartitionComplete = ({ missingCount, uncounted }: PartitionSummary) => missingCount === 0 && !uncounted

/**
 * The last offset before the first gap, or the last one of all. The partition is complete through its time of receipt.
 */
export const lastComplete = (summary: PartitionSummary) =>
  isPartitionComplete(summary) ? summary.last : summary.completeThrough

/**
 * The time before which no acknowledged record is missing. `lastRecordedAt` is the time of receipt of the last complete
 * record in a partition. Without a gap, the latest of these times is the result. Otherwise it is the earliest one that
 * precedes a gap, less `acknowledgedWithinMs`: a missing record was acknowledged after the record before it, and soon
 * after its own receipt, so it was received at most that long before that record.
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
 * The maximum time from the receipt of an activity to its 202. It is acknowledged within 5 s after its body was read;
 * in records of earlier versions the receipt is the beginning of the request, which may have taken 10 s more.
 */
export const acknowledgedWithinMs = 15_000

export type LedgerSummary = {
  partitions: readonly PartitionSummary[]
  completeThrough: Date | undefined
  /** There are records in partitions that are not counted. */
  hasUncountedPartitions?: boolean
}

export const isComplete = ({ partitions, hasUncountedPartitions = false }: LedgerSummary) =>
  partitions.every(isPartitionComplete) && !hasUncountedPartitions
