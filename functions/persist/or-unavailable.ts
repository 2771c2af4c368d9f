import { unavailable } from '@activity-log/shared/http/problem.ts'

/**
 * Whatever the store rejects with is a 503: nothing is known then, and the same may be done again. A fault of ours has its
 * stack in the log.
 */
export function orUnavailable<Result>(
  asked: Promise<Result>,
  detail = 'The store did not answer; try again.',
): Promise<Result> {
  return asked.catch((cause) => {
    throw unavailable(detail, cause)
  })
}
