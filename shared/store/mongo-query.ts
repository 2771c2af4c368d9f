import type { Collection, Filter as Match } from 'mongodb'
import type { AsOf } from '../as-of.ts'
import { toFound } from '../document.ts'
import type { Filter, Order } from '../filter.ts'
import { firstKeyAt } from '../key.ts'
import { countMatching, findMatching } from './metadata-search.ts'
import { maxTimeMS } from './mongo-client.ts'
import { fromStored, type StoredActivity } from './mongo-documents.ts'
import { byAction, byId, byTime, byUser } from './mongo-indexes.ts'
import { matchingIn } from './mongo-metadata.ts'
import { type ActivityStore, type Found, maxActions, TooManyActions } from './store.ts'

/**
 * What matches, and the one index that has it in the order of the keys. Named as a hint: a planner that took another one
 * would read the whole collection some day.
 */
export type Selection = {
  match: Match<StoredActivity>
  hint: typeof byTime | typeof byUser | typeof byAction
  isMerge: boolean
}

/** Every operand is under an operator of ours, so that no value can be one. */
export function queriesIn(activities: Collection<StoredActivity>): Pick<ActivityStore, 'find' | 'count' | 'get'> {
  /** The actions that the patterns stand for: prefixes are looked up one index step for each action. */
  async function resolveActions({ tenant, actions }: Filter): Promise<string[] | undefined> {
    if (!actions) return undefined
    const names = new Set<string>()
    for (const pattern of actions) {
      if ('exact' in pattern) names.add(pattern.exact)
      else for await (const action of actionsFrom(tenant, pattern.prefix)) names.add(action)
    }
    return [...names]
  }

  async function* actionsFrom(tenant: string, prefix: string) {
    let next: { $gt: string } | { $gte: string } = { $gte: prefix }
    for (let found = 0; ; found++) {
      const row: Pick<StoredActivity, 'action'> | null = await activities.findOne(
        { tenant: { $eq: tenant }, action: next },
        { projection: { _id: 0, action: 1 }, sort: { action: 1 }, hint: byAction, maxTimeMS },
      )
      if (!row?.action.startsWith(prefix)) return
      if (found === maxActions) throw new TooManyActions(`More than ${maxActions} actions begin with ${prefix}`)
      yield row.action
      next = { $gt: row.action }
    }
  }

  const matching = matchingIn(activities, async ({ filter, order, after }) =>
    select(filter, await resolveActions(filter), order, after),
  )

  return {
    async find(query) {
      const { filter, order, limit, after, skip = 0 } = query
      if (filter.metadata) return (await findMatching(matching, query)).map(toFoundStored)
      const selection = select(filter, await resolveActions(filter), order, after)
      if (!selection) return []
      const { match, hint, isMerge } = selection
      const page = { sort: { _id: order === 'asc' ? 1 : -1 }, limit, batchSize: limit, maxTimeMS } as const
      const fetch = async (match: Match<StoredActivity>, hint: Selection['hint']) => {
        const found = await activities.find(match, { ...page, hint }).toArray()
        return found.map(toFoundStored)
      }
      if (skip === 0 && !isMerge) return fetch(match, hint)
      // what is skipped or merged is so in the index; only the page itself is fetched
      const keys = await activities
        .find(match, { ...page, hint, skip })
        .project<{ _id: string }>({ _id: 1, tenant: 1 })
        .toArray()
      const ofPage = { tenant: { $eq: filter.tenant }, _id: { $in: keys.map(({ _id }) => _id) } }
      return keys.length === 0 ? [] : fetch(ofPage, byTime)
    },

    async count(filter, atMost) {
      if (filter.metadata) return countMatching(matching, filter, atMost)
      const selection = select(filter, await resolveActions(filter), 'asc')
      if (!selection) return 0
      const { match, hint } = selection
      // grouped by a field of the index: so nothing is fetched
      const counted = activities.aggregate<{ n: number }>(
        [
          { $match: match },
          ...(atMost === undefined ? [] : [{ $limit: atMost }]),
          { $group: { _id: '$tenant', n: { $sum: 1 } } },
        ],
        { hint, maxTimeMS },
      )
      return (await counted.next())?.n ?? 0
    },

    async get(tenant, id) {
      const stored = await activities.findOne({ tenant: { $eq: tenant }, id: { $eq: id } }, { hint: byId, maxTimeMS })
      return stored ? toFound(fromStored(stored)) : undefined
    },
  }
}

export const toFoundStored = (stored: StoredActivity): Found => ({
  key: stored._id,
  activity: toFound(fromStored(stored)),
  position: { partition: stored.partition, offset: stored.offset },
})

/** From one index: that of the user, else of the action, else of time. Undefined when nothing can match. */
function select(
  { tenant, userId, from, to, asOf }: Filter,
  actions: readonly string[] | undefined,
  order: Order,
  after?: string,
): Selection | undefined {
  if (actions?.length === 0) return undefined
  const bounds: Match<StoredActivity>[] = []
  if (from !== undefined) bounds.push({ _id: { $gte: firstKeyAt(from) } })
  if (to !== undefined) bounds.push({ _id: { $lt: firstKeyAt(to) } })
  if (after !== undefined) bounds.push({ _id: order === 'asc' ? { $gt: after } : { $lt: after } })
  if (asOf) bounds.push({ $or: hadThen(asOf) })

  const match: Match<StoredActivity> = {
    tenant: { $eq: tenant },
    ...(userId !== undefined && { userId: { $eq: userId } }),
    ...(actions && { action: actions.length === 1 ? { $eq: actions[0] as string } : { $in: actions } }),
    ...(bounds.length > 0 && { $and: bounds }),
  }
  if (userId !== undefined) return { match, hint: byUser, isMerge: false }
  if (!actions) return { match, hint: byTime, isMerge: false }
  return { match, hint: byAction, isMerge: actions.length > 1 }
}

function hadThen(asOf: AsOf): Match<StoredActivity>[] {
  const partitions = asOf.map(({ partition, last, missing }) => ({
    partition: { $eq: partition },
    offset: { $lte: last },
    ...(missing.length > 0 && { $nor: missing.map((gap) => ({ offset: { $gte: gap.first, $lte: gap.last } })) }),
  }))
  return [{ partition: { $lt: 0 } }, ...partitions]
}
