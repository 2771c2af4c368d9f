import { TooLate, within } from '../within.ts'
import { unavailable } from './problem.ts'
import type { Around } from './route.ts'

/** A route that has a timeout answers within it. */
export const withDeadline: Around = (handle, { timeoutMs }) => {
  if (timeoutMs === undefined) return handle
  return (request) =>
    within(timeoutMs, handle(request), 'There was no answer').catch((error) => {
      throw error instanceof TooLate ? unavailable('The store did not answer in time.', error) : error
    })
}
