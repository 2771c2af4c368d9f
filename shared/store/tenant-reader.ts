import type { Gone } from '../aborted.ts'
import type { Filter } from '../filter.ts'
import type { Receipt } from '../receipt.ts'
import type { Tenant } from '../tenant.ts'
import type { ArrivalsQuery, FindQuery, LinesQuery, StatsQuery } from './activities.ts'
import type { DeadLetterQuery, FoundDeadLetter } from './dead-letters.ts'
import type { RecordOutcome } from './ledger.ts'
import type { ActivityStore } from './store.ts'

type Filtered<Query extends { filter: object }> = Query extends unknown
  ? Omit<Query, 'filter'> & { filter: Omit<Query['filter'], 'tenant'> }
  : never

/** The reads of one tenant. No verb takes the name of a tenant, and a tenant in a filter is ignored. */
export type TenantReader = {
  find(query: Filtered<FindQuery>): ReturnType<ActivityStore['find']>
  findLines(query: Filtered<LinesQuery>): ReturnType<ActivityStore['findLines']>
  count(filter: Omit<FindQuery['filter'], 'tenant'>, max?: number): Promise<number>
  get(id: string): ReturnType<ActivityStore['get']>
  stats(query: Filtered<StatsQuery>): ReturnType<ActivityStore['stats']>
  arrivals(query: Omit<ArrivalsQuery, 'tenant'>): ReturnType<ActivityStore['arrivals']>
  findDeadLetters(query: Filtered<DeadLetterQuery>): ReturnType<ActivityStore['findDeadLetters']>
  getDeadLetter(id: string): ReturnType<ActivityStore['getDeadLetter']>
  /** The record of another tenant is unknown, like one that has not arrived, until its outcome has expired. */
  outcome(receipt: Receipt, untilAborted?: AbortSignal): Promise<RecordOutcome | undefined>
}

type Verbs =
  | 'find'
  | 'findLines'
  | 'count'
  | 'get'
  | 'stats'
  | 'arrivals'
  | 'findDeadLetters'
  | 'getDeadLetter'
  | 'outcome'
/** A filter whose tenant the authenticator named. */
export type TenantFilter = Filter & { tenant: Tenant }
export type ForTenant = (tenant: Tenant, of?: ReadsOf) => TenantReader
/** Dead letters and outcomes of the tenant `also` are among those of the first one. Long reads end with their client. */
export type ReadsOf = { also?: Tenant | undefined; gone?: Gone | undefined }

/** The only way to read on behalf of somebody: as their tenant. */
export function readersOf(store: Pick<ActivityStore, Verbs>): ForTenant {
  return (tenant, { also, gone } = {}) => {
    const tenants = also === undefined ? [tenant] : [tenant, also]
    return {
      find: (query) => store.find({ ...query, filter: { ...query.filter, tenant } }, gone),
      findLines: (query) => store.findLines({ ...query, filter: { ...query.filter, tenant } }, gone),
      count: (filter, max) => store.count({ ...filter, tenant }, max, gone),
      get: (id) => store.get(tenant, id),
      stats: (query) => store.stats({ ...query, filter: { ...query.filter, tenant } }, gone),
      arrivals: (query) => store.arrivals({ ...query, tenant }, gone),
      async findDeadLetters(query) {
        const lists = await Promise.all(
          tenants.map((each) => store.findDeadLetters({ ...query, filter: { ...query.filter, tenant: each } }, gone)),
        )
        return inOrder(lists, query)
      },
      async getDeadLetter(id) {
        for (const each of tenants) {
          const letter = await store.getDeadLetter(each, id)
          if (letter) return letter
        }
        return undefined
      },
      async outcome(receipt, untilAborted) {
        const known = await store.outcome(receipt, untilAborted)
        if (known?.outcome !== 'expired' && !tenants.some((each) => each === known?.tenant)) {
          // an early answer would tell when the record of another tenant was stored
          if (known && untilAborted) await aborted(untilAborted)
          return undefined
        }
        return known
      },
    }
  }
}

/** Merges lists by the keys, which have the same order for every tenant. */
function inOrder(
  lists: readonly (readonly FoundDeadLetter[])[],
  { order, limit }: Pick<DeadLetterQuery, 'order' | 'limit'>,
) {
  const [only] = lists
  if (only && lists.length === 1) return only
  const sign = order === 'asc' ? 1 : -1
  return lists
    .flat()
    .sort((one, other) => (one.key < other.key ? -sign : sign))
    .slice(0, limit)
}

const aborted = async (signal: AbortSignal) => {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}
