import { bookOf, type Gap, type PartitionBook } from '@activity-log/shared/books.ts'
import type { Extent } from '@activity-log/shared/broker/kafka-read.ts'

/** The book of a partition beside what Kafka has of it. What is unknown is one of three: missing, not delivered, or gone. */
export type Comparison = Omit<PartitionBook, 'missing' | 'missingCount'> & {
  /** Read when the comparison began: what came later need not be known yet. */
  kafka: { first: number; end: number }
  /** Kafka still has them, and later ones are known. */
  missing: readonly Gap[]
  /** Kafka has them, behind the last one that is known. */
  notDelivered: readonly Gap[]
  /** Kafka no longer has them, and what became of them is not known. */
  gone: readonly Gap[]
  /** The store knows offsets that Kafka never gave: the topic was made anew, or is another one. */
  isOfAnotherTopic: boolean
}

/** `endNow` is Kafka's end after the book was read. */
export function compare(extent: Extent, endNow: number, book: PartitionBook | undefined): Comparison {
  const { partition, first, end } = extent
  const { missing, missingCount: _count, ...known } = book ?? bookOf(partition, [], false)
  const tail = { first: known.last + 1, last: end - 1 }
  const of = (gaps: readonly Gap[], from: number, to: number) => clip(gaps, { first: from, last: to })
  return {
    ...known,
    kafka: { first, end },
    missing: of(missing, first, end - 1),
    notDelivered: of([tail], first, end - 1),
    gone: of([...missing, tail], 0, Math.min(first, end) - 1),
    isOfAnotherTopic: known.last >= endNow,
  }
}

function clip(gaps: readonly Gap[], bounds: Gap): Gap[] {
  return gaps
    .map(({ first, last }) => ({ first: Math.max(first, bounds.first), last: Math.min(last, bounds.last) }))
    .filter(({ first, last }) => first <= last)
}

export const sizeOf = (gaps: readonly Gap[]) => gaps.reduce((sum, { first, last }) => sum + last - first + 1, 0)

/** Whether the outcome of every record is known that Kafka had, or ever had. */
export const isBalanced = (comparisons: readonly Comparison[]) =>
  comparisons.every(
    ({ missing, notDelivered, gone, uncounted, isOfAnotherTopic }) =>
      sizeOf([...missing, ...notDelivered, ...gone]) === 0 && !uncounted && !isOfAnotherTopic,
  )

/** Whether the book leaves open what became of an offset. */
export function isOpen(book: PartitionBook | undefined, offset: number): boolean {
  if (!book || offset > book.last || book.uncounted) return true
  return book.missing.some(({ first, last }) => first <= offset && offset <= last)
}
