import { Aborted } from '@activity-log/shared/aborted.ts'
import { Problem, unavailable } from '@activity-log/shared/http/problem.ts'
import type { Turn } from '@activity-log/shared/http/turns.ts'
import { type Found, TooBroad } from '@activity-log/shared/store/activities.ts'
import { NeedsOperator, StoreUnavailable } from '@activity-log/shared/store/store.ts'
import { TooLate, within } from '@activity-log/shared/within.ts'
import type { FoundPart } from './find-bounded.ts'

/** How long a client waits for the store before it gets a 503. */
export const answerMs = 5_000

/** Turns an unavailable store into a 503, and a filter that is too broad into a 400. Any other error is our fault. */
export async function fromStore<Result>(ask: () => Promise<Result>, timeoutMs = answerMs): Promise<Result> {
  try {
    return await within(timeoutMs, ask(), 'The store did not answer')
  } catch (error) {
    if (error instanceof TooBroad) {
      const detail = 'The query would have to read too many activities; narrow it with userId, action, from and to.'
      throw new Problem('too-broad', detail, { cause: error })
    }
    if (error instanceof Aborted) throw unavailable('The client has gone.', error)
    if (error instanceof NeedsOperator) throw unavailable(error.message, error)
    if (error instanceof StoreUnavailable || error instanceof TooLate) {
      throw unavailable('The log cannot be read at the moment; try again.', error)
    }
    throw error
  }
}

/** Counts the bytes of rows that were found. They may take twice as many until they are an answer. */
export type Hold = (bytes: number) => void

/**
 * If a search takes too long, its part ends with what it found. Many searches may begin or end at the same time, so each
 * waits for a turn in which there is time to begin, and again for one in which there is time to make an answer of it.
 */
export async function foundInTime(
  find: () => Promise<readonly Found[]>,
  { turn, hold }: { turn: Turn; hold: Hold },
): Promise<FoundPart<Found>> {
  try {
    const wait = turn()
    if (wait) await wait
    const found = await find()
    hold(found.reduce((sum, { activity }) => sum + (activity.metadataText?.length ?? 0), 0))
    await turn()
    return { found }
  } catch (error) {
    if (error instanceof TooBroad && error.searched) return error.searched
    throw error
  }
}
