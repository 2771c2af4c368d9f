import { invalidInput, Problem, unavailable } from '@activity-log/shared/http/problem.ts'
import { TooBroad, TooManyActions } from '@activity-log/shared/store/activities.ts'
import { StoreUnavailable } from '@activity-log/shared/store/store.ts'
import { TooLate, within } from '@activity-log/shared/within.ts'

/** How long a client waits for the store before it gets a 503. */
export const answerMs = 5_000

/** The store in trouble is a 503, a filter that is too broad the client's to narrow; anything else is a fault of ours. */
export async function fromStore<Result>(ask: () => Promise<Result>, timeoutMs = answerMs): Promise<Result> {
  try {
    return await within(timeoutMs, ask(), 'The store did not answer')
  } catch (error) {
    if (error instanceof TooManyActions) {
      throw invalidInput([{ pointer: 'action', detail: `${error.message}; ask for a longer beginning` }])
    }
    if (error instanceof TooBroad) {
      const detail = 'Too many activities would have to be read for this; narrow it by userId, action, from and to.'
      throw new Problem('too-broad', detail, { cause: error })
    }
    if (error instanceof StoreUnavailable || error instanceof TooLate) {
      throw unavailable('The log cannot be read just now; try again.', error)
    }
    throw error
  }
}
