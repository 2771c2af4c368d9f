import { createService, type Service } from '@activity-log/shared/http/service.ts'
import type { Log } from '@activity-log/shared/log.ts'
import type { ActivityStore } from '@activity-log/shared/store/store.ts'
import { activityRoutes } from './activity.ts'
import { booksRoutes } from './books.ts'
import { deadLetterRoutes } from './dead-letters.ts'
import { docsRoutes } from './docs/docs.ts'
import { exportRoutes } from './export.ts'
import { createOutcomeFinder } from './find-outcome.ts'
import { knownBooks } from './known-books.ts'
import { listRoutes } from './list.ts'
import { liveRoutes } from './live.ts'
import { receiptRoutes } from './receipts.ts'
import { statsRoutes } from './stats.ts'
import { viewerRoutes } from './viewer/viewer.ts'

type Verbs =
  | 'find'
  | 'count'
  | 'stats'
  | 'get'
  | 'arrivals'
  | 'outcome'
  | 'ledger'
  | 'findDeadLetters'
  | 'getDeadLetter'

export type QueryDependencies = {
  store: Pick<ActivityStore, Verbs>
  log: Log
  now: () => Date
  /** Aborts when the process is told to end: who waits for a record gets an answer then. */
  stopping?: AbortSignal
}

/** Finds what was recorded, for programs and for people. */
export function createApp({ store, log, now, stopping = never }: QueryDependencies): Service {
  const known = knownBooks({ books: store.ledger, now, log })
  const findOutcome = createOutcomeFinder({ store, stopping })
  return createService({
    log,
    routes: {
      ...listRoutes({ store, known, findOutcome, now }),
      ...activityRoutes({ store }),
      ...exportRoutes({ store, known }),
      ...statsRoutes({ store, known }),
      ...receiptRoutes({ findOutcome }),
      ...deadLetterRoutes({ store }),
      ...liveRoutes({ known, arrivals: store.arrivals, log, stopping }),
      ...booksRoutes({ store }),
      ...viewerRoutes({ now }),
      ...docsRoutes(),
    },
  })
}

const never = new AbortController().signal
