import { randomUUID } from 'node:crypto'
import { type Handler, Hono } from 'hono'
import { type RequestIdVariables, requestId } from 'hono/request-id'
import type { Logger } from 'pino'
import { Problem } from './problem.ts'

export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>
export type App = Hono<{ Variables: RequestIdVariables }>

/**
 * What every function's app starts from: request ids, one place where errors become answers, and `/healthz`, which asks
 * no other system, so that an outage elsewhere does not stop a cold start.
 */
export function newApp(log: Log): App {
  const app: App = new Hono()
  app.use(requestId({ generator: requestIds() }))
  app.get('/healthz', (c) => c.json({ status: 'ok' }))
  app.all('/healthz', methodNotAllowed('GET', 'HEAD'))
  app.notFound((c) =>
    new Problem('not-found', `${c.req.path} is not a path of this service; GET /logs lists the log.`).toResponse(),
  )
  app.onError((error, c) => {
    const problem =
      error instanceof Problem
        ? error
        : new Problem('internal', 'The request failed; the log of the service says why.', { cause: error })
    if (problem.status >= 500) {
      log.error({ err: problem.cause ?? problem, requestId: c.get('requestId'), path: c.req.path }, problem.message)
    }
    const response = problem.toResponse()
    response.headers.set('x-request-id', c.get('requestId'))
    return response
  })
  return app
}

/** Unique by the process and a number: a random one for each request would cost more than some requests do. */
function requestIds(): () => string {
  const process = randomUUID().slice(0, 8)
  let count = 0
  return () => `${process}-${++count}`
}

export function methodNotAllowed(...allowed: string[]): Handler {
  return (c) => {
    const allow = allowed.join(', ')
    throw new Problem('method-not-allowed', `${c.req.method} is not allowed on ${c.req.path}; ${allow} is.`, {
      headers: { allow },
    })
  }
}
