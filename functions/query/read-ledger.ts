import { refuseParameters } from '@activity-log/shared/http/parameters.ts'
import type { Routes } from '@activity-log/shared/http/route.ts'
import { isComplete, type LedgerSummary, type PartitionSummary } from '@activity-log/shared/ledger-summary.ts'
import type { ActivityStore } from '@activity-log/shared/store/store.ts'
import type { WaitingDeliveries, WaitingDelivery } from '@activity-log/shared/waiting-deliveries.ts'
import type { LedgerAnswer } from './answers.ts'
import { fromStore } from './from-store.ts'

export type LedgerDependencies = {
  store: Pick<ActivityStore, 'ledger'>
  /** The deliveries that wait for another attempt, if records are delivered in the same process. */
  waiting?: () => WaitingDeliveries
}

const maxRanges = 100

/** Serves the ledger, which shows whether any record is missing. */
export function ledgerRoutes({ store, waiting }: LedgerDependencies): Routes {
  return {
    'GET /ledger': {
      scope: 'operate',
      ofAllTenants: true,
      async handle({ url }) {
        refuseParameters(url)
        return { status: 200, body: ledgerAnswer(await fromStore(store.ledger), waiting?.()) }
      },
    },
  }
}

/** An offset that does not exist is null. Only the first missing ranges are listed. */
function ledgerAnswer(ledger: LedgerSummary, waiting: WaitingDeliveries | undefined): LedgerAnswer {
  return {
    complete: isComplete(ledger),
    completeThrough: ledger.completeThrough?.toISOString() ?? null,
    partitions: ledger.partitions.map(partitionAnswer),
    ...(ledger.hasUncountedPartitions && { uncountedPartitions: true as const }),
    ...(waiting && { waiting: { count: waiting.count, first: waiting.first.map(waitingAnswer) } }),
  }
}

function waitingAnswer({ position, since, attempts, nextAttempt, reason }: WaitingDelivery) {
  return { ...position, since: since.toISOString(), attempts, nextAttempt: nextAttempt.toISOString(), reason }
}

function partitionAnswer({ partition, first, last, completeThrough, missing, ...others }: PartitionSummary) {
  const { counts, abandoned, missingCount, uncounted } = others
  return {
    partition,
    first,
    last,
    completeThrough: completeThrough < 0 ? null : completeThrough,
    counts,
    abandoned,
    missing: missing.slice(0, maxRanges).map((range) => ({ from: range.first, to: range.last })),
    missingCount,
    ...(uncounted && { uncounted }),
  }
}
