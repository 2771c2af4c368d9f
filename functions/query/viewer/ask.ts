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
/** Asks for an answer that is parsed later, when there is room for it. */
export type AskText = (path: string) => Promise<Asked<string>>

/**
 * Asks the JSON routes of the same service, within the process and for the same caller, so that pages share their
 * checks, links and errors.
 */
export function asking(request: Pick<ServiceRequest, 'ask'>): { ask: Ask; askText: AskText } {
  async function askText(path: string, signal?: AbortSignal): Promise<Asked<string>> {
    const response = await request.ask(path, signal)
    const text = await response.text()
    if (response.ok) return { ok: true, answer: text }
    const retryAfter = response.headers.get('retry-after') ?? undefined
    return { ok: false, problem: { ...(JSON.parse(text) as ShownProblem), retryAfter } }
  }
  async function ask<Answer>(path: string, signal?: AbortSignal): Promise<Asked<Answer>> {
    const asked = await askText(path, signal)
    return asked.ok ? { ok: true, answer: JSON.parse(asked.answer) as Answer } : asked
  }
  return { ask, askText }
}
