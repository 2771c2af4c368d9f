import type { InputError } from '@activity-log/shared/checked.ts'
import type { ServiceRequest } from '@activity-log/shared/http/route.ts'

/** The members of a problem+json answer that pages show. */
export type ShownProblem = {
  status: number
  title: string
  detail: string
  errors?: readonly InputError[]
  retryAfter?: string | undefined
}
export type Asked<Answer> = { ok: true; answer: Answer } | { ok: false; problem: ShownProblem }
export type Ask = <Answer>(path: string, signal?: AbortSignal) => Promise<Asked<Answer>>

/**
 * Asks the JSON routes of the same service, within the process and for the same caller, so that pages share their
 * checks, links and errors.
 */
export const asking =
  (request: Pick<ServiceRequest, 'ask'>): Ask =>
  async <Answer>(path: string, signal?: AbortSignal) => {
    const response = await request.ask(path, signal)
    const answer = await response.json()
    if (response.ok) return { ok: true, answer: answer as Answer }
    const retryAfter = response.headers.get('retry-after') ?? undefined
    return { ok: false, problem: { ...(answer as ShownProblem), retryAfter } }
  }
