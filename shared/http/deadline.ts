import { TooLate, within } from '../within.ts'
import { unavailable } from './problem.ts'
import type { Around } from './route.ts'

/** Answers 503 when a route exceeds its timeout. */
export const withDeadline: Around = (handle, { timeoutMs }) => {
  if (timeoutMs === undefined) return handle
  return (request) =>
    within(timeoutMs, handle(request), 'There was no answer').catch((error) => {
      throw error instanceof TooLate ? unavailable('The store did not answer in time; try again.', error) : error
    })
}
