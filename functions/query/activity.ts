import { defaultTenant } from '@activity-log/shared/activity-recorded.ts'
import { invalid, valid } from '@activity-log/shared/checked.ts'
import type { FoundActivity } from '@activity-log/shared/document.ts'
import type { Order } from '@activity-log/shared/filter.ts'
import { type App, methodNotAllowed } from '@activity-log/shared/http/app.ts'
import { entityTag, isKnown } from '@activity-log/shared/http/conditional.ts'
import { readParameters, refuseParameters } from '@activity-log/shared/http/parameters.ts'
import { invalidInput, Problem } from '@activity-log/shared/http/problem.ts'
import { activityKey } from '@activity-log/shared/key.ts'
import type { ActivityStore } from '@activity-log/shared/store/store.ts'
import { parseTimestamp } from '@activity-log/shared/timestamp.ts'
import * as v from 'valibot'
import type { ContextAnswer } from './answers.ts'
import { fromStore } from './from-store.ts'
import { errorsOf, WholeNumber } from './parameters.ts'

/** Finds single activities, and what their users did around them. */
export function addActivity(app: App, store: Pick<ActivityStore, 'get' | 'find'>): void {
  app.get('/logs/:id', async (c) => {
    refuseParameters(c.req.url)
    const text = JSON.stringify(await fromStore(() => get(c.req.param('id'))))
    const tag = entityTag(text)
    c.header('etag', tag)
    // it never changes, but one day it is not there any more; and it is about a person
    c.header('cache-control', 'private, no-cache')
    if (isKnown(tag, c.req.header('if-none-match'))) return c.body(null, 304)
    return c.body(text, 200, { 'content-type': 'application/json' })
  })
  app.all('/logs/:id', methodNotAllowed('GET', 'HEAD'))

  app.get('/logs/:id/context', async (c) => {
    const request = readContextRequest(c.req.url)
    if (!request.ok) throw invalidInput(request.errors)
    const answer = await fromStore(() => inContext(c.req.param('id'), request.value.around))
    return c.json(answer)
  })
  app.all('/logs/:id/context', methodNotAllowed('GET', 'HEAD'))

  async function get(id: string): Promise<FoundActivity> {
    const activity = await store.get(defaultTenant, id)
    if (activity) return activity
    const detail = 'There is no activity with this id. One that was accepted a moment ago may still be on its way.'
    throw new Problem('not-found', detail)
  }

  async function inContext(id: string, limit: number): Promise<ContextAnswer> {
    const activity = await get(id)
    const filter = { tenant: defaultTenant, userId: activity.userId }
    const find = async (order: Order) => {
      const found = await store.find({ filter, after: keyOf(activity), order, limit })
      return found.map((one) => one.activity)
    }
    const [before, after] = await Promise.all([find('desc'), find('asc')])
    return { activity, before: before.reverse(), after }
  }
}

export const ContextParameters = v.object({
  around: v.optional(v.pipe(WholeNumber(100), v.description('How many before it, and how many after it')), '20'),
})

function readContextRequest(url: string) {
  const { parameters, errors } = readParameters(url, Object.keys(ContextParameters.entries))
  const parsed = v.safeParse(ContextParameters, parameters)
  errors.push(...errorsOf(parsed.issues))
  return parsed.success && errors.length === 0 ? valid(parsed.output) : invalid(...errors)
}

/** A key is made of what a reader gets. */
function keyOf({ id, timestamp }: FoundActivity): string {
  const at = parseTimestamp(timestamp)
  if (typeof at === 'string') throw new Error(`A stored activity has a timestamp that ${at}`)
  return activityKey(defaultTenant, id, at.ms)
}
