import type { KafkaRange } from '@activity-log/shared/broker/kafka-read.ts'
import { type OffsetRange, type PartitionSummary, summarize } from '@activity-log/shared/ledger-summary.ts'

/** The ledger of a partition compared with Kafka. An offset without an outcome is missing, not delivered or gone. */
export type Comparison = Omit<PartitionSummary, 'missing' | 'missingCount'> & {
  /** The offsets that Kafka had when the comparison began. Later ones need no outcome yet. */
  kafka: { first: number; end: number }
  /** Kafka still has these offsets, and later ones have an outcome. */
  missing: readonly OffsetRange[]
  /** Kafka has these offsets, which come after the last one with an outcome. */
  notDelivered: readonly OffsetRange[]
  /** Kafka no longer has these offsets, and their outcome is unknown. */
  gone: readonly OffsetRange[]
  /** The store knows offsets that Kafka never assigned: the topic was recreated, or it is another one. */
  isOfAnotherTopic: boolean
}

/** Compares a partition. `endNow` is its end in Kafka after the ledger was read. */
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

/** Tells whether every record that Kafka has, or ever had, has an outcome. */
export const isComplete = (comparisons: readonly Comparison[]) =>
  comparisons.every(
    ({ missing, notDelivered, gone, uncounted, isOfAnotherTopic }) =>
      sizeOf([...missing, ...notDelivered, ...gone]) === 0 && !uncounted && !isOfAnotherTopic,
  )

/** Tells whether the ledger has no outcome for an offset. */
export function isOpen(summary: PartitionSummary | undefined, offset: number): boolean {
  if (!summary || offset > summary.last || summary.uncounted) return true
  return summary.missing.some(({ first, last }) => first <= offset && offset <= last)
}
