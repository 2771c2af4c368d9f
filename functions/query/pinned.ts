import type { Filter } from '@activity-log/shared/filter.ts'
import type { KnownLedger } from './known-ledger.ts'

/** Of one moment: that which is asked for, or now. Where it is not known which records the log has, it is left open. */
export async function pinned(filter: Filter, known: Pick<KnownLedger, 'fresh'>): Promise<Filter> {
  if (filter.asOf) return filter
  const asOf = (await known.fresh())?.asOf
  return asOf ? { ...filter, asOf } : filter
}
