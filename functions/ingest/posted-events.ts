import { type Checked, firstErrors, type InputError, invalid, valid } from '@activity-log/shared/checked.ts'
import {
  type CloudEvent,
  type Headers,
  readBinary,
  readStructured,
  utf8,
  utf8WithMark,
} from '@activity-log/shared/cloud-event.ts'
import { type Incoming, notUtf8 } from '@activity-log/shared/http/body.ts'
import { invalidInput, Problem } from '@activity-log/shared/http/problem.ts'
import { checkSentActivity } from '@activity-log/shared/own-activity.ts'
import type { Steps } from '@activity-log/shared/steps.ts'
import { cloudEventPointer, fromCloudEvent } from './from-cloud-event.ts'
import {
  jsonOrProblem,
  newJudge,
  one,
  type Posted,
  type PostedActivity,
  type ReadBody,
  type ReadItem,
  readItems,
  readItemsOneByOne,
  readUnlessLeftOut,
} from './posted-items.ts'
import type { Reading } from './read-mapped.ts'

/** Structured mode. */
export function readCloudEvent(reading: Reading): ReadBody {
  const read = structuredReader(reading)
  return (bytes) => readOne(bytes, read)
}

function* readOne(bytes: Uint8Array, read: ReadItem): Steps<Posted> {
  const text = utf8(bytes)
  if (text === undefined) throw notUtf8()
  const { value, lossy } = yield* jsonOrProblem(yield* newJudge().inSteps(text))
  return one(readUnlessLeftOut(read, value, lossy))
}

/** Batched mode. */
export function readCloudEvents(reading: Reading): ReadBody {
  const read = structuredReader(reading)
  return (bytes) => readAll(bytes, read)
}

function* readAll(bytes: Uint8Array, read: ReadItem): Steps<Posted> {
  const text = utf8(bytes)
  if (text === undefined) return yield* readItemsOneByOne(bytes, read)
  const judged = yield* newJudge().inSteps(text)
  if (judged.ok && judged.isArray) return yield* readItems(judged, read)
  yield* jsonOrProblem(judged)
  throw new Problem('invalid-input', 'The body must be an array of CloudEvents.')
}

export function readBinaryCloudEvent({ receivedAt, mapped }: Reading, incoming: Pick<Incoming, 'headers'>): ReadBody {
  const user = mapped?.userAttribute()
  const headers = withUtf8(incoming.headers())
  return (bytes) => {
    const event = readBinary(headers, bytes)
    if (!event.ok) throw invalidInput(event.errors)
    return one(checkEvent(event.value, 'binary', receivedAt, user))
  }
}

function structuredReader({ receivedAt, mapped }: Reading): ReadItem {
  const user = mapped?.userAttribute()
  return (item, lossy) => {
    const event = readStructured(item)
    const checked = event.ok ? checkEvent(event.value, 'structured', receivedAt, user) : event
    if (lossy.length === 0) return checked
    return invalid(...firstErrors([...lossy, ...(checked.ok ? [] : checked.errors)]))
  }
}

function checkEvent(
  event: CloudEvent,
  mode: 'binary' | 'structured',
  receivedAt: Date,
  userAttribute: string | undefined,
): Checked<PostedActivity> {
  const { input, isOurs, userFrom } = fromCloudEvent(event, userAttribute)
  const checked = checkSentActivity(input, receivedAt)
  if (checked.ok) return isOurs ? checked : valid({ ...checked.value, isCloudEvent: true })
  const errors = checked.errors.map(({ pointer, detail }) => ({
    pointer: cloudEventPointer(pointer, { mode, isOurs, userFrom }),
    detail: pointer === '/userId' && !isOurs ? withAdvice(userFrom, detail) : detail,
  }))
  return invalid(...errors)
}

function withAdvice(userFrom: string, detail: string): string {
  if (userFrom === 'source') return `stands for the missing subject, but ${detail}; name another attribute with ?user=`
  return userFrom === 'subject' ? detail : `${detail}, since ?user= names it`
}

/**
 * Reads raw UTF-8 in `ce-` headers, which most SDKs send although the binding wants it percent-encoded (CloudEvents
 * HTTP binding, 3.1.3.2). Node gives every byte of a header as one character.
 */
function withUtf8(headers: Headers): Headers {
  const errors: InputError[] = []
  let changed: { [name: string]: string } | undefined
  for (const name in headers) {
    const value = headers[name] as string
    if (!name.startsWith('ce-')) continue
    if (notAttributes.has(name)) errors.push({ pointer: name, detail: notAnAttribute })
    if (/^[\t -~]*$/.test(value)) continue
    const text = /^[\t -~\x80-\xff]*$/.test(value) ? utf8WithMark(Buffer.from(value, 'latin1')) : undefined
    if (text === undefined) errors.push({ pointer: name, detail: notAHeader })
    else {
      changed ??= { ...headers }
      changed[name] = text
    }
  }
  if (errors.length > 0) throw invalidInput(errors)
  return changed ?? headers
}

const notAHeader = 'is not valid UTF-8; percent-encode what is not ASCII (CloudEvents HTTP binding, 3.1.3.2)'

/** Their values would be lost, or taken for the data of the event. */
const notAttributes: ReadonlySet<string> = new Set(['ce-data', 'ce-data_base64', 'ce-__proto__'])
const notAnAttribute = 'is not a valid CloudEvent attribute name; use only a–z and 0–9, and not data'
