import { type Access, accessOptions } from '@activity-log/shared/access/access.ts'
import { type Acts, nothingRecorded } from '@activity-log/shared/access/acts.ts'
import { createService, type Service } from '@activity-log/shared/http/service.ts'
import type { Log } from '@activity-log/shared/log.ts'
import { createLimitedLog } from '@activity-log/shared/rate-limited-log.ts'
import type { ActivityStore } from '@activity-log/shared/store/store.ts'
import { readersOf } from '@activity-log/shared/store/tenant-reader.ts'
import type { WaitingDeliveries } from '@activity-log/shared/waiting-deliveries.ts'
import { docsRoutes } from './docs/docs.ts'
import { exportRoutes } from './export.ts'
import { createOutcomeFinder } from './find-outcome.ts'
import { activityRoutes } from './get-activity.ts'
import { createKnownLedger } from './known-ledger.ts'
import { listRoutes } from './list.ts'
import { deadLetterRoutes } from './list-dead-letters.ts'
import { tenantRoutes } from './list-tenants.ts'
import { liveRoutes } from './live-stream.ts'
import { ledgerRoutes } from './read-ledger.ts'
import { receiptRoutes } from './receipts.ts'
import { openRowRoom } from './row-room.ts'
import { statsRoutes } from './stats.ts'
import { viewerRoutes } from './viewer/viewer.ts'

type Verbs =
  | 'find'
  | 'findLines'
  | 'count'
  | 'stats'
  | 'get'
  | 'tenants'
  | 'arrivals'
  | 'outcome'
  | 'ledger'
  | 'findDeadLetters'
  | 'getDeadLetter'

export type QueryDependencies = {
  store: Pick<ActivityStore, Verbs>
  log: Log
  now: () => Date
  /** Milliseconds that never go back, from which the age of what is known of the ledger is told. */
  clock?: () => number
  /** Aborts when the process is told to stop. Requests that wait for a record are then answered. */
  stopping?: AbortSignal
  waiting?: () => WaitingDeliveries
  basePath?: string
  /** Without it, everybody may do everything. */
  access?: Access | undefined
  acts?: Acts
}

/** Finds recorded activities, for programs and for people. */
export function createApp({
  store,
  log: whole,
  now,
  clock = () => performance.now(),
  stopping = never,
  waiting,
  basePath = '',
  access,
  acts = nothingRecorded,
}: QueryDependencies): Service {
  const log = createLimitedLog(whole)
  const known = createKnownLedger({ ledger: store.ledger, clock, log })
  const forTenant = readersOf(store)
  const inRowRoom = openRowRoom()
  const findOutcome = createOutcomeFinder({ forTenant, stopping })
  return createService({
    log,
    basePath,
    ...accessOptions(access),
    routes: {
      ...listRoutes({ forTenant, known, findOutcome, now, inRowRoom }),
      ...activityRoutes({ forTenant, inRowRoom }),
      ...exportRoutes({ forTenant, known, acts }),
      ...statsRoutes({ forTenant, known }),
      ...receiptRoutes({ findOutcome }),
      ...deadLetterRoutes({ forTenant, inRowRoom }),
      ...liveRoutes({ known, forTenant, log, stopping }),
      ...ledgerRoutes({ store, ...(waiting && { waiting }) }),
      ...tenantRoutes({ store, withKeys: access?.tenants }),
      ...viewerRoutes({ now, access, recordSignIn: (caller) => acts.record(caller, 'sign-in') }),
      ...docsRoutes(),
    },
  })
}

const never = new AbortController().signal
