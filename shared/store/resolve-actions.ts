import { type Filter, partsOf, usersOf } from '../filter.ts'
import { maxActions } from './activities.ts'

/** The first action of a tenant at or after `from`, in their order; with `isAfter`, the first one after it. */
export type NextAction = (
  tenant: string,
  from: string,
  isAfter: boolean,
) => Promise<string | undefined> | string | undefined

/** How many actions a list may merge: each one is a part of an index for each user. */
export const maxMergedActions = (filter: Pick<Filter, 'userId'>): number =>
  Math.floor(maxActions / Math.max(1, usersOf(filter)?.length ?? 1))

/**
 * The actions that match the patterns; a prefix takes one index step for each action. Undefined without patterns, and
 * if there are too many actions to merge.
 */
export async function resolveActions(nextAction: NextAction, filter: Filter): Promise<string[] | undefined> {
  const { tenant, actions } = filter
  if (!actions) return undefined
  const max = maxMergedActions(filter)
  const { names, prefixes } = partsOf(actions)
  for (const prefix of prefixes) {
    for await (const action of startingWith(nextAction, tenant, prefix)) {
      if (names.push(action) > max) return undefined
    }
  }
  return names.length > max ? undefined : names
}

async function* startingWith(nextAction: NextAction, tenant: string, prefix: string) {
  let action = await nextAction(tenant, prefix, false)
  while (action?.startsWith(prefix)) {
    yield action
    action = await nextAction(tenant, action, true)
  }
}
