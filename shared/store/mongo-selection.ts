import type { Filter as Match } from 'mongodb'
import { type ActionPattern, afterPrefix, type Filter, type Order, partsOf, usersOf } from '../filter.ts'
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
  /** The part of the condition that the index covers. */
  indexed: Match<StoredActivity>
  snapshot: Snapshot | undefined
  hint: typeof byTime | typeof byUser | typeof byAction | typeof byUserAndAction
  isMerge: boolean
  /** Whether the index lacks a part of the condition, so that documents are examined for it. */
  isExamined: boolean
}

/**
 * Selects the index whose prefix is what the filter names. `actions` are those that match its patterns, or undefined if
 * there are too many. Returns undefined if nothing can match.
 */
export function select(
  filter: Filter,
  actions: readonly string[] | undefined,
  order: Order,
  after?: string,
): Selection | undefined {
  if (actions?.length === 0) return undefined
  const { tenant, from, to, snapshot, actions: patterns, excluded } = filter
  const users = usersOf(filter)
  const bounds: Match<StoredActivity>[] = []
  if (from !== undefined) bounds.push({ _id: { $gte: firstKeyAt(from) } })
  if (to !== undefined) bounds.push({ _id: { $lt: firstKeyAt(to) } })
  if (after !== undefined) bounds.push({ _id: order === 'asc' ? { $gt: after } : { $lt: after } })

  const examined: Match<StoredActivity>[] = []
  if (patterns && !actions) examined.push(isOneOf(patterns))
  if (excluded) examined.push({ $nor: [isOneOf(excluded)] })

  const all = (conditions: Match<StoredActivity>[]): Match<StoredActivity> => ({
    tenant: { $eq: tenant },
    ...(users && { userId: oneOf(users) }),
    ...(actions && { action: oneOf(actions) }),
    ...(conditions.length > 0 && { $and: conditions }),
  })
  const hint = actions ? (users ? byUserAndAction : byAction) : users ? byUser : byTime
  const isMerge = [users, actions].some((names) => names !== undefined && names.length > 1)
  return {
    match: all([...bounds, ...examined]),
    indexed: all(bounds),
    snapshot,
    hint,
    isMerge,
    isExamined: examined.length > 0,
  }
}

const oneOf = (names: readonly string[]) => (names.length === 1 ? { $eq: names[0] as string } : { $in: names })

/** Matches documents whose action has one of the names or prefixes. */
function isOneOf(patterns: readonly ActionPattern[]): Match<StoredActivity> {
  const { names, prefixes } = partsOf(patterns)
  const ranges = prefixes.map((prefix) => {
    const end = afterPrefix(prefix)
    return { action: { $gte: prefix, ...(end !== undefined && { $lt: end }) } }
  })
  return { $or: [{ action: { $in: names } }, ...ranges] }
}

/** The complete condition on a document. */
export function conditionOf({ match, snapshot }: Selection): Match<StoredActivity> {
  return snapshot ? { ...match, $and: [...(match.$and ?? []), isInSnapshot(snapshot)] } : match
}
