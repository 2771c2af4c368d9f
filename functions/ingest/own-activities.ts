import { checkActivity } from '@activity-log/shared/activity.ts'
import type { Answer } from '@activity-log/shared/http/answer.ts'
import { readText } from '@activity-log/shared/http/body.ts'
import { invalidInput, Problem, unavailable } from '@activity-log/shared/http/problem.ts'
import type { Routes, ServiceRequest } from '@activity-log/shared/http/route.ts'
import { parseJson } from '@activity-log/shared/json.ts'
import type { PublishOwn } from '@activity-log/shared/own-activity.ts'
import { isOwn } from '@activity-log/shared/own-name.ts'

const maxBytes = 64 * 1024

/**
 * Takes the activities that query and persist record about the use of the log. The route is no part of the origin, and
 * its scope can write nothing else.
 */
export function ownActivityRoutes(publish: PublishOwn, now: () => Date): Routes {
  return { 'POST /own-activities': { scope: 'audit', handle: take } }

  async function take(request: ServiceRequest): Promise<Answer> {
    const { keyId, tenant } = request.caller
    // without keys, whoever reaches the port could forge them
    if (keyId === undefined) throw new Problem('forbidden', 'Only a key with the scope audit may record this.')
    const json = parseJson(await readText(request, maxBytes))
    if (!json.ok) throw invalidInput([{ pointer: '', detail: json.detail }])
    const checked = checkActivity(json.value, now())
    if (!checked.ok) throw invalidInput(checked.errors)
    const { id = '', action, timestamp = '' } = checked.value
    const errors = [
      ...(isOwn(id) ? [] : [{ pointer: '/id', detail: ownOnly }]),
      ...(isOwn(action) ? [] : [{ pointer: '/action', detail: ownOnly }]),
      ...(timestamp === '' ? [{ pointer: '/timestamp', detail: 'is required' }] : []),
    ]
    if (errors.length > 0) throw invalidInput(errors)
    await publish({ tenant, activity: { ...checked.value, id, timestamp } }).catch((cause) => {
      throw unavailable('It is unknown whether the record was stored. Send it again.', cause)
    })
    return { status: 204 }
  }
}

const ownOnly = 'must begin with activity-log., since only such activities may be recorded here'
