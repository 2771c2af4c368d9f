import { MIMEType } from 'node:util'
import { activityLimits, checkActivity, Id, type SentActivity } from '@activity-log/shared/activity.ts'
import { below, type Checked, firstErrors, type InputError, invalid } from '@activity-log/shared/checked.ts'
import { type CloudEvent, readBinary, readStructured, utf8 } from '@activity-log/shared/cloud-event.ts'
import { type Incoming, readText, tooLarge } from '@activity-log/shared/http/body.ts'
import { invalidInput, Problem } from '@activity-log/shared/http/problem.ts'
import { createJudge, type JsonLimits } from '@activity-log/shared/json-judged.ts'
import { splitLines } from '@activity-log/shared/lines.ts'
import * as v from 'valibot'
import { cloudEventPointer, fromCloudEvent } from './from-cloud-event.ts'

export const bodyLimits = { oneBytes: 256 * 1024, manyBytes: 4 * 1024 * 1024, items: 1000 } as const

/** The values of metadata, and some more around them. */
const jsonLimits: JsonLimits = {
  items: bodyLimits.items,
  characters: bodyLimits.oneBytes,
  values: activityLimits.metadataValues + 16,
  // 4 MiB of activities have about 200,000; ten times as many would fit, and take 100 MiB once they are parsed
  valuesInAll: 400_000,
}

export type Posted =
  | { many: false; activity: SentActivity }
  | { many: true; activities: readonly Checked<SentActivity>[] }

const mediaTypes = {
  'application/json': readJson,
  'application/x-ndjson': readLines,
  'application/cloudevents+json': readCloudEvent,
  'application/cloudevents-batch+json': readCloudEvents,
} as const
type MediaType = keyof typeof mediaTypes
const isMediaType = (essence: string): essence is MediaType => Object.hasOwn(mediaTypes, essence)

/** Reads the body of a POST /logs in any of its content types. Throws a Problem if no activity can be taken from it. */
export async function readPosted(incoming: Incoming, receivedAt: Date): Promise<Posted> {
  const contentType = incoming.header('content-type')
  const essence = mediaTypeOf(contentType)
  const posted = await (essence === undefined
    ? readBinaryCloudEvent(incoming, receivedAt)
    : mediaTypes[essence](incoming, receivedAt))
  return withIdempotencyKey(posted, incoming.header('idempotency-key'))

  /** Returns undefined for binary mode, in which the content type describes the data. */
  function mediaTypeOf(header: string | undefined): MediaType | undefined {
    const isCloudEvent = incoming.header('ce-specversion') !== undefined || incoming.header('ce-id') !== undefined
    const parsed = header === undefined ? undefined : parseMediaType(header)
    const isStructured = parsed?.essence.startsWith('application/cloudevents')
    if (isCloudEvent && !isStructured) return undefined
    const charset = parsed?.charset
    if (charset && charset !== 'utf-8' && charset !== 'utf8')
      throw unsupported(`The charset ${charset} is not supported; send UTF-8.`)
    if (parsed && isMediaType(parsed.essence)) return parsed.essence
    const accepted = Object.keys(mediaTypes).join(', ')
    const sent = header === undefined ? 'The content type is missing' : `The content type ${header} is not supported`
    throw unsupported(`${sent}; send one of ${accepted}, for example with -H 'content-type: application/json'.`)
  }
}

const maxMediaType = 256

function parseMediaType(header: string): { essence: string; charset: string | undefined } {
  if (header === 'application/json') return { essence: header, charset: undefined }
  // the parser takes time that grows with the square of the length
  if (header.length > maxMediaType) throw unsupported(`The content type is longer than ${maxMediaType} characters.`)
  try {
    const { essence, params } = new MIMEType(header)
    return { essence, charset: params.get('charset')?.toLowerCase() }
  } catch (cause) {
    throw unsupported(`The content type ${header} is not a media type.`, cause)
  }
}

const unsupported = (detail: string, cause?: unknown) =>
  new Problem('unsupported-media-type', detail, { headers: { accept: Object.keys(mediaTypes).join(', ') }, cause })

async function readJson(incoming: Incoming, receivedAt: Date): Promise<Posted> {
  const text = await readText(incoming, bodyLimits.manyBytes)
  if (!/^\s*\[/.test(text) && Buffer.byteLength(text) > bodyLimits.oneBytes) throw tooLarge(bodyLimits.oneBytes)
  const { value, lossy } = jsonOrProblem(text)
  if (!Array.isArray(value)) {
    return one(checkAll(value, lossy, (input) => checkActivity(input, receivedAt)))
  }
  return many(value, lossy, (input) => checkActivity(input, receivedAt))
}

async function readCloudEvent(incoming: Incoming, receivedAt: Date): Promise<Posted> {
  const { value, lossy } = jsonOrProblem(await readText(incoming, bodyLimits.oneBytes))
  return one(checkAll(value, lossy, (input) => checkCloudEvent(input, receivedAt)))
}

async function readCloudEvents(incoming: Incoming, receivedAt: Date): Promise<Posted> {
  const { value, lossy } = jsonOrProblem(await readText(incoming, bodyLimits.manyBytes))
  if (!Array.isArray(value)) throw new Problem('invalid-input', 'The body must be an array of CloudEvents.')
  return many(value, lossy, (input) => checkCloudEvent(input, receivedAt))
}

async function readBinaryCloudEvent(incoming: Incoming, receivedAt: Date): Promise<Posted> {
  const headers = incoming.headers()
  const beyondAscii = Object.entries(headers).filter(
    ([name, value]) => name.startsWith('ce-') && !/^[\t -~]*$/.test(value),
  )
  if (beyondAscii.length > 0) {
    const detail = 'must be ASCII; percent-encode all other characters (CloudEvents HTTP binding, 3.1.3.2)'
    throw invalidInput(beyondAscii.map(([pointer]) => ({ pointer, detail })))
  }
  const event = readBinary(headers, await incoming.bytes(bodyLimits.oneBytes))
  if (!event.ok) throw invalidInput(event.errors)
  return one(checkEvent(event.value, receivedAt, 'binary'))
}

/** A broken line does not affect the others. Blank lines do not count. */
async function readLines(incoming: Incoming, receivedAt: Date): Promise<Posted> {
  const lines = splitLines(await incoming.bytes(bodyLimits.manyBytes), bodyLimits.items)
  assertItems(lines.length)
  const parse = createJudge(jsonLimits)
  return {
    many: true,
    activities: lines.map(({ bytes, number }, index) => {
      const pointer = `/${index}`
      if (bytes.byteLength > bodyLimits.oneBytes) {
        return invalid({ pointer, detail: `is larger than ${bodyLimits.oneBytes} bytes (line ${number})` })
      }
      const text = utf8(bytes)
      if (text === undefined) return invalid({ pointer, detail: `is not valid UTF-8 (line ${number})` })
      const json = parse(text)
      if (!json.ok)
        return invalid({ pointer, detail: `${json.detail.replace('line 1', `line ${number}`)} (line ${number})` })
      return prefixed(
        pointer,
        checkAll(json.value, json.lossy, (input) => checkActivity(input, receivedAt)),
      )
    }),
  }
}

function jsonOrProblem(text: string): { value: unknown; lossy: readonly InputError[] } {
  const json = createJudge(jsonLimits)(text)
  if (!json.ok)
    throw new Problem('invalid-input', `The body ${json.detail}.`, { errors: [{ pointer: '', detail: json.detail }] })
  return json
}

function checkCloudEvent(input: unknown, receivedAt: Date): Checked<SentActivity> {
  const event = readStructured(input)
  return event.ok ? checkEvent(event.value, receivedAt, 'structured') : event
}

function checkEvent(event: CloudEvent, receivedAt: Date, mode: 'binary' | 'structured'): Checked<SentActivity> {
  const { input, isOurs } = fromCloudEvent(event)
  const checked = checkActivity(input, receivedAt)
  if (checked.ok) return checked
  return invalid(
    ...checked.errors.map(({ pointer, detail }) => ({ pointer: cloudEventPointer(pointer, mode, isOurs), detail })),
  )
}

type Check = (input: unknown) => Checked<SentActivity>

function checkAll(input: unknown, lossy: readonly InputError[], check: Check): Checked<SentActivity> {
  if (input === undefined) return invalid(...firstErrors(lossy))
  const checked = check(input)
  if (lossy.length === 0) return checked
  return invalid(...firstErrors([...lossy, ...(checked.ok ? [] : checked.errors)]))
}

function one(checked: Checked<SentActivity>): Posted {
  if (!checked.ok) throw invalidInput(checked.errors)
  return { many: false, activity: checked.value }
}

function many(inputs: readonly unknown[], lossy: readonly InputError[], check: Check): Posted {
  assertItems(inputs.length)
  const byItem = Map.groupBy(lossy, ({ pointer }) => Number(pointer.split('/')[1]))
  return {
    many: true,
    activities: inputs.map((input, index) => {
      const invalidHere = byItem.get(index) ?? []
      if (input === undefined) return invalid(...firstErrors(invalidHere))
      const checked = prefixed(`/${index}`, check(input))
      if (invalidHere.length === 0) return checked
      return invalid(...firstErrors([...invalidHere, ...(checked.ok ? [] : checked.errors)]))
    }),
  }
}

const prefixed = (pointer: string, checked: Checked<SentActivity>): Checked<SentActivity> =>
  checked.ok ? checked : invalid(...below(pointer, checked.errors))

function assertItems(count: number) {
  if (count === 0) throw new Problem('invalid-input', 'The body contains no activity; send at least one.')
  if (count > bodyLimits.items) {
    const detail = `The body contains more than ${bodyLimits.items} activities; split it into several requests.`
    throw new Problem('too-large', detail)
  }
}

/**
 * The header is the id of the single activity of a request (draft-ietf-httpapi-idempotency-key-header: a string, quoted
 * or not).
 */
function withIdempotencyKey(posted: Posted, header: string | undefined): Posted {
  if (header === undefined) return posted
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header
  const pointer = 'Idempotency-Key'
  if (posted.many) {
    throw invalidInput([{ pointer, detail: 'applies to a single activity; give each activity of a batch its own id' }])
  }
  const { activity } = posted
  if (activity.id !== undefined && activity.id !== key) {
    throw invalidInput([{ pointer, detail: 'differs from the id in the body; send only one of them' }])
  }
  const id = v.safeParse(Id, key)
  if (!id.success) throw invalidInput([{ pointer, detail: id.issues[0].message }])
  return { many: false, activity: { ...activity, id: key } }
}
