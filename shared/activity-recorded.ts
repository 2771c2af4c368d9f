import { type Activity, checkActivity, type SentActivity } from './activity.ts'
import { type Checked, type InputError, invalid, valid } from './checked.ts'
import { type CloudEvent, encodeHeader } from './cloud-event.ts'
import { sequenceLimit } from './key.ts'
import { formatTimestamp, parseTimestamp } from './timestamp.ts'

/** The type of our CloudEvent. A later version of the record will get another type. */
export const activityRecordedType = 'dev.activity-log.activity.recorded.v1'

/** The tenant until API keys name another. It is part of every key, index and query from the first day. */
export const defaultTenant = 'default'

/**
 * Rejects names that no API key could hold: nobody could read the activities of such a tenant. Half of a surrogate pair
 * has no UTF-8, so all such halves would be the same in a header and in a store.
 */
export const isTenant = (text: string) => /^[^\p{Cc}\p{Cs}]{1,256}$/u.test(text)

/** The fact that an activity was received. `filledIn` lists the members that the client left out. */
export type ActivityRecorded = {
  tenant: string
  activity: Activity
  recordedAt: Date
  /** Orders records that a process received in the same millisecond; 0 in records of earlier versions. */
  sequence: number
  /**
   * 16 random bytes in base64url. Without them, a guess of the content could be checked against a digest of the record.
   */
  salt?: string | undefined
  filledIn: readonly FilledIn[]
  traceparent?: string | undefined
  /** The activity was sent as a CloudEvent, whose attributes are compared in their canonical text form. */
  isCloudEvent?: boolean | undefined
}
export type FilledIn = 'id' | 'timestamp'

/** A record as Kafka holds it. Header values are printable ASCII for any activity. */
export type EventRecord = { headers: { [name: string]: string }; value: string }

export type Received = {
  tenant: string
  receivedAt: Date
  sequence?: number
  salt?: string
  newId: () => string
  traceparent?: string | undefined
  isCloudEvent?: boolean | undefined
}

export function activityRecorded(
  sent: SentActivity,
  { tenant, receivedAt, sequence = 0, salt, newId, traceparent, isCloudEvent }: Received,
): ActivityRecorded {
  const { id = newId(), userId, action, timestamp = formatTimestamp(receivedAt.getTime()), metadata } = sent
  const activity: Activity = metadata ? { id, userId, action, timestamp, metadata } : { id, userId, action, timestamp }
  const filledIn = filledInOf(sent)
  return { tenant, activity, recordedAt: receivedAt, sequence, salt, filledIn, traceparent, isCloudEvent }
}

/** All records share these few lists, because a list of its own takes as much memory as the rest of a record. */
function filledInOf({ id, timestamp }: SentActivity): readonly FilledIn[] {
  if (id === undefined) return timestamp === undefined ? both : onlyId
  return timestamp === undefined ? onlyTimestamp : nothing
}
const nothing: readonly FilledIn[] = []
const onlyId: readonly FilledIn[] = ['id']
const onlyTimestamp: readonly FilledIn[] = ['timestamp']
const both: readonly FilledIn[] = ['id', 'timestamp']

/**
 * Writes the record in the CloudEvents binary mode for Kafka, with the activity as JSON value. KafkaSource copies the
 * headers unchanged into HTTP headers, loses events whose attributes hold control characters and turns every character
 * outside Latin-1 into "?", so the values are percent-encoded. `ce_time` is the instant in UTC: KafkaSource would not
 * recognize a record with an unusual time, such as a leap second, as an event of ours.
 */
export function toRecord(event: ActivityRecorded): EventRecord {
  const { tenant, activity, recordedAt, sequence, salt, filledIn, traceparent, isCloudEvent } = event
  const user = encodeHeader(activity.userId)
  const at = parseTimestamp(activity.timestamp)
  if (typeof at === 'string') throw new Error(`The timestamp of a recorded activity ${at}`)
  // members are added one by one, since copying them out of an object for each costs as much as all the rest
  const headers: { [name: string]: string } = {
    ce_specversion: '1.0',
    ce_id: encodeHeader(activity.id),
    ce_source: tenant === defaultTenant ? defaultSource : sourceOf(tenant),
    ce_type: activityRecordedType,
    ce_subject: user,
    ce_time: at.iso ?? new Date(at.ms).toISOString(),
    ce_partitionkey: user,
    ce_tenant: encodeHeader(tenant),
    ce_recordedtime: receiptText(recordedAt),
    ce_sequence: String(sequence),
  }
  if (salt) headers['ce_salt'] = salt
  if (filledIn.length > 0) headers['ce_filledin'] = filledIn.join('-')
  if (traceparent) headers['ce_traceparent'] = traceparent
  if (isCloudEvent) headers['ce_sentas'] = 'cloudevent'
  headers['content-type'] = 'application/json'
  return { headers, value: JSON.stringify(activity) }
}

/** The records of a request have the same time of receipt, so the last text is kept. */
function receiptText(at: Date): string {
  const ms = at.getTime()
  if (ms !== lastReceipt.ms) lastReceipt = { ms, text: at.toISOString() }
  return lastReceipt.text
}
let lastReceipt = { ms: Number.NaN, text: '' }

const sourceOf = (tenant: string) => `/activity-log/${encodeURIComponent(tenant)}`
const defaultSource = sourceOf(defaultTenant)

/**
 * Reads the fact from a CloudEvent of our type. The activity comes from the data alone and is checked again, because
 * anybody may write to the topic. "Ahead of now" is judged by the time of receipt, so a redelivery is judged alike.
 */
export function readActivityRecorded({ attributes, data }: CloudEvent): Checked<ActivityRecorded> {
  const errors: InputError[] = []
  if (attributes.type !== activityRecordedType) {
    return invalid({ pointer: 'ce-type', detail: `must be ${activityRecordedType}` })
  }
  const recordedAt = parseTimestamp(attributes['recordedtime'] ?? '')
  if (typeof recordedAt === 'string') errors.push({ pointer: 'ce-recordedtime', detail: recordedAt })
  const tenant = attributes['tenant']
  if (!tenant) errors.push({ pointer: 'ce-tenant', detail: 'is required' })
  else if (!isTenant(tenant)) errors.push({ pointer: 'ce-tenant', detail: 'is not a valid tenant name' })
  const filledIn = attributes['filledin']?.split('-') ?? []
  if (!filledIn.every(isFilledIn)) errors.push({ pointer: 'ce-filledin', detail: 'must be id, timestamp or both' })
  const { sequence, salt } = readReception({ 'ce-sequence': attributes['sequence'], 'ce-salt': attributes['salt'] })
  if (data.kind !== 'json') errors.push({ pointer: '', detail: 'must be an activity as JSON' })
  if (errors.length > 0 || typeof recordedAt === 'string' || !tenant || data.kind !== 'json') {
    return invalid(...errors)
  }

  const receivedAt = new Date(recordedAt.ms)
  const checked = checkActivity(data.value, receivedAt, Number.POSITIVE_INFINITY)
  if (!checked.ok) return checked
  const { id, timestamp } = checked.value
  if (id === undefined) errors.push({ pointer: '/id', detail: 'is required in a record' })
  if (timestamp === undefined) errors.push({ pointer: '/timestamp', detail: 'is required in a record' })
  if (id === undefined || timestamp === undefined) return invalid(...errors)
  const recorded: ActivityRecorded = {
    tenant,
    activity: { ...checked.value, id, timestamp },
    recordedAt: receivedAt,
    sequence,
    filledIn: filledIn as FilledIn[],
  }
  if (salt) recorded.salt = salt
  if (attributes['traceparent']) recorded.traceparent = attributes['traceparent']
  if (attributes['sentas'] === 'cloudevent') recorded.isCloudEvent = true
  return valid(recorded)
}

/**
 * Reads what ingest added to the record when it received it. Records of earlier versions and of other producers may
 * have attributes of these names that mean something else, so whatever is malformed counts as absent. An absent
 * sequence is 0.
 */
export function readReception(headers: { readonly [name: string]: string | undefined }): {
  sequence: number
  salt?: string
} {
  const { 'ce-sequence': text = '', 'ce-salt': salt } = headers
  const isSequence = /^\d{1,7}$/.test(text) && Number(text) < sequenceLimit
  return {
    sequence: isSequence ? Number(text) : 0,
    ...(salt !== undefined && /^[-\w]{22}$/.test(salt) && { salt }),
  }
}

const isFilledIn = (part: string): part is FilledIn => part === 'id' || part === 'timestamp'
