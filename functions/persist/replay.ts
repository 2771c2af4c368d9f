import { type ActivityRecorded, readActivityRecorded, readReception } from '@activity-log/shared/activity-recorded.ts'
import { type Checked, type InputError, invalid, valid } from '@activity-log/shared/checked.ts'
import { Problem } from '@activity-log/shared/http/problem.ts'
import { isJsonObject, parseJson } from '@activity-log/shared/json.ts'
import { checkSentActivity, nameOfActivity } from '@activity-log/shared/own-activity.ts'
import { isOwn } from '@activity-log/shared/own-name.ts'
import type { Position } from '@activity-log/shared/receipt.ts'
import type { KeptDeadLetter } from '@activity-log/shared/store/dead-letters.ts'
import { unknownPartition } from '@activity-log/shared/store/outcomes.ts'
import { systemTenant } from '@activity-log/shared/tenant.ts'
import { formatTimestamp } from '@activity-log/shared/timestamp.ts'
import { readDelivery, rejectDamaged } from './read-delivery.ts'

/**
 * The position that the record had first, at which its outcome changes. If a record came back without that position, no
 * partition counts it.
 */
export function firstPositionOf({ reason, position, firstPosition }: KeptDeadLetter): Position {
  if (reason !== 'undelivered') return position
  return firstPosition ?? { partition: unknownPartition, offset: position.offset }
}

/**
 * Reads the activity in a dead letter as if it had just been delivered, or returns what is still wrong with it. It must
 * not be for another tenant than the dead letter, whose headers and body may name two.
 */
export function readAgain({ headers, body, tenant }: KeptDeadLetter): Checked<ActivityRecorded> {
  try {
    const delivery = readDelivery(headers, body)
    rejectDamaged(delivery)
    const read = delivery.event.ok ? readActivityRecorded(delivery.event.value) : delivery.event
    return read.ok && tenant !== systemTenant && read.value.tenant !== tenant ? invalid(ofAnotherTenant) : read
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return invalid(...(error.options.errors ?? [{ pointer: '', detail: error.message }]))
  }
}

/**
 * Reads the activity that replaces a dead letter. It keeps the id, the time of receipt and the sequence; a CloudEvent
 * is still compared as one.
 */
export function readCorrected(text: string, letter: KeptDeadLetter): Checked<ActivityRecorded> {
  const json = parseJson(text)
  if (!json.ok) return invalid({ pointer: '', detail: json.detail })
  if (json.lossy.length > 0) return invalid(...json.lossy)
  const { activityId, tenant, recordedAt = letter.firstAt } = letter
  const value = isJsonObject(json.value)
    ? { ...(activityId !== undefined && { id: activityId }), ...json.value }
    : json.value
  const checked = checkCorrected(value, recordedAt, letter)
  if (!checked.ok) return checked
  const { id, timestamp = formatTimestamp(recordedAt.getTime()) } = checked.value
  if (id === undefined) return invalid({ pointer: '/id', detail: 'is required, because the dead letter has none' })
  if (activityId !== undefined && id !== activityId) return invalid(otherId(activityId))
  const filledIn = checked.value.timestamp === undefined ? (['timestamp'] as const) : []
  const { sequence, salt } = readReception(letter.headers)
  const activity = { ...checked.value, id, timestamp }
  const { 'ce-sentas': sentAs, 'ce-traceparent': traceparent } = letter.headers
  return valid({
    tenant,
    activity,
    recordedAt,
    sequence,
    ...(salt && { salt }),
    filledIn,
    ...(traceparent && { traceparent }),
    ...(sentAs === 'cloudevent' && { isCloudEvent: true }),
  })
}

/** Names a correction, so that another one of the same dead letter is another act. */
export const nameOfCorrection = ({ activity, salt = '' }: ActivityRecorded, { body }: KeptDeadLetter): string =>
  nameOfActivity(activity, Buffer.concat([Buffer.from(salt), body]))

const ofAnotherTenant: InputError = { pointer: 'ce-tenant', detail: 'is another one than that of the dead letter' }

/** Whoever corrects a dead letter may write what a client may. */
const checkCorrected = (value: unknown, recordedAt: Date, { activityId = '' }: KeptDeadLetter) =>
  isOwn(activityId) ? invalid(ofTheLog) : checkSentActivity(value, recordedAt)

const ofTheLog: InputError = {
  pointer: '',
  detail: 'is what the log recorded about its own use, which nobody corrects; replay it as it is, or discard it',
}

const otherId = (id: string): InputError => ({
  pointer: '/id',
  detail: `must be ${id}, as in the dead letter; to store another activity, POST it to /logs`,
})
