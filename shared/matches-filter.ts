import { type ListedActivity, metadataOf } from './document.ts'
import { type Filter, isMeant, usersOf } from './filter.ts'
import { instantOf } from './key.ts'
import { metadataMatcher } from './metadata-match.ts'
import { textMatcher } from './text-match.ts'

/**
 * Returns a function that decides whether an activity of the filter's tenant matches, as a store does by its indexes.
 */
export function filterMatcher(filter: Filter) {
  const { actions, excluded, from, to } = filter
  const users = usersOf(filter)
  const isFound = searchMatcher(filter)
  const isInRange = from === undefined && to === undefined ? () => true : rangeMatcher(filter)
  return (key: string, activity: ListedActivity): boolean => {
    if (users && !users.includes(activity.userId)) return false
    if (actions && !actions.some((pattern) => isMeant(pattern, activity.action))) return false
    if (excluded?.some((pattern) => isMeant(pattern, activity.action))) return false
    return isInRange(key) && isFound(activity)
  }
}

function rangeMatcher({ from, to }: Pick<Filter, 'from' | 'to'>) {
  return (key: string): boolean => {
    const at = instantOf(key)
    return (from === undefined || at >= from) && (to === undefined || at < to)
  }
}

/** Returns a function that decides about metadata and text, which no index covers. */
export function searchMatcher({ metadata, text }: Pick<Filter, 'metadata' | 'text'>) {
  const hasText = text === undefined ? undefined : textMatcher(text)
  const hasMetadata = metadata && metadataMatcher(metadata)
  return (activity: Pick<ListedActivity, 'userId' | 'action' | 'metadataText'>): boolean => {
    const { userId, action, metadataText = null } = activity
    if (hasText && !hasText({ userId, action, metadataText })) return false
    return !hasMetadata || hasMetadata(metadataOf(activity))
  }
}
