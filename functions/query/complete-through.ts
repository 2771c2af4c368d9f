import { type ActivityStore, StoreUnavailable } from '@activity-log/shared/store/store.ts'

/** An older answer is still true: what was complete stays so. */
const rememberedMs = 1000

export type CompleteThroughOptions = { books: ActivityStore['books']; now: () => Date }

/**
 * The time before which nothing acknowledged is missing. Every list has it, so the books are read once a second at most.
 * Undefined where nothing is known, also because the books cannot be read: a list does not fail for that.
 */
export function completeThrough({ books, now }: CompleteThroughOptions): () => Promise<Date | undefined> {
  let readAt = Number.NEGATIVE_INFINITY
  let read: Promise<Date | undefined>
  return () => {
    const age = now().getTime() - readAt
    // a clock that was set back makes it negative
    if (age >= 0 && age < rememberedMs) return read
    readAt = now().getTime()
    read = books().then(
      (found) => found.completeThrough,
      (error) => {
        readAt = Number.NEGATIVE_INFINITY
        if (!(error instanceof StoreUnavailable)) throw error
        return undefined
      },
    )
    return read
  }
}
