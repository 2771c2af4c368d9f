import type { Collection, FindCursor, Filter as Match } from 'mongodb'
import { type Filter, isSearch } from '../filter.ts'
import { type FindQuery, type Found, TooBroad } from './activities.ts'
import { countMatching, findMatching, totalTimeoutMs, wholeOf } from './metadata-search.ts'
import { maxTimeMS } from './mongo-client.ts'
import { type StoredActivity, toFoundStored } from './mongo-documents.ts'
import { byAction, byId, byPosition, byTime } from './mongo-indexes.ts'
import { createMongoMatching, maxTimeExpired } from './mongo-metadata.ts'
import { conditionOf, type Selection, select } from './mongo-selection.ts'
import { onlyInSnapshot } from './mongo-snapshot.ts'
import { createMongoStats } from './mongo-stats.ts'
import { type ManyActions, resolveActions } from './resolve-actions.ts'
import type { ActivityStore } from './store.ts'

/** Retention deletes rows now and then; a page that always lacks some is shown as it is. */
const maxAttempts = 3

/**
 * Every read ends when the signal aborts. Each operand is placed under an explicit operator, so that no value can act
 * as an operator.
 */
export function createMongoQueries(
  activities: Collection<StoredActivity>,
  signal?: AbortSignal,
  many?: ManyActions,
): Pick<ActivityStore, 'find' | 'count' | 'stats' | 'get' | 'tenants' | 'arrivals'> {
  const limits = { maxTimeMS, signal }

  async function nextAction(tenant: string, from: string, isAfter: boolean): Promise<string | undefined> {
    const row: Pick<StoredActivity, 'action'> | null = await activities.findOne(
      { tenant: { $eq: tenant }, action: isAfter ? { $gt: from } : { $gte: from } },
      { projection: { _id: 0, action: 1 }, sort: { action: 1 }, hint: byAction, ...limits },
    )
    return row?.action
  }

  /** Each lookup is a command, so a filter is resolved once. */
  const resolved = new WeakMap<Filter, ReturnType<typeof resolveActions>>()
  const selected = async ({ filter, order, after }: Pick<FindQuery, 'filter' | 'order' | 'after'>) => {
    const actions = resolved.get(filter) ?? resolveActions(nextAction, filter, many)
    resolved.set(filter, actions)
    return select(filter, await actions, order, after)
  }
  const matching = createMongoMatching(activities, selected, signal)

  async function find(query: FindQuery, attempts = maxAttempts): ReturnType<ActivityStore['find']> {
    const { filter, order, limit, skip = 0 } = query
    const selection = await selected(query)
    if (!selection) return []
    const { match, hint, isMerge, isExamined, snapshot } = selection
    if (isSearch(filter) || isExamined) {
      const { found, through } = await findMatching(matching, query)
      return wholeOf({ found: found.map(toFoundStored), through })
    }
    const sort = { _id: order === 'asc' ? 1 : -1 } as const
    const page = { sort, limit, ...limits }
    const fetch = (match: Match<StoredActivity>, hint: Selection['hint']) =>
      foundIn(activities.find(match, { ...page, batchSize: maxBatch, hint }))
    if (skip === 0 && !isMerge) return fetch(conditionOf(selection), hint)
    // skipping and merging happen in the index; only the page itself is fetched
    const listed = snapshot
      ? activities.aggregate<{ _id: string }>(
          [{ $match: match }, { $sort: sort }, ...onlyInSnapshot(snapshot), { $skip: skip }, { $limit: limit }],
          { hint, ...limits, batchSize: limit },
        )
      : activities
          .find(match, { ...page, batchSize: limit, hint, skip })
          .project<{ _id: string }>({ _id: 1, tenant: 1 })
    const keys = await listed.toArray()
    const ofPage = { tenant: { $eq: filter.tenant }, _id: { $in: keys.map(({ _id }) => _id) } }
    const found = keys.length === 0 ? [] : await fetch(ofPage, byTime)
    // without what retention deleted meanwhile, the page would seem to be the last one
    return found.length < keys.length && attempts > 1 ? find(query, attempts - 1) : found
  }

  return {
    find: (query) => find(query),

    async count(filter, max) {
      if (isSearch(filter)) return countMatching(matching, filter, max)
      const selection = await selected({ filter, order: 'asc' })
      if (!selection) return 0
      const { match, hint, isExamined, snapshot } = selection
      // this groups by a field of the index, so that nothing is fetched
      const counted = activities.aggregate<{ n: number }>(
        [
          { $match: match },
          ...(snapshot ? onlyInSnapshot(snapshot) : []),
          ...(max === undefined ? [] : [{ $limit: max }]),
          { $group: { _id: '$tenant', n: { $sum: 1 } } },
        ],
        { hint, ...limits, ...(isExamined && max !== undefined && { maxTimeMS: totalTimeoutMs }) },
      )
      return (await examining(isExamined, () => counted.next()))?.n ?? 0
    },

    stats: createMongoStats(activities, selected, matching, signal),

    async get(tenant, id) {
      const stored = await activities.findOne({ tenant: { $eq: tenant }, id: { $eq: id } }, { hint: byId, ...limits })
      return stored ? toFoundStored(stored) : undefined
    },

    /** Skips from each tenant to the next one, since a tenant may have any number of activities. */
    async tenants(after, limit) {
      const names: string[] = []
      while (names.length < limit) {
        const next: Pick<StoredActivity, 'tenant'> | null = await activities.findOne(
          { tenant: { $gt: names.at(-1) ?? after } },
          { projection: { _id: 0, tenant: 1 }, sort: { tenant: 1, id: 1 }, hint: byId, ...limits },
        )
        if (!next) break
        names.push(next.tenant)
      }
      return names
    },

    arrivals: ({ tenant, partition, first, last, limit }) =>
      foundIn(
        activities.find(
          { partition: { $eq: partition }, offset: { $gte: first, $lte: last }, tenant: { $eq: tenant } },
          { hint: byPosition, sort: { offset: 1 }, limit, batchSize: maxBatch, ...limits },
        ),
      ),
  }
}

/** A timeout means that the filter is too broad if documents are examined for it, and otherwise that MongoDB is slow. */
async function examining<Result>(isExamined: boolean, read: () => Promise<Result>): Promise<Result> {
  try {
    return await read()
  } catch (error) {
    if (!isExamined || (error as { code?: unknown }).code !== maxTimeExpired) throw error
    throw new TooBroad('There are too many activities to examine')
  }
}

/** A batch is at most 3 MiB. */
const maxBatch = 100
/** Others get their turn after this many characters of metadata, which take about a millisecond. */
const maxCharacters = 256 * 1024

/** The driver makes an object of one document at a time, so only one batch is in memory, and only as bytes. */
async function foundIn(cursor: FindCursor<StoredActivity>): Promise<Found[]> {
  const all: Found[] = []
  let characters = 0
  for await (const stored of cursor) {
    const found = toFoundStored(stored)
    all.push(found)
    characters += found.activity.metadataText?.length ?? 0
    if (characters < maxCharacters) continue
    characters = 0
    await new Promise(setImmediate)
  }
  return all
}

/** Whether more than a page has to be read. */
export const mayTakeLong = ({ filter, skip = 0 }: FindQuery) =>
  isSearch(filter) ||
  skip > 0 ||
  filter.excluded !== undefined ||
  filter.actions?.some((pattern) => 'prefix' in pattern) === true
