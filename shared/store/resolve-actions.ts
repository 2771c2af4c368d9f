import type { Filter } from '../filter.ts'
import { maxActions, TooManyActions } from './activities.ts'

/** The first action of a tenant at or after `from`, in their order; with `isAfter`, the first one after it. */
export type NextAction = (
  tenant: string,
  from: string,
  isAfter: boolean,
) => Promise<string | undefined> | string | undefined

/** The actions that match the patterns; a prefix takes one index step for each action. Undefined without patterns. */
export async function resolveActions(
  nextAction: NextAction,
  { tenant, actions }: Pick<Filter, 'tenant' | 'actions'>,
): Promise<string[] | undefined> {
  if (!actions) return undefined
  const names = new Set<string>()
  for (const pattern of actions) {
    if ('exact' in pattern) names.add(pattern.exact)
    else for await (const action of startingWith(nextAction, tenant, pattern.prefix)) names.add(action)
    // each name is a part of the query, and databases limit those
    if (names.size > maxActions) throw new TooManyActions(`More than ${maxActions} actions match`)
  }
  return [...names]
}

async function* startingWith(nextAction: NextAction, tenant: string, prefix: string) {
  let action = await nextAction(tenant, prefix, false)
  for (let found = 0; action?.startsWith(prefix); found++) {
    if (found === maxActions) throw new TooManyActions(`More than ${maxActions} actions begin with ${prefix}`)
    yield action
    action = await nextAction(tenant, action, true)
  }
}
