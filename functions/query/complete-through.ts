import type { Log } from '@activity-log/shared/log.ts'
import { type ActivityStore, StoreUnavailable } from '@activity-log/shared/store/store.ts'
import { TooLate, within } from '@activity-log/shared/within.ts'

/** An older answer is still true: what was complete stays so. */
const rememberedMs = 1000
/** Where the books take long they are read seldom: this many times as long as it took lies between. */
const restFactor = 10
/** A list waits no longer for them, and takes what was read before. */
const patienceMs = 200

export type CompleteThroughOptions = { books: ActivityStore['books']; now: () => Date; log: Pick<Log, 'error'> }

/**
 * The time before which nothing acknowledged is missing. Every list has it, so the books are read once a second at most, and
 * no list fails or waits long for them. Undefined where nothing is known yet.
 */
export function completeThrough({ books, now, log }: CompleteThroughOptions): () => Promise<Date | undefined> {
  let known: Date | undefined
  let reading: Promise<void> | undefined
  let startedAt = Number.NEGATIVE_INFINITY
  let restMs = 0

  async function read() {
    startedAt = now().getTime()
    try {
      known = (await books()).completeThrough
    } catch (error) {
      if (!(error instanceof StoreUnavailable)) log.error({ err: error }, 'the books could not be read')
    }
    restMs = Math.max(rememberedMs, restFactor * (now().getTime() - startedAt))
    reading = undefined
  }

  return async () => {
    const age = now().getTime() - startedAt
    // a clock that was set back makes it negative
    if (!reading && (age < 0 || age >= restMs)) reading = read()
    if (reading) {
      await within(patienceMs, reading, 'The books were not read').catch((error) => {
        if (!(error instanceof TooLate)) throw error
      })
    }
    return known
  }
}
