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

/** How many actions a prefix has at least, if it had too many to merge a short while ago. */
export type ManyActions = {
  countOf(tenant: string, prefix: string): number
  remember(tenant: string, prefix: string, count: number): void
}

const rememberedMs = 60_000
const maxRemembered = 1000

/** Remembers which prefixes have many actions, so that they are not looked up for every request. */
export function createManyActions(now: () => number): ManyActions {
  const known = new Map<string, { count: number; until: number }>()
  const nameOf = (tenant: string, prefix: string) => JSON.stringify([tenant, prefix])
  return {
    countOf(tenant, prefix) {
      const { count = 0, until = 0 } = known.get(nameOf(tenant, prefix)) ?? {}
      return until > now() ? count : 0
    },
    remember(tenant, prefix, count) {
      if (known.size === maxRemembered) known.clear()
      known.set(nameOf(tenant, prefix), { count, until: now() + rememberedMs })
    },
  }
}

/**
 * The actions that match the patterns; a prefix takes one index step for each action. Undefined without patterns, and
 * if there are too many actions to merge.
 */
export async function resolveActions(
  nextAction: NextAction,
  filter: Filter,
  many?: ManyActions,
): Promise<string[] | undefined> {
  const { tenant, actions } = filter
  if (!actions) return undefined
  const max = maxMergedActions(filter)
  const { names, prefixes } = partsOf(actions)
  if (prefixes.some((prefix) => (many?.countOf(tenant, prefix) ?? 0) > max)) return undefined
  for (const prefix of prefixes) {
    let count = 0
    for await (const action of startingWith(nextAction, tenant, prefix)) {
      count++
      if (names.push(action) <= max) continue
      if (count > max) many?.remember(tenant, prefix, count)
      return undefined
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
