import { checkActivity } from '@activity-log/shared/activity.ts'
import { type ActivityRecorded, readActivityRecorded } from '@activity-log/shared/activity-recorded.ts'
import { type Checked, type InputError, invalid, valid } from '@activity-log/shared/checked.ts'
import { Problem } from '@activity-log/shared/http/problem.ts'
import { isJsonObject, parseJson } from '@activity-log/shared/json.ts'
import type { Position } from '@activity-log/shared/receipt.ts'
import type { KeptDeadLetter } from '@activity-log/shared/store/dead-letters.ts'
import { unknownPartition } from '@activity-log/shared/store/outcomes.ts'
import { formatTimestamp } from '@activity-log/shared/timestamp.ts'
import { readDelivery, refuseDamaged } from './read-delivery.ts'

/** Where the record was at first: its outcome changes there. What came back without that place is counted nowhere. */
export function firstPositionOf({ reason, position, firstPosition }: KeptDeadLetter): Position {
  if (reason !== 'undelivered') return position
  return firstPosition ?? { partition: unknownPartition, offset: position.offset }
}

/** The activity in a dead letter, read as it was when it came; or what is still wrong with it. */
export function readAgain({ headers, body }: KeptDeadLetter): Checked<ActivityRecorded> {
  try {
    const delivery = readDelivery(headers, body)
    refuseDamaged(delivery)
    return delivery.event.ok ? readActivityRecorded(delivery.event.value) : delivery.event
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return invalid(...(error.options.errors ?? [{ pointer: '', detail: error.message }]))
  }
}

/** The activity that is to take a dead letter's place: under the same id, and as if received at the same time. */
export function readCorrected(text: string, letter: KeptDeadLetter): Checked<ActivityRecorded> {
  const json = parseJson(text)
  if (!json.ok) return invalid({ pointer: '', detail: json.detail })
  if (json.lossy.length > 0) return invalid(...json.lossy)
  const { activityId, tenant, recordedAt = letter.firstAt } = letter
  const value = isJsonObject(json.value)
    ? { ...(activityId !== undefined && { id: activityId }), ...json.value }
    : json.value
  const checked = checkActivity(value, recordedAt)
  if (!checked.ok) return checked
  const { id, timestamp = formatTimestamp(recordedAt.getTime()) } = checked.value
  if (id === undefined) return invalid({ pointer: '/id', detail: 'is required: the dead letter does not say it' })
  if (activityId !== undefined && id !== activityId) return invalid(otherId(activityId))
  const filledIn = checked.value.timestamp === undefined ? (['timestamp'] as const) : []
  return valid({ tenant, activity: { ...checked.value, id, timestamp }, recordedAt, filledIn })
}

const otherId = (id: string): InputError => ({
  pointer: '/id',
  detail: `must be that of the dead letter, ${id}. Another one is another activity: POST it to /logs, and discard this`,
})
