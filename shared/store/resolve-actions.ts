import type { Filter } from '../filter.ts'
import { maxActions, TooManyActions } from './activities.ts'

/** The first action of a tenant at or after `from`, in their order; with `isAfter`, the first one after it. */
export type NextAction = (
  tenant: string,
  from: string,
  isAfter: boolean,
) => Promise<string | undefined> | string | undefined

/**
 * The actions that match the patterns; a prefix takes one index step for each action, so all prefixes together may
 * match `maxActions`. Undefined without patterns.
 */
export async function resolveActions(
  nextAction: NextAction,
  { tenant, actions }: Pick<Filter, 'tenant' | 'actions'>,
): Promise<string[] | undefined> {
  if (!actions) return undefined
  const names = new Set<string>()
  const prefixes = actions.flatMap((pattern) => ('prefix' in pattern ? pattern.prefix : []))
  let found = 0
  for (const pattern of actions) {
    if ('exact' in pattern) names.add(pattern.exact)
    else {
      for await (const action of startingWith(nextAction, tenant, pattern.prefix)) {
        if (found++ === maxActions) throw tooMany(prefixes)
        names.add(action)
      }
    }
  }
  return [...names]
}

function tooMany([prefix, ...others]: readonly string[]): TooManyActions {
  return new TooManyActions(
    `More than ${maxActions} actions begin with ${others.length > 0 ? 'these prefixes' : prefix}`,
  )
}

async function* startingWith(nextAction: NextAction, tenant: string, prefix: string) {
  let action = await nextAction(tenant, prefix, false)
  while (action?.startsWith(prefix)) {
    yield action
    action = await nextAction(tenant, action, true)
  }
}
