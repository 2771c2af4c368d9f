import type { Filter } from '@activity-log/shared/filter.ts'
import type { KnownLedger } from './known-ledger.ts'

/** Adds a new snapshot to a filter that names none, unless it is unknown which records the log has. */
export async function withSnapshot(filter: Filter, known: Pick<KnownLedger, 'fresh'>): Promise<Filter> {
  if (filter.snapshot) return filter
  const snapshot = (await known.fresh())?.snapshot
  return snapshot ? { ...filter, snapshot } : filter
}
