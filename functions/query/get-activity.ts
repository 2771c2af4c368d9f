import { invalid, valid } from '@activity-log/shared/checked.ts'
import type { FoundActivity } from '@activity-log/shared/document.ts'
import type { Order } from '@activity-log/shared/filter.ts'
import type { Answer } from '@activity-log/shared/http/answer.ts'
import { entityTag, isKnown } from '@activity-log/shared/http/conditional.ts'
import { readParameters, refuseParameters } from '@activity-log/shared/http/parameters.ts'
import { invalidInput, Problem } from '@activity-log/shared/http/problem.ts'
import type { Routes, ServiceRequest } from '@activity-log/shared/http/route.ts'
import { activityKey } from '@activity-log/shared/key.ts'
import type { ForTenant } from '@activity-log/shared/store/tenant-reader.ts'
import { parseTimestamp } from '@activity-log/shared/timestamp.ts'
import * as v from 'valibot'
import type { ContextAnswer } from './answers.ts'
import { fromStore } from './from-store.ts'
import { errorsOf, WholeNumber } from './parameter-schemas.ts'

/** Finds single activities, and what their users did around them. */
export function activityRoutes({ forTenant }: { forTenant: ForTenant }): Routes {
  return {
    'GET /logs/:id': { scope: 'read', handle: one },
    'GET /logs/:id/context': { scope: 'read', handle: context },
  }

  async function one(request: ServiceRequest): Promise<Answer> {
    refuseParameters(request.url)
    const text = JSON.stringify(await fromStore(() => get(request)))
    const tag = entityTag(text)
    // an activity never changes, but it can expire or be erased; private, since it is about a person
    const headers = { etag: tag, 'cache-control': 'private, no-cache' }
    if (isKnown(tag, request.header('if-none-match'))) return { status: 304, headers }
    return { status: 200, headers: { ...headers, 'content-type': 'application/json' }, body: text }
  }

  async function context(request: ServiceRequest): Promise<Answer> {
    const parsed = readContextRequest(request.url)
    if (!parsed.ok) throw invalidInput(parsed.errors)
    return { status: 200, body: await fromStore(() => inContext(request, parsed.value.around)) }
  }

  async function get({ caller, parameters }: ServiceRequest): Promise<FoundActivity> {
    const { id = '' } = parameters
    const activity = await forTenant(caller.tenant).get(id)
    if (activity) return activity
    const detail = 'There is no activity with this id. If it was accepted a moment ago, try again.'
    throw new Problem('not-found', detail)
  }

  async function inContext(request: ServiceRequest, limit: number): Promise<ContextAnswer> {
    const activity = await get(request)
    const { tenant } = request.caller
    const filter = { userId: activity.userId }
    const find = async (order: Order) => {
      const found = await forTenant(tenant).find({ filter, after: keyOf(tenant, activity), order, limit })
      return found.map((one) => one.activity)
    }
    const [before, after] = await Promise.all([find('desc'), find('asc')])
    return { activity, before: before.reverse(), after }
  }
}

export const ContextParameters = v.object({
  around: v.optional(
    v.pipe(WholeNumber(100), v.description('How many activities to show before this one, and how many after it')),
    '20',
  ),
})

function readContextRequest(url: string) {
  const { parameters, errors } = readParameters(url, Object.keys(ContextParameters.entries))
  const parsed = v.safeParse(ContextParameters, parameters)
  errors.push(...errorsOf(parsed.issues))
  return parsed.success && errors.length === 0 ? valid(parsed.output) : invalid(...errors)
}

/** The key of an activity, made of the members that readers get. */
function keyOf(tenant: string, { id, timestamp }: FoundActivity): string {
  const at = parseTimestamp(timestamp)
  if (typeof at === 'string') throw new Error(`The timestamp of a stored activity ${at}`)
  return activityKey(tenant, id, at.ms)
}
