import { type Outcome, outcomes } from './outcome.ts'

export type Counts = { readonly [outcome in Outcome]: number }

/** A stretch of offsets whose outcomes are all known, but for those that were given up. Both ends belong to it. */
export type Span = { first: number; last: number; counts: Counts }

/** What is known of one offset. */
export type Known = { offset: number; outcome: Outcome }

/** Offsets of which nothing is known. Both ends belong to it. */
export type Gap = { first: number; last: number }

/** The ledger of one partition. */
export type PartitionSummary = {
  partition: number
  /** The first and the last offset of which anything is known. */
  first: number
  last: number
  /** The last offset of the stretch from 0 without a gap; -1 when 0 itself is missing. */
  completeThrough: number
  counts: Counts
  /** Offsets that Kafka no longer had before their outcome was known. */
  abandoned: number
  missing: readonly Gap[]
  missingCount: number
  /** There may be more than was counted: known, but not compacted yet. */
  uncounted: boolean
}

/**
 * Beyond a gap that is older than so many offsets the ledger goes on, so that what is counted each time stays short. Nearer ones
 * are records on their way.
 */
const islandAfter = 8192

export const noCounts = Object.fromEntries(outcomes.map((outcome) => [outcome, 0])) as Counts

/** Stretches of what is known. In the order of the offsets; one that comes twice counts once, as what it is first. */
export function toSpans(known: Iterable<Known>): Span[] {
  const spans: { first: number; last: number; counts: { [outcome in Outcome]: number } }[] = []
  for (const { offset, outcome } of known) {
    const last = spans.at(-1)
    if (last?.last === offset) continue
    if (last && last.last + 1 === offset) {
      last.last = offset
      last.counts[outcome]++
    } else {
      spans.push({ first: offset, last: offset, counts: { ...noCounts, [outcome]: 1 } })
    }
  }
  return spans
}

/** Those of both, in order; what lies side by side becomes one. They must not overlap. */
export function joinSpans(some: readonly Span[], others: readonly Span[]): Span[] {
  const joined: Span[] = []
  for (const span of [...some, ...others].sort((a, b) => a.first - b.first)) {
    const last = joined.at(-1)
    if (last && last.last + 1 === span.first) {
      joined[joined.length - 1] = { first: last.first, last: span.last, counts: addCounts(last.counts, span.counts) }
    } else {
      joined.push(span)
    }
  }
  return joined
}

export function addCounts(a: Counts, b: Counts): Counts {
  // those of an earlier version lack the outcomes that came later
  return Object.fromEntries(outcomes.map((outcome) => [outcome, (a[outcome] ?? 0) + (b[outcome] ?? 0)])) as Counts
}

/** The offsets from 0 up to the last span, and those after it, that no span has. Without a `last` it has no end. */
export function openStretches(compacted: readonly Span[]): { first: number; last?: number }[] {
  const open: { first: number; last?: number }[] = gapsIn(compacted)
  open.push({ first: (compacted.at(-1)?.last ?? -1) + 1 })
  return open
}

function gapsIn(spans: readonly Span[]): Gap[] {
  let next = 0
  const gaps: Gap[] = []
  for (const { first, last } of spans) {
    if (first > next) gaps.push({ first: next, last: first - 1 })
    next = last + 1
  }
  return gaps
}

/** Beyond so many stretches no further one is compacted: each is looked at anew whenever one is. */
const maxSpans = 1000

/**
 * What need not be counted again: the stretch from 0, whatever continues what was compacted, and what lies far behind the
 * newest. Once nothing is under way any more it is everything.
 */
export function compactSpans(compacted: readonly Span[], counted: readonly Span[], isQuiet = false): Span[] {
  const joined = joinSpans(compacted, counted)
  const newest = joined.at(-1)?.last ?? 0
  const isIsland = (span: Span) => joined.length <= maxSpans && (isQuiet || newest - span.first >= islandAfter)
  let at = 0
  return joined.filter((span) => {
    const before = at
    while ((compacted[at]?.first ?? Number.POSITIVE_INFINITY) <= span.last) at++
    return span.first === 0 || at > before || isIsland(span)
  })
}

/** Gives up what is missing below an offset. */
export function abandonBelow(spans: readonly Span[], below: number): Span[] {
  const given = [...gapsIn(spans), { first: (spans.at(-1)?.last ?? -1) + 1, last: Number.MAX_SAFE_INTEGER }]
    .filter(({ first }) => first < below)
    .map(({ first, last }) => ({ first, last: Math.min(last, below - 1), counts: noCounts }))
  return joinSpans(spans, given)
}

export function summarize(partition: number, spans: readonly Span[], uncounted: boolean): PartitionSummary {
  const missing = gapsIn(spans)
  const counts = spans.map((span) => span.counts).reduce(addCounts, noCounts)
  const known = outcomes.reduce((sum, outcome) => sum + counts[outcome], 0)
  const spanned = spans.reduce((sum, { first, last }) => sum + last - first + 1, 0)
  return {
    partition,
    first: spans[0]?.first ?? 0,
    last: spans.at(-1)?.last ?? -1,
    completeThrough: spans[0]?.first === 0 ? spans[0].last : -1,
    counts,
    abandoned: spanned - known,
    missing,
    missingCount: missing.reduce((sum, { first, last }) => sum + last - first + 1, 0),
    uncounted,
  }
}

const isPartitionComplete = ({ missingCount, uncounted }: PartitionSummary) => missingCount === 0 && !uncounted

/** The offset whose time of receipt says through when a partition is complete: of the stretch before a gap, else of all. */
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
  const withGap = partitions.filter(({ summary }) => !isPartitionComplete(summary))
  const times = (some: typeof partitions) => some.map(({ lastRecordedAt }) => lastRecordedAt?.getTime() ?? 0)
  const ms = withGap.length > 0 ? Math.min(...times(withGap)) - acknowledgedWithinMs : Math.max(0, ...times(partitions))
  return ms > 0 ? new Date(ms) : undefined
}

/**
 * How long it takes at most from the receipt of an activity, which is the beginning of its request, to its 202: 10 s until
 * the request has arrived, 5 s until it is acknowledged.
 */
export const acknowledgedWithinMs = 15_000

export type LedgerSummary = { partitions: readonly PartitionSummary[]; completeThrough: Date | undefined }

export const isComplete = ({ partitions }: LedgerSummary) => partitions.every(isPartitionComplete)
