import { Id } from '@activity-log/shared/activity.ts'
import { activityRecordedType, defaultTenant, isTenant } from '@activity-log/shared/activity-recorded.ts'
import { type Checked, firstErrors, type InputError, invalid, valid } from '@activity-log/shared/checked.ts'
import {
  type CloudEvent,
  decodeHeader,
  type Headers,
  readBinaryAttributes,
  readData,
  readStructured,
  utf8,
} from '@activity-log/shared/cloud-event.ts'
import { invalidInput, Problem } from '@activity-log/shared/http/problem.ts'
import { parseJson } from '@activity-log/shared/json.ts'
import type { Position } from '@activity-log/shared/receipt.ts'
import { parseTimestamp } from '@activity-log/shared/timestamp.ts'
import * as v from 'valibot'

export type Delivery = {
  position: Position
  /** The event, or what is wrong with its data. */
  event: Checked<CloudEvent>
  type: string
}

/** What KafkaSource makes of a record whose CloudEvent it could not read. */
const rawRecordType = 'dev.knative.kafka.event'

/** Reads what KafkaSource delivers. Throws a 400 when it is no CloudEvent. */
export function readDelivery(headers: Headers, body: Uint8Array): Delivery {
  const event = /^application\/cloudevents\+json\s*(;|$)/i.test(headers['content-type'] ?? '')
    ? readStructuredBody(body)
    : readBinaryBody(headers, body)
  // headers are the dispatcher's own words, whatever the body says
  const attributes: { [name: string]: string } = event.ok ? event.value.attributes : {}
  const position = readPosition({
    partition: headers['ce-knativekafkapartition'] ?? attributes['knativekafkapartition'],
    offset: headers['ce-knativekafkaoffset'] ?? attributes['knativekafkaoffset'],
  })
  return { position, event, type: headers['ce-type'] ?? attributes['type'] ?? '' }
}

/**
 * The place of what KafkaSource gave up on, which it delivers in binary mode. That the event is none to us may be why it is
 * dead: it must not be lost for that. Throws a 400 without a place.
 */
export function readDeadLetterPosition(headers: Headers): Position {
  return readPosition({ partition: headers['ce-knativekafkapartition'], offset: headers['ce-knativekafkaoffset'] })
}

/** Where a record was before the dispatcher gave up on it, as far as that dispatcher says so: KafkaSource does not. */
export function readFirstPosition(headers: Headers): Position | undefined {
  return toPosition({ partition: headers['ce-recordpartition'], offset: headers['ce-recordoffset'] })
}

/** What an event that calls itself ours says of itself in its headers and may be, whatever else is wrong with it. */
export function readClaims(headers: Headers): { tenant: string; activityId?: string; recordedAt?: Date } {
  if (headers['ce-type'] !== activityRecordedType) return { tenant: defaultTenant }
  const id = decodeHeader(headers['ce-id'] ?? '')
  const tenant = decodeHeader(headers['ce-tenant'] ?? '')
  const recordedAt = parseTimestamp(headers['ce-recordedtime'] ?? '')
  return {
    tenant: isTenant(tenant) ? tenant : defaultTenant,
    ...(v.is(Id, id) && { activityId: id }),
    ...(typeof recordedAt !== 'string' && { recordedAt: new Date(recordedAt.ms) }),
  }
}

/** Throws a 400 when the envelope was damaged on the way: then KafkaSource found no CloudEvent in the record, and made one. */
export function refuseDamaged({ type }: Delivery): void {
  if (type !== rawRecordType) return
  const detail = `The type ${rawRecordType} means that KafkaSource found no CloudEvent in the record.`
  throw new Problem('invalid-input', detail)
}

/** What the dispatcher says of a record it gave up on: extensions that it adds to the event. */
export function whyUndelivered(headers: Headers): InputError {
  const sink = headers['ce-knativeerrordest'] ?? 'persist'
  const code = headers['ce-knativeerrorcode']
  const said = utf8(Buffer.from(headers['ce-knativeerrordata'] ?? '', 'base64'))
  const answer = code === undefined ? 'which gave no answer' : `which answered ${code}${said ? `: ${said}` : ''}`
  return { pointer: '', detail: `was not taken by ${sink}, ${answer}` }
}

/** Those that belong to the event. */
export function eventHeaders(headers: Headers): { [name: string]: string } {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => name.startsWith('ce-') || name === 'content-type'),
  )
}

function readBinaryBody(headers: Headers, body: Uint8Array): Checked<CloudEvent> {
  const attributes = readBinaryAttributes(headers)
  if (!attributes.ok) throw invalidInput(attributes.errors)
  const data = readData(attributes.value, body)
  return data.ok ? valid({ attributes: attributes.value, data: data.value }) : data
}

function readStructuredBody(body: Uint8Array): Checked<CloudEvent> {
  const text = utf8(body)
  const json = text === undefined ? undefined : parseJson(text)
  if (!json?.ok) throw new Problem('invalid-input', 'The body is not a CloudEvent as JSON.')
  const event = readStructured(json.value)
  if (!event.ok) throw invalidInput(event.errors)
  return json.unfaithful.length > 0 ? invalid(...firstErrors(json.unfaithful)) : event
}

type PositionText = { partition: string | undefined; offset: string | undefined }

function readPosition(text: PositionText): Position {
  const position = toPosition(text)
  if (position) return position
  const detail = 'must name the place of the record, as KafkaSource does'
  throw invalidInput(['partition', 'offset'].map((part) => ({ pointer: `ce-knativekafka${part}`, detail })))
}

/** Undefined for what names no place. */
export function toPosition({ partition, offset }: PositionText): Position | undefined {
  const pattern = /^(?:0|[1-9]\d{0,14})$/
  if (!partition || !offset || !pattern.test(partition) || !pattern.test(offset)) return undefined
  return { partition: Number(partition), offset: Number(offset) }
}
