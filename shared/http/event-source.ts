import { parseAccept } from 'hono/utils/accept'
import type { Answer } from './answer.ts'
import type { Problem } from './problem.ts'

/**
 * The answer to a failed request. An EventSource gives up for good after any status but 200, so during a temporary
 * failure it gets a stream that ends at once and says when to come back (HTML standard, section 9.2).
 */
export function answerToProblem(problem: Problem, accept: string | undefined): Answer {
  const isPassing = problem.status === 503 || problem.status === 504
  return isPassing && acceptsEvents(accept) ? comeBack : problem.toAnswer()
}

const comeBack: Answer = {
  status: 200,
  headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' },
  body: 'retry: 5000\n\n',
}

/** An EventSource names this type; a client that accepts any type is not an EventSource. */
const acceptsEvents = (accept: string | undefined) =>
  accept !== undefined && parseAccept(accept).some(({ type, q }) => type.toLowerCase() === 'text/event-stream' && q > 0)
