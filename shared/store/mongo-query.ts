import type { Collection, Filter as Match } from 'mongodb'
import { toFound } from '../document.ts'
import type { Filter } from '../filter.ts'
import { countMatching, findMatching } from './metadata-search.ts'
import { maxTimeMS } from './mongo-client.ts'
import { fromStored, type StoredActivity } from './mongo-documents.ts'
import { byAction, byId, byTime } from './mongo-indexes.ts'
import { createMongoMatching } from './mongo-metadata.ts'
import { conditionOf, type Selection, select } from './mongo-selection.ts'
import { onlyInSnapshot } from './mongo-snapshot.ts'
import { createMongoStats } from './mongo-stats.ts'
import { type ActivityStore, type FindQuery, type Found, maxActions, TooManyActions } from './store.ts'

/** Every operand is under an operator of ours, so that no value can be one. */
export function createMongoQueries(
  activities: Collection<StoredActivity>,
): Pick<ActivityStore, 'find' | 'count' | 'stats' | 'get'> {
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

  const selected = async ({ filter, order, after }: Pick<FindQuery, 'filter' | 'order' | 'after'>) =>
    select(filter, await resolveActions(filter), order, after)
  const matching = createMongoMatching(activities, selected)

  return {
    async find(query) {
      const { filter, order, limit, skip = 0 } = query
      if (filter.metadata) return (await findMatching(matching, query)).map(toFoundStored)
      const selection = await selected(query)
      if (!selection) return []
      const { match, hint, isMerge, asOf } = selection
      const sort = { _id: order === 'asc' ? 1 : -1 } as const
      const page = { sort, limit, batchSize: limit, maxTimeMS }
      const fetch = async (match: Match<StoredActivity>, hint: Selection['hint']) => {
        const found = await activities.find(match, { ...page, hint }).toArray()
        return found.map(toFoundStored)
      }
      if (skip === 0 && !isMerge) return fetch(conditionOf(selection), hint)
      // what is skipped or merged is so in the index; only the page itself is fetched
      const keys: { _id: string }[] = asOf
        ? await activities
            .aggregate<{ _id: string }>(
              [{ $match: match }, { $sort: sort }, ...onlyInSnapshot(asOf), { $skip: skip }, { $limit: limit }],
              { hint, maxTimeMS, batchSize: limit },
            )
            .toArray()
        : await activities
            .find(match, { ...page, hint, skip })
            .project<{ _id: string }>({ _id: 1, tenant: 1 })
            .toArray()
      const ofPage = { tenant: { $eq: filter.tenant }, _id: { $in: keys.map(({ _id }) => _id) } }
      return keys.length === 0 ? [] : fetch(ofPage, byTime)
    },

    async count(filter, atMost) {
      if (filter.metadata) return countMatching(matching, filter, atMost)
      const selection = await selected({ filter, order: 'asc' })
      if (!selection) return 0
      const { match, hint, asOf } = selection
      // grouped by a field of the index: so nothing is fetched
      const counted = activities.aggregate<{ n: number }>(
        [
          { $match: match },
          ...(asOf ? onlyInSnapshot(asOf) : []),
          ...(atMost === undefined ? [] : [{ $limit: atMost }]),
          { $group: { _id: '$tenant', n: { $sum: 1 } } },
        ],
        { hint, maxTimeMS },
      )
      return (await counted.next())?.n ?? 0
    },

    stats: createMongoStats(activities, selected, matching),

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
