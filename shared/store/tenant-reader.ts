import type { Receipt } from '../receipt.ts'
import type { ArrivalsQuery, FindQuery, StatsQuery } from './activities.ts'
import type { DeadLetterQuery } from './dead-letters.ts'
import type { RecordOutcome } from './ledger.ts'
import type { ActivityStore } from './store.ts'

type Filtered<Query extends { filter: object }> = Query extends unknown
  ? Omit<Query, 'filter'> & { filter: Omit<Query['filter'], 'tenant'> }
  : never

/** The reads of one tenant. No verb takes the name of a tenant, and a tenant in a filter is ignored. */
export type TenantReader = {
  find(query: Filtered<FindQuery>): ReturnType<ActivityStore['find']>
  count(filter: Omit<FindQuery['filter'], 'tenant'>, max?: number): Promise<number>
  get(id: string): ReturnType<ActivityStore['get']>
  stats(query: Filtered<StatsQuery>): ReturnType<ActivityStore['stats']>
  arrivals(query: Omit<ArrivalsQuery, 'tenant'>): ReturnType<ActivityStore['arrivals']>
  findDeadLetters(query: Filtered<DeadLetterQuery>): ReturnType<ActivityStore['findDeadLetters']>
  getDeadLetter(id: string): ReturnType<ActivityStore['getDeadLetter']>
  /** The record of another tenant is unknown, like one that has not arrived, until its outcome has expired. */
  outcome(receipt: Receipt, untilAborted?: AbortSignal): Promise<RecordOutcome | undefined>
}

type Verbs = 'find' | 'count' | 'get' | 'stats' | 'arrivals' | 'findDeadLetters' | 'getDeadLetter' | 'outcome'
export type ForTenant = (tenant: string) => TenantReader

/** The only way to read on behalf of somebody: as their tenant. */
export function readersOf(store: Pick<ActivityStore, Verbs>): ForTenant {
  return (tenant) => ({
    find: (query) => store.find({ ...query, filter: { ...query.filter, tenant } }),
    count: (filter, max) => store.count({ ...filter, tenant }, max),
    get: (id) => store.get(tenant, id),
    stats: (query) => store.stats({ ...query, filter: { ...query.filter, tenant } }),
    arrivals: (query) => store.arrivals({ ...query, tenant }),
    findDeadLetters: (query) => store.findDeadLetters({ ...query, filter: { ...query.filter, tenant } }),
    getDeadLetter: (id) => store.getDeadLetter(tenant, id),
    async outcome(receipt, untilAborted) {
      const known = await store.outcome(receipt, untilAborted)
      return known && (known.outcome === 'expired' || known.tenant === tenant) ? known : undefined
    },
  })
}
