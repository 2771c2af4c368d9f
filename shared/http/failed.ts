import { Aborted } from '../aborted.ts'
import type { Log } from '../log.ts'
import { isFault, reasons } from '../reasons.ts'
import { withoutSecrets } from '../without-secrets.ts'
import { Problem } from './problem.ts'

type Failed = { log: Log; requestId: unknown; path: string }

/** The problem that answers a failed request. It is logged if the fault is ours or a dependency's. */
export function problemOf(error: unknown, { log, ...request }: Failed): Problem {
  const problem =
    error instanceof Problem
      ? error
      : new Problem('internal', 'The request failed because of a fault in the service; see its log.', { cause: error })
  // nobody gets the answer to a request whose client has gone
  if (problem.status < 500 || problem.cause instanceof Aborted) return problem
  // a gateway does not know which keys are valid, and so does not reject those in a path
  const path = withoutSecrets(request.path)
  const { fact } = problem.options
  const said = { ...request, path, ...(fact && { detail: problem.message }) }
  // an outage logs many lines, so they have the reason but no stack
  const wantsStack = problem.code === 'internal' || isFault(problem.cause)
  if (wantsStack) log.error({ err: problem.cause ?? problem, ...said }, fact ?? problem.message)
  else log.warn({ reason: reasons(problem.cause), ...said }, fact ?? problem.message)
  return problem
}
