import { type Books, isBalanced, type PartitionBook } from '@activity-log/shared/books.ts'
import type { BooksAnswer } from './answers.ts'

const mostGaps = 100

/** As they are answered: an offset that there is not is null. Of very many gaps the first are listed. */
export function booksAnswer(books: Books): BooksAnswer {
  return {
    balanced: isBalanced(books),
    completeThrough: books.completeThrough?.toISOString() ?? null,
    partitions: books.partitions.map(partitionAnswer),
  }
}

function partitionAnswer({ partition, first, last, completeThrough, missing, ...others }: PartitionBook) {
  const { counts, writtenOff, missingCount, uncounted } = others
  return {
    partition,
    first,
    last,
    completeThrough: completeThrough < 0 ? null : completeThrough,
    counts,
    writtenOff,
    missing: missing.slice(0, mostGaps).map((gap) => ({ from: gap.first, to: gap.last })),
    missingCount,
    ...(uncounted && { uncounted }),
  }
}
