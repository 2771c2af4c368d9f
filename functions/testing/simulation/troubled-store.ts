import { StoreUnavailable } from '@activity-log/shared/store/store.ts'
import type { Life } from './life.ts'
import type { SimulatedStore } from './memory-store.ts'
import type { World } from './world.ts'

/** One call may not save more than this. persist has this limit, too. */
const maxActivities = 500
/** A call has failed after this time, which is longer than persist waits. */
const timeoutMs = 12_000

/**
 * The store as one process reaches it. A call may fail before, after or in the middle of a write, and a write that
 * failed may still take effect later.
 */
export function troubledStore(world: World, life: Life, store: SimulatedStore): SimulatedStore {
  const { random, rates, after, violate, note } = world
  const way = () => after(random.between(0, Math.min(rates.maxMs, 200)))

  async function write<Item, Result>(
    verb: 'save' | 'deadLetter',
    items: readonly Item[],
    apply: (items: readonly Item[]) => Promise<Result>,
  ): Promise<Result> {
    await way()
    if (random.chance(rates.failedWrite)) throw new StoreUnavailable(`${verb}: nothing was written`)
    if (random.chance(rates.belatedWrite)) {
      void after(random.between(0, 2 * timeoutMs))
        .then(() => apply(items))
        .catch(() => {})
      note(`${life.name} ${verb} of ${items.length} is belated`)
      await after(random.between(0, timeoutMs))
      throw new StoreUnavailable(`${verb}: no answer`)
    }
    if (random.chance(rates.partialWrite)) {
      const some = items.filter(() => random.chance(0.5))
      await apply(some)
      note(`${life.name} ${verb} of ${some.length} of ${items.length}`)
      throw new StoreUnavailable(`${verb}: a part was written`)
    }
    if (random.chance(rates.slowWrite)) await after(random.between(0, timeoutMs))
    const result = await apply(items)
    note(`${life.name} ${verb} of ${items.length}${verb === 'save' ? `: ${result}` : ''}`)
    await way()
    return result
  }

  return {
    save(activities) {
      if (activities.length > maxActivities) violate(`persist saved ${activities.length} activities at once`)
      return life.ask(() => write('save', activities, store.save))
    },
    deadLetter: (deadLetters) => life.ask(() => write('deadLetter', deadLetters, store.deadLetter)),
    find: (query) => life.ask(() => read(() => store.find(query))),
    findLines: (query) => life.ask(() => read(() => store.findLines(query))),
    count: (filter, max) => life.ask(() => read(() => store.count(filter, max))),
    tenants: (after, limit) => life.ask(() => read(() => store.tenants(after, limit))),
    arrivals: (query) => life.ask(() => read(() => store.arrivals(query))),
    stats: (query) => life.ask(() => read(() => store.stats(query))),
    get: (tenant, id) => life.ask(() => read(() => store.get(tenant, id))),
    outcome: (receipt, untilAborted) => life.ask(() => read(() => store.outcome(receipt, untilAborted))),
    ledger: () => life.ask(() => read(store.ledger)),
    findDeadLetters: (query) => life.ask(() => read(() => store.findDeadLetters(query))),
    getDeadLetter: (tenant, id) => life.ask(() => read(() => store.getDeadLetter(tenant, id))),
    resolve: (tenant, id, resolution) => life.ask(() => read(() => store.resolve(tenant, id, resolution))),
  }

  async function read<Result>(ask: () => Promise<Result>): Promise<Result> {
    await way()
    if (random.chance(rates.failedWrite)) throw new StoreUnavailable('nothing was read')
    if (random.chance(rates.slowWrite)) await after(random.between(0, timeoutMs))
    return ask()
  }
}
