import type { Log } from '../log.ts'
import { isFault, reasons } from '../reasons.ts'
import { Problem } from './problem.ts'

type Failed = { log: Log; requestId: unknown; path: string }

/** What a failed request is answered. That it is our fault, or that of what we depend on, is logged. */
export function problemOf(error: unknown, { log, ...request }: Failed): Problem {
  const problem =
    error instanceof Problem
      ? error
      : new Problem('internal', 'The request failed; the log of the service says why.', { cause: error })
  if (problem.status < 500) return problem
  // an outage makes many lines: they say why, without stacks
  const wantsStack = problem.code === 'internal' || isFault(problem.cause)
  if (wantsStack) log.error({ err: problem.cause ?? problem, ...request }, problem.message)
  else log.warn({ reason: reasons(problem.cause), ...request }, problem.message)
  return problem
}
