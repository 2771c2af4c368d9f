import type { KafkaRange } from '@activity-log/shared/broker/kafka-read.ts'
import { type OffsetRange, type PartitionSummary, summarize } from '@activity-log/shared/ledger-summary.ts'

/** The ledger of a partition beside what Kafka has of it. What is unknown is one of three: missing, not delivered, or gone. */
export type Comparison = Omit<PartitionSummary, 'missing' | 'missingCount'> & {
  /** Read when the comparison began: what came later need not be known yet. */
  kafka: { first: number; end: number }
  /** Kafka still has them, and later ones are known. */
  missing: readonly OffsetRange[]
  /** Kafka has them, behind the last one that is known. */
  notDelivered: readonly OffsetRange[]
  /** Kafka no longer has them, and what became of them is not known. */
  gone: readonly OffsetRange[]
  /** The store knows offsets that Kafka never gave: the topic was made anew, or is another one. */
  isOfAnotherTopic: boolean
}

/** `endNow` is Kafka's end after the ledger was read. */
export function compare(range: KafkaRange, endNow: number, summary: PartitionSummary | undefined): Comparison {
  const { partition, first, end } = range
  const { missing, missingCount: _count, ...known } = summary ?? summarize(partition, [], false)
  const tail = { first: known.last + 1, last: end - 1 }
  const of = (ranges: readonly OffsetRange[], from: number, to: number) => clip(ranges, { first: from, last: to })
  return {
    ...known,
    kafka: { first, end },
    missing: of(missing, first, end - 1),
    notDelivered: of([tail], first, end - 1),
    gone: of([...missing, tail], 0, Math.min(first, end) - 1),
    isOfAnotherTopic: known.last >= endNow,
  }
}

function clip(ranges: readonly OffsetRange[], bounds: OffsetRange): OffsetRange[] {
  return ranges
    .map(({ first, last }) => ({ first: Math.max(first, bounds.first), last: Math.min(last, bounds.last) }))
    .filter(({ first, last }) => first <= last)
}

export const sizeOf = (ranges: readonly OffsetRange[]) =>
  ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0)

/** Whether the outcome of every record is known that Kafka had, or ever had. */
export const isComplete = (comparisons: readonly Comparison[]) =>
  comparisons.every(
    ({ missing, notDelivered, gone, uncounted, isOfAnotherTopic }) =>
      sizeOf([...missing, ...notDelivered, ...gone]) === 0 && !uncounted && !isOfAnotherTopic,
  )

/** Whether the ledger leaves open what became of an offset. */
export function isOpen(summary: PartitionSummary | undefined, offset: number): boolean {
  if (!summary || offset > summary.last || summary.uncounted) return true
  return summary.missing.some(({ first, last }) => first <= offset && offset <= last)
}
