import { invalid, valid } from '@activity-log/shared/checked.ts'
import { activityJson } from '@activity-log/shared/document.ts'
import type { Order } from '@activity-log/shared/filter.ts'
import type { Answer } from '@activity-log/shared/http/answer.ts'
import { entityTag, isKnown } from '@activity-log/shared/http/conditional.ts'
import { readParameters, refuseParameters } from '@activity-log/shared/http/parameters.ts'
import { invalidInput, Problem } from '@activity-log/shared/http/problem.ts'
import type { Routes, ServiceRequest } from '@activity-log/shared/http/route.ts'
import type { Found } from '@activity-log/shared/store/activities.ts'
import type { ForTenant } from '@activity-log/shared/store/tenant-reader.ts'
import * as v from 'valibot'
import { findBounded, maxRowBytes, type Part } from './find-bounded.ts'
import { sizeOf, toListed } from './find-in-snapshot.ts'
import { foundInTime, fromStore, type Hold } from './from-store.ts'
import { errorsOf, WholeNumber } from './parameter-schemas.ts'
import type { RowRoom } from './row-room.ts'

/** Part of each entity tag: tags that were given out before the keys of activities changed match nothing. */
const tagVersion = 2

/** Finds single activities, and what their users did around them. */
export function activityRoutes({ forTenant, inRowRoom }: { forTenant: ForTenant; inRowRoom: RowRoom }): Routes {
  return {
    'GET /logs/:id': { scope: 'read', handle: one },
    'GET /logs/:id/context': { scope: 'read', handle: context },
  }

  async function one(request: ServiceRequest): Promise<Answer> {
    refuseParameters(request.url)
    const { activity } = await fromStore(() => get(request))
    const text = activityJson(activity)
    const tag = entityTag(`${tagVersion} ${text}`)
    // an activity never changes, but it can expire or be erased; private, since it is about a person
    const headers = { etag: tag, 'cache-control': 'private, no-cache' }
    if (isKnown(tag, request.header('if-none-match'))) return { status: 304, headers }
    return { status: 200, headers: { ...headers, 'content-type': 'application/json' }, body: text }
  }

  async function context(request: ServiceRequest): Promise<Answer> {
    const parsed = readContextRequest(request.url)
    if (!parsed.ok) throw invalidInput(parsed.errors)
    const body = await fromStore(() => inRowRoom((hold) => inContext(request, parsed.value.around, hold), request))
    return { status: 200, headers: { 'content-type': 'application/json' }, body }
  }

  async function get({ caller, parameters }: ServiceRequest): Promise<Found> {
    const { id = '' } = parameters
    const found = await forTenant(caller.tenant).get(id)
    if (found) return found
    const detail = 'There is no activity with this id. If it was accepted a moment ago, try again.'
    throw new Problem('not-found', detail)
  }

  async function inContext(request: ServiceRequest, limit: number, hold: Hold): Promise<string> {
    const { key, activity } = await get(request)
    const { turn, caller } = request
    const filter = { userId: activity.userId }
    const reader = forTenant(caller.tenant)
    const find = async (order: Order) => {
      const part = { after: key, order, limit }
      const listed = async (part: Part) => {
        const { found } = await foundInTime(() => reader.find({ filter, ...part }), { turn, hold })
        return { found: found.map(toListed) }
      }
      const { found, isCut } = await findBounded(listed, part, sizeOf, maxRowBytes / 2)
      return { json: found.map(({ json }) => json), isCut }
    }
    const [before, after] = await Promise.all([find('desc'), find('asc')])
    const truncated = before.isCut || after.isCut ? ',"truncated":true' : ''
    return `{"activity":${activityJson(activity)},"before":[${before.json.reverse()}],"after":[${after.json}]${truncated}}`
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
