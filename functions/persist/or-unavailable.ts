import { unavailable } from '@activity-log/shared/http/problem.ts'
import { NeedsOperator } from '@activity-log/shared/store/store.ts'

/**
 * Turns any error of the store into a 503, because the outcome is then unknown and the request may be sent again. The
 * log has the stack of a fault of ours.
 */
export function orUnavailable<Result>(
  result: Promise<Result>,
  detail = 'The store did not answer; send the request again.',
): Promise<Result> {
  return result.catch((cause) => {
    throw unavailable(cause instanceof NeedsOperator ? cause.message : detail, cause)
  })
}
