import { unavailable } from '@activity-log/shared/http/problem.ts'
import { StoreUnavailable } from '@activity-log/shared/store/store.ts'

/** The store in trouble is a 503; anything else is a fault of ours. */
export async function fromStore<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof StoreUnavailable) throw unavailable('The store did not answer; try again.', error)
    throw error
  }
}
