import type { Filter as Match } from 'mongodb'
import type { Filter, Order } from '../filter.ts'
import { firstKeyAt } from '../key.ts'
import type { Snapshot } from '../snapshot.ts'
import type { StoredActivity } from './mongo-documents.ts'
import { byAction, byTime, byUser, byUserAndAction } from './mongo-indexes.ts'
import { isInSnapshot } from './mongo-snapshot.ts'

/**
 * A condition, and the one index that returns its matches in the order of the keys. The index is given as a hint,
 * because a planner that chose another one could read the whole collection.
 */
export type Selection = {
  /** The condition at any snapshot. */
  match: Match<StoredActivity>
  snapshot: Snapshot | undefined
  hint: typeof byTime | typeof byUser | typeof byAction | typeof byUserAndAction
  isMerge: boolean
}

/** Selects the index whose prefix is what the filter names. Returns undefined if nothing can match. */
export function select(
  { tenant, userId, from, to, snapshot }: Filter,
  actions: readonly string[] | undefined,
  order: Order,
  after?: string,
): Selection | undefined {
  if (actions?.length === 0) return undefined
  const bounds: Match<StoredActivity>[] = []
  if (from !== undefined) bounds.push({ _id: { $gte: firstKeyAt(from) } })
  if (to !== undefined) bounds.push({ _id: { $lt: firstKeyAt(to) } })
  if (after !== undefined) bounds.push({ _id: order === 'asc' ? { $gt: after } : { $lt: after } })

  const match: Match<StoredActivity> = {
    tenant: { $eq: tenant },
    ...(userId !== undefined && { userId: { $eq: userId } }),
    ...(actions && { action: actions.length === 1 ? { $eq: actions[0] as string } : { $in: actions } }),
    ...(bounds.length > 0 && { $and: bounds }),
  }
  const hint = actions ? (userId === undefined ? byAction : byUserAndAction) : userId === undefined ? byTime : byUser
  return { match, snapshot, hint, isMerge: actions !== undefined && actions.length > 1 }
}

/** The complete condition on a document. */
export function conditionOf({ match, snapshot }: Selection): Match<StoredActivity> {
  return snapshot ? { ...match, $and: [...(match.$and ?? []), isInSnapshot(snapshot)] } : match
}
