import { invalidInput, unavailable } from '@activity-log/shared/http/problem.ts'
import { StoreUnavailable, TooManyActions } from '@activity-log/shared/store/store.ts'

/** The store in trouble is a 503, a filter that is too broad the client's to narrow; anything else is a fault of ours. */
export async function fromStore<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof TooManyActions) {
      throw invalidInput([{ pointer: 'action', detail: `${error.message}; ask for a longer beginning` }])
    }
    if (error instanceof StoreUnavailable) throw unavailable('The log cannot be read just now; try again.', error)
    throw error
  }
}
