import { changed, isMetadataFilter, namesAction, type View } from './views/view.ts'
import { dayStart, readInstant } from './views/zone-time.ts'

/** The API searches metadata without a user or an action for at most 31 days. */
const days = 30

/**
 * The view with a time range that the API accepts, if it filters by metadata alone: the last days, or those since
 * `from`. Undefined if it needs none, and if the reader chose a range that is too long, which the API then says.
 */
export function withRange(view: View, zone: string, now: Date): View | undefined {
  const { userId, action, from, to } = view
  if (!Object.keys(view).some(isMetadataFilter) || userId !== undefined || namesAction(action)) return undefined
  if (to !== undefined) return undefined
  const tomorrow = dayStart(now.getTime(), zone, 1)
  const first = dayStart(tomorrow, zone, -days)
  const isChosen = from !== undefined
  if (isChosen && !(readInstant(from) >= first)) return undefined
  return changed(view, { from: isChosen ? from : text(first), to: text(tomorrow), cursor: undefined, page: undefined })
}

const text = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z')
