import { accepted } from './accepted.ts'
import type { Answer } from './answer.ts'
import { acceptsPages, errorPage, type WaysOn } from './error-page.ts'
import type { Problem } from './problem.ts'

/**
 * The answer to a failed request. An EventSource gives up for good after any status but 200, so during a temporary
 * failure it gets a stream that ends at once and says when to come back (HTML standard, section 9.2). A person who asked
 * for a page gets one, even if the route is one for programs: people open its links, too. `waysOn` is undefined for
 * methods that no link has.
 */
export function answerToProblem(problem: Problem, accept: string | undefined, waysOn?: WaysOn): Answer {
  const isPassing = problem.status === 503 || problem.status === 504
  if (isPassing && acceptsEvents(accept)) return comeBack
  return waysOn && acceptsPages(accept) ? errorPage(problem, waysOn) : problem.toAnswer()
}

/** The methods by which a browser opens a link. */
export const opensLinks = (method: string | undefined) => method === 'GET' || method === 'HEAD'

const comeBack: Answer = {
  status: 200,
  headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' },
  body: 'retry: 5000\n\n',
}

/** An EventSource names this type; a client that accepts any type is not an EventSource. */
const acceptsEvents = (accept: string | undefined) =>
  accept !== undefined && accepted(accept).some(({ name, q }) => name === 'text/event-stream' && q > 0)
