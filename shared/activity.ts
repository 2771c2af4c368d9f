import * as v from 'valibot'
import { below, type Checked, firstErrors, type InputError, invalid, maxErrors, pointerTo, valid } from './checked.ts'
import { isJsonObject, type JsonObject, type JsonValue } from './json.ts'
import { parseTimestamp } from './timestamp.ts'

export const activityLimits = {
  nameCharacters: 256,
  metadataBytes: 32 * 1024,
  metadataLevels: 32,
  metadataKeys: 1_000,
  metadataValues: 2_000,
  aheadMs: 24 * 60 * 60 * 1000,
} as const

/** As a pattern of a schema. Some validators match it at the start of the text, such as those of Python. */
export const aVisibleCharacter = '^[\\s\\S]*\\S'

/** A userId or an action: 1 to 256 characters (code points) after trimming. */
export const Name = v.pipe(
  v.string('must be text'),
  v.trim(),
  v.check((text) => text !== '', 'must not be empty'),
  v.check((text) => !isTooLongForName(text), `must be at most ${activityLimits.nameCharacters} characters`),
  v.metadata({ minLength: 1, maxLength: activityLimits.nameCharacters, pattern: aVisibleCharacter }),
)

/** Characters are code points, as in JSON Schema: an emoji is one. */
export function isTooLongForName(text: string): boolean {
  const { nameCharacters } = activityLimits
  return text.length > 2 * nameCharacters || (text.length > nameCharacters && [...text].length > nameCharacters)
}

/** An id travels in headers and in the path of /logs/{id}, from which "." and ".." would vanish. */
export const Id = v.pipe(
  v.string('must be text'),
  v.regex(/^[!-~]{1,128}$/, 'must be 1 to 128 printable ASCII characters without spaces'),
  v.check((text) => text !== '.' && text !== '..', 'must not be . or .., which vanish from a path'),
)

export const TimestampText = v.pipe(
  v.string('must be text: an RFC 3339 date and time with an offset'),
  v.rawCheck(({ dataset, addIssue }) => {
    const parsed = dataset.typed ? parseTimestamp(dataset.value) : undefined
    if (typeof parsed === 'string') addIssue({ message: parsed })
  }),
  v.metadata({ format: 'date-time', maxLength: 64 }),
  v.description('RFC 3339 with an offset, from 1970 to 24 h ahead of now; returned exactly as it was sent'),
)

export const Metadata = v.pipe(
  v.custom<JsonObject>(isJsonObject, 'must be an object; omit it if there is none'),
  v.metadata({ type: 'object', maxProperties: activityLimits.metadataKeys }),
  v.description('Any JSON object of at most 32 KiB, 32 levels deep, with at most 1,000 members and 2,000 values'),
)

/** The activity that a client sends. The log fills in a missing id, and the time of receipt for a missing timestamp. */
export const SentActivity = v.object(
  {
    id: v.optional(Id),
    userId: Name,
    action: Name,
    timestamp: v.optional(TimestampText),
    metadata: v.optional(Metadata),
  },
  (issue) => (issue.path ? 'is required' : 'must be an object: {"userId": …, "action": …}'),
)
export type SentActivity = v.InferOutput<typeof SentActivity>

/** An activity with its id and its timestamp, which is the text as it was sent. */
export type Activity = SentActivity & { id: string; timestamp: string }

/**
 * Checks one activity as it was sent, and returns all its errors instead of only the first. Records may have more
 * values than activities that are sent now, since earlier versions accepted more.
 */
export function checkActivity(
  sent: unknown,
  receivedAt: Date,
  maxValues: number = activityLimits.metadataValues,
): Checked<SentActivity> {
  const input = withoutNulls(sent)
  const parsed = v.safeParse(SentActivity, input)
  const errors: InputError[] = (parsed.issues ?? []).map((issue) => ({
    pointer: (issue.path ?? []).reduce((pointer, step) => pointerTo(pointer, String(step.key)), ''),
    detail: issue.message,
  }))
  if (isJsonObject(input)) {
    errors.push(...unknownMembers(input))
    if (isJsonObject(input['metadata']))
      errors.push(...below('/metadata', metadataErrors(input['metadata'], maxValues)))
    if (isAhead(input['timestamp'], receivedAt)) {
      errors.push({
        pointer: '/timestamp',
        detail: `is more than 24 hours ahead of the clock of the log, which says ${receivedAt.toISOString()}`,
      })
    }
  }
  return parsed.success && errors.length === 0 ? valid(parsed.output) : invalid(...firstErrors(errors))
}

/** Many programs write null for a member that is absent. */
function withoutNulls(sent: unknown): unknown {
  if (!isJsonObject(sent)) return sent
  const { id, timestamp, metadata } = sent
  if (id !== null && timestamp !== null && metadata !== null) return sent
  return Object.fromEntries(Object.entries(sent).filter(([name, value]) => value !== null || !isOptional(name)))
}

const isOptional = (name: string) => name === 'id' || name === 'timestamp' || name === 'metadata'

function unknownMembers(input: JsonObject): InputError[] {
  const errors: InputError[] = []
  for (const key in input) {
    if (Object.hasOwn(SentActivity.entries, key)) continue
    errors.push({
      pointer: pointerTo('', key),
      detail: 'is not a member of an activity (id, userId, action, timestamp, metadata); put it under metadata',
    })
    if (errors.length > maxErrors) break
  }
  return errors
}

function isAhead(timestamp: unknown, now: Date): boolean {
  const parsed = typeof timestamp === 'string' ? parseTimestamp(timestamp) : undefined
  return typeof parsed === 'object' && parsed.ms > now.getTime() + activityLimits.aheadMs
}

/** Checks a value that may be large and hostile: stops once it is too large, and builds pointers only for errors. */
function metadataErrors(metadata: JsonObject, maxValues: number): InputError[] {
  // the object itself is not counted
  const seen: Seen = { errors: [], keys: 0, maxBytes: 2, values: -1 }
  path.length = 0
  visit(metadata, seen)
  const { errors, keys, maxBytes, values } = seen
  if (keys > activityLimits.metadataKeys) {
    errors.push({ pointer: '', detail: `has more than ${activityLimits.metadataKeys} members in all` })
  }
  if (values > maxValues) errors.push({ pointer: '', detail: `has more than ${maxValues} values in all` })
  const isSmall = maxBytes <= activityLimits.metadataBytes
  const bytes = errors.length === 0 && !isSmall ? Buffer.byteLength(JSON.stringify(metadata)) : 0
  if (bytes > activityLimits.metadataBytes) {
    errors.push({ pointer: '', detail: `has ${bytes} bytes as JSON; the limit is ${activityLimits.metadataBytes}` })
  }
  return errors
}

/** What was found in metadata, as far as they were visited. */
type Seen = { errors: InputError[]; keys: number; maxBytes: number; values: number }

/** The place of the value that is visited. All visits share it, since none pauses. */
const path: (string | number)[] = []

function visit(value: JsonValue, seen: Seen) {
  seen.values++
  seen.maxBytes += maxBytesOf(value)
  if (typeof value !== 'object' || value === null) return
  if (path.length === activityLimits.metadataLevels) {
    note(seen, `is nested deeper than ${activityLimits.metadataLevels} levels`)
  } else if (Array.isArray(value)) {
    for (let index = 0; index < value.length && goesOn(seen); index++) {
      path.push(index)
      visit(value[index], seen)
      path.pop()
    }
  } else {
    for (const key in value) {
      if (!goesOn(seen)) break
      seen.keys++
      seen.maxBytes += maxBytesOf(key)
      path.push(key)
      // the MongoDB driver takes such an object for one of its own types and rejects it
      if (key === '_bsontype') note(seen, 'is a reserved name; use another')
      visit((value as JsonObject)[key] as JsonValue, seen)
      path.pop()
    }
  }
}

function note({ errors }: Seen, detail: string) {
  errors.push({ pointer: path.reduce<string>(pointerTo, ''), detail })
}

/** As JSON, each value takes at least a byte and a separator, so metadata with more values is too large in any case. */
const goesOn = ({ values, errors }: Seen) => values <= activityLimits.metadataBytes / 2 && errors.length <= maxErrors

/**
 * The most bytes that a value can take as JSON, with its separator but without its members. Metadata that is small by
 * this measure need not be written only to be measured.
 */
const maxBytesOf = (value: JsonValue) => (typeof value === 'string' ? 6 * value.length + 4 : 32)
