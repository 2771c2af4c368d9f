import type { Answer } from '@activity-log/shared/http/answer.ts'
import { readForm } from '@activity-log/shared/http/form.ts'
import { linkFrom } from '@activity-log/shared/http/named-tenant.ts'
import { invalidInput, Problem } from '@activity-log/shared/http/problem.ts'
import type { Routes, ServiceRequest } from '@activity-log/shared/http/route.ts'
import { isFromOwnPage } from '@activity-log/shared/http/same-origin.ts'
import type { Replayed } from './answers.ts'

export type OperatingPage = {
  replay(request: ServiceRequest): Promise<Replayed>
  discard(request: ServiceRequest, note: string): Promise<void>
  timeoutMs: number
}

/**
 * What the viewer's page of a dead letter sends, which is at the same path: a form, since it works without scripts. The
 * person is led back to the page, which says what has become of the record.
 */
export function operatingPageRoutes({ replay, discard, timeoutMs }: OperatingPage): Routes {
  return { 'POST /viewer/dead-letters/:id': { scope: 'operate', page: true, handle: act, timeoutMs } }

  async function act(request: ServiceRequest): Promise<Answer> {
    if (!isFromOwnPage(request.header)) throw ofAnotherPage
    const fields = await readForm(request)
    const outcome = await outcomeOf(request, fields)
    const { id = '' } = request.parameters
    const location = linkFrom(request, `/viewer/dead-letters/${encodeURIComponent(id)}?outcome=${outcome}`)
    return { status: 303, headers: { location, 'cache-control': 'no-store' } }
  }

  async function outcomeOf(request: ServiceRequest, fields: URLSearchParams): Promise<string> {
    const act = fields.get('do')
    if (act === 'replay') return (await replay(request)).outcome
    if (act !== 'discard') throw invalidInput([{ pointer: '/do', detail: 'must be replay or discard' }])
    await discard(request, fields.get('note') ?? '')
    return 'discarded'
  }
}

const ofAnotherPage = new Problem(
  'forbidden',
  'Only a page of this log may send this form. A program sends POST /dead-letters/{id}/replay, or DELETE ' +
    '/dead-letters/{id}.',
)
