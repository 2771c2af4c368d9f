import { type Books, isBalanced, type PartitionBook } from '@activity-log/shared/books.ts'
import { refuseParameters } from '@activity-log/shared/http/parameters.ts'
import type { Routes } from '@activity-log/shared/http/route.ts'
import type { ActivityStore } from '@activity-log/shared/store/store.ts'
import type { BooksAnswer } from './answers.ts'
import { fromStore } from './from-store.ts'

const mostGaps = 100

/** Whether anything is missing. */
export function booksRoutes({ store }: { store: Pick<ActivityStore, 'ledger'> }): Routes {
  return {
    'GET /books': {
      scope: 'operate',
      async handle({ url }) {
        refuseParameters(url)
        return { status: 200, body: booksAnswer(await fromStore(store.ledger)) }
      },
    },
  }
}

/** As they are answered: an offset that there is not is null. Of very many gaps the first are listed. */
function booksAnswer(books: Books): BooksAnswer {
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
