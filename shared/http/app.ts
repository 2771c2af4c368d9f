import type { HttpBindings } from '@hono/node-server'
import { type Handler, Hono } from 'hono'
import type { Log } from '../log.ts'
import { isFault, reasons } from '../reasons.ts'
import { Problem } from './problem.ts'

/** `outgoing` is there when the request came through a socket; it has the request's id by then (serve.ts). */
export type App = Hono<{ Bindings: Partial<Pick<HttpBindings, 'outgoing'>> }>

/**
 * What every function's app starts from: one place where errors become answers, and `/healthz`, which asks no other
 * system, so that an outage elsewhere does not stop a cold start. `metrics`: in Prometheus' text format.
 */
export function newApp(log: Log, metrics?: () => string): App {
  const app: App = new Hono()
  app.get('/healthz', (c) => c.json(health))
  app.all('/healthz', methodNotAllowed('GET', 'HEAD'))
  if (metrics) {
    app.get('/metrics', (c) => c.body(metrics(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }))
    app.all('/metrics', methodNotAllowed('GET', 'HEAD'))
  }
  app.notFound((c) =>
    new Problem('not-found', `${c.req.path} is not a path of this service; GET /logs lists the log.`).toResponse(),
  )
  app.onError((error, c) => {
    const requestId = () => c.env?.outgoing?.getHeader('x-request-id')
    return problemOf(error, { log, requestId, path: c.req.path }).toResponse()
  })
  return app
}

/** The answer of `/healthz`. */
export const health = { status: 'ok' }

type Failed = { log: Log; requestId: () => unknown; path: string }

/** What a failed request is answered. That it is our fault, or that of what we depend on, is logged. */
export function problemOf(error: unknown, { log, requestId, path }: Failed): Problem {
  const problem =
    error instanceof Problem
      ? error
      : new Problem('internal', 'The request failed; the log of the service says why.', { cause: error })
  if (problem.status < 500) return problem
  const request = { requestId: requestId(), path }
  // an outage makes many lines: they say why, without stacks
  const wantsStack = problem.code === 'internal' || isFault(problem.cause)
  if (wantsStack) log.error({ err: problem.cause ?? problem, ...request }, problem.message)
  else log.warn({ reason: reasons(problem.cause), ...request }, problem.message)
  return problem
}

export function methodNotAllowed(...allowed: string[]): Handler {
  return (c) => {
    const allow = allowed.join(', ')
    throw new Problem('method-not-allowed', `${c.req.method} is not allowed on ${c.req.path}; ${allow} is.`, {
      headers: { allow },
    })
  }
}
