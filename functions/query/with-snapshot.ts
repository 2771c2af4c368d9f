import type { Filter } from '@activity-log/shared/filter.ts'
import type { KnownLedger } from './known-ledger.ts'

/** Of one snapshot: the one that is asked for, or a new one. Where it is not known which records the log has, it is left open. */
export async function withSnapshot(filter: Filter, known: Pick<KnownLedger, 'fresh'>): Promise<Filter> {
  if (filter.snapshot) return filter
  const snapshot = (await known.fresh())?.snapshot
  return snapshot ? { ...filter, snapshot } : filter
}
