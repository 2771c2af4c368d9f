import { type ListedActivity, metadataOf } from './document.ts'
import type { Filter } from './filter.ts'
import { instantOf } from './key.ts'
import { metadataMatcher } from './metadata-match.ts'

/**
 * Returns a function that decides whether an activity of the filter's tenant matches, as a store does by its indexes.
 */
export function filterMatcher({ userId, actions, from, to, metadata }: Filter) {
  const hasMetadata = metadata && metadataMatcher(metadata)
  return (key: string, activity: ListedActivity): boolean => {
    if (userId !== undefined && activity.userId !== userId) return false
    if (actions && !actions.some((pattern) => isMeant(pattern, activity.action))) return false
    const at = instantOf(key)
    if ((from !== undefined && at < from) || (to !== undefined && at >= to)) return false
    return !hasMetadata || hasMetadata(metadataOf(activity))
  }
}

const isMeant = (pattern: { exact: string } | { prefix: string }, action: string) =>
  'exact' in pattern ? pattern.exact === action : action.startsWith(pattern.prefix)
