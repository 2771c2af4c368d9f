import type { InputError } from '@activity-log/shared/checked.ts'
import type { App } from '@activity-log/shared/http/app.ts'
import type { Context } from 'hono'

/** As problem+json has it. */
export type ShownProblem = {
  status: number
  title: string
  detail: string
  errors?: readonly InputError[]
  retryAfter?: string | undefined
}
export type Asked<Answer> = { ok: true; answer: Answer } | { ok: false; problem: ShownProblem }
export type Ask = <Answer>(path: string, signal?: AbortSignal) => Promise<Asked<Answer>>

/** Asks the JSON routes of the same app, in the process: their checks, links and errors are those of the pages, too. */
export const asking =
  (app: App, c: Context): Ask =>
  async <Answer>(path: string, signal = c.req.raw.signal) => {
    const response = await app.request(path, { signal }, c.env)
    const answer = await response.json()
    if (response.ok) return { ok: true, answer: answer as Answer }
    const retryAfter = response.headers.get('retry-after') ?? undefined
    return { ok: false, problem: { ...(answer as ShownProblem), retryAfter } }
  }
