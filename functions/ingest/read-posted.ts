import { MIMEType } from 'node:util'
import { Id } from '@activity-log/shared/activity.ts'
import { utf8 } from '@activity-log/shared/cloud-event.ts'
import { type Incoming, tooLarge } from '@activity-log/shared/http/body.ts'
import { invalidInput, Problem } from '@activity-log/shared/http/problem.ts'
import type { Judge } from '@activity-log/shared/json-judged.ts'
import { reserved } from '@activity-log/shared/own-activity.ts'
import { mayPassForOwn } from '@activity-log/shared/own-name.ts'
import type { Steps } from '@activity-log/shared/steps.ts'
import * as v from 'valibot'
import { readBinaryCloudEvent, readCloudEvent, readCloudEvents } from './posted-events.ts'
import {
  bodyLimits,
  type Posted,
  type ReadBody,
  type ReadItem,
  readActivity,
  readItemsOneByOne,
  readLines,
  readWhole,
} from './posted-items.ts'
import type { Reading } from './read-mapped.ts'

/** Returns how to read a body, or throws a Problem if that is known to be wrong without it. */
type Prepare = (reading: Reading, incoming: Incoming) => ReadBody
type MediaType = { prepare: Prepare; isEvent: boolean; isOne?: true }

const mediaTypes: { readonly [essence: string]: MediaType } = {
  'application/json': { prepare: readJson, isEvent: false },
  'application/x-ndjson': { prepare: readNdjson, isEvent: false },
  'application/ndjson': { prepare: readNdjson, isEvent: false },
  'application/jsonl': { prepare: readNdjson, isEvent: false },
  'application/cloudevents+json': { prepare: readCloudEvent, isEvent: true, isOne: true },
  'application/cloudevents-batch+json': { prepare: readCloudEvents, isEvent: true },
}
const binary: MediaType = { prepare: readBinaryCloudEvent, isEvent: true, isOne: true }

export type ReadPosted = Posted & { isEvent: boolean }

/** How to read the body of a request, of at most so many bytes. */
export type PostedReader = { maxBytes: number; read: (bytes: Uint8Array) => ReadPosted | Steps<ReadPosted> }

/**
 * Returns how to read the body of a POST in any of its content types. With `onlyMany` it takes no single activity.
 * Throws a Problem if the headers or the parameters are wrong already.
 */
export function readerOf(incoming: Incoming, reading: Reading, onlyMany: boolean): PostedReader {
  const { prepare, isEvent, isOne } = mediaTypeOf(incoming)
  if (onlyMany && isOne) throw oneOnly()
  const readBody = prepare(reading, incoming)
  const key = incoming.header('idempotency-key')
  const finish = (posted: Posted): ReadPosted => {
    if (onlyMany && !posted.many) throw oneOnly()
    return { ...withIdempotencyKey(posted, key), isEvent }
  }
  return {
    maxBytes: isOne ? bodyLimits.oneBytes : bodyLimits.manyBytes,
    read: (bytes) => {
      const posted = readBody(bytes)
      return 'many' in posted ? finish(posted) : finishInSteps(posted, finish)
    },
  }
}

function* finishInSteps(reading: Steps<Posted>, finish: (posted: Posted) => ReadPosted): Steps<ReadPosted> {
  return finish(yield* reading)
}

const oneOnly = () =>
  new Problem('invalid-input', 'The body is neither an array nor lines; send a single activity to POST /logs.')

function mediaTypeOf(incoming: Incoming) {
  const header = incoming.header('content-type')
  const isCloudEvent = incoming.header('ce-specversion') !== undefined || incoming.header('ce-id') !== undefined
  const parsed = header === undefined ? undefined : parseMediaType(header)
  const isStructured = parsed?.essence.startsWith('application/cloudevents')
  // in binary mode the content type describes the data
  if (isCloudEvent && !isStructured) return binary
  const charset = parsed?.charset
  if (charset && charset !== 'utf-8' && charset !== 'utf8')
    throw unsupported(`The charset ${charset} is not supported; send UTF-8.`)
  const known = parsed && Object.hasOwn(mediaTypes, parsed.essence) ? mediaTypes[parsed.essence] : undefined
  if (known) return known
  const sent = header === undefined ? 'The content type is missing' : `The content type ${header} is not supported`
  throw unsupported(`${sent}; send one of ${accepted}, for example with -H 'content-type: application/json'.`)
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

const accepted = Object.keys(mediaTypes).join(', ')
const unsupported = (detail: string, cause?: unknown) =>
  new Problem('unsupported-media-type', detail, { headers: { accept: accepted }, cause })

function readJson({ receivedAt, mapped }: Reading): ReadBody {
  const read = mapped?.readItem(receivedAt) ?? readActivity(receivedAt)
  return (bytes) => readJsonBody(bytes, read, mapped?.judge)
}

function readJsonBody(bytes: Uint8Array, read: ReadItem, judge?: Judge): Posted | Steps<Posted> {
  const text = utf8(bytes)
  if (text === undefined) return readItemsOneByOne(bytes, read, judge)
  if (bytes.byteLength > bodyLimits.oneBytes && !/^\s*\[/.test(text)) throw tooLarge(bodyLimits.oneBytes)
  return readWhole(text, read, judge)
}

function readNdjson({ receivedAt, mapped }: Reading): ReadBody {
  const read = mapped?.readItem(receivedAt) ?? readActivity(receivedAt)
  return (bytes) => readLines(bytes, read, mapped?.judge)
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
  if (mayPassForOwn(key)) throw invalidInput([{ pointer, detail: reserved }])
  return { many: false, activity: { ...activity, id: key } }
}
