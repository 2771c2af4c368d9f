import { type Checked, firstErrors, type InputError, invalid, valid } from '@activity-log/shared/checked.ts'
import {
  type CloudEvent,
  type Headers,
  readBinaryAttributes,
  readData,
  readStructured,
  utf8,
} from '@activity-log/shared/cloud-event.ts'
import { type PositionText, toPosition } from '@activity-log/shared/delivery-headers.ts'
import { invalidInput, Problem } from '@activity-log/shared/http/problem.ts'
import { parseJson } from '@activity-log/shared/json.ts'
import type { Position } from '@activity-log/shared/receipt.ts'

export type Delivery = {
  position: Position
  /** The event, or what is wrong with its data. */
  event: Checked<CloudEvent>
  type: string
}

/** The type that KafkaSource gives a record in which it finds no CloudEvent. */
const rawRecordType = 'dev.knative.kafka.event'

/** Reads a delivery of KafkaSource. Throws a 400 if it is not a CloudEvent. */
export function readDelivery(headers: Headers, body: Uint8Array): Delivery {
  const event = /^application\/cloudevents\+json\s*(;|$)/i.test(headers['content-type'] ?? '')
    ? readStructuredBody(body)
    : readBinaryBody(headers, body)
  // the dispatcher itself wrote the headers, so they win over the body
  const attributes: { [name: string]: string } = event.ok ? event.value.attributes : {}
  const position = readPosition({
    partition: headers['ce-knativekafkapartition'] ?? attributes['knativekafkapartition'],
    offset: headers['ce-knativekafkaoffset'] ?? attributes['knativekafkaoffset'],
  })
  return { position, event, type: headers['ce-type'] ?? attributes['type'] ?? '' }
}

/**
 * Reads the position of a record that KafkaSource gave up on; it delivers those in binary mode. The event itself is not
 * read: it may be broken, and the record has to be kept all the same. Throws a 400 if there is no position.
 */
export function readDeadLetterPosition(headers: Headers): Position {
  return readPosition({ partition: headers['ce-knativekafkapartition'], offset: headers['ce-knativekafkaoffset'] })
}

/** The position of a record before the dispatcher gave up on it. KafkaSource does not send it. */
export function readFirstPosition(headers: Headers): Position | undefined {
  return toPosition({ partition: headers['ce-recordpartition'], offset: headers['ce-recordoffset'] })
}

/** Throws a 400 if the envelope was damaged on the way: KafkaSource found no CloudEvent in the record and made one. */
export function rejectDamaged({ type }: Delivery): void {
  if (type !== rawRecordType) return
  const detail = `KafkaSource found no CloudEvent in the record (type ${rawRecordType}). Send activities to POST /logs instead.`
  throw new Problem('invalid-input', detail)
}

/** Tells why the dispatcher gave up on a record, from the extensions that it added to the event. */
export function whyUndelivered(headers: Headers): InputError {
  const sink = headers['ce-knativeerrordest'] ?? 'persist'
  const code = headers['ce-knativeerrorcode']
  const said = utf8(Buffer.from(headers['ce-knativeerrordata'] ?? '', 'base64'))
  const answer = code === undefined ? 'which did not answer' : `which answered ${code}${said ? `: ${said}` : ''}`
  return { pointer: '', detail: `was not accepted by ${sink}, ${answer}` }
}

/** Keeps only the headers that belong to the event. */
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
  if (!json?.ok) throw new Problem('invalid-input', 'The body must be a CloudEvent in JSON format.')
  const event = readStructured(json.value)
  if (!event.ok) throw invalidInput(event.errors)
  return json.lossy.length > 0 ? invalid(...firstErrors(json.lossy)) : event
}

function readPosition(text: PositionText): Position {
  const position = toPosition(text)
  if (position) return position
  throw invalidInput(
    ['partition', 'offset'].map((part) => ({
      pointer: `ce-knativekafka${part}`,
      detail: `must be the ${part} of the record`,
    })),
  )
}
