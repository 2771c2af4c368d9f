import { activityLimits, type SentActivity } from '@activity-log/shared/activity.ts'
import { below, type Checked, firstErrors, type InputError, invalid } from '@activity-log/shared/checked.ts'
import { utf8 } from '@activity-log/shared/cloud-event.ts'
import { invalidInput, Problem } from '@activity-log/shared/http/problem.ts'
import type { ParsedJson } from '@activity-log/shared/json.ts'
import { createJudge, type JsonLimits } from '@activity-log/shared/json-judged.ts'
import { splitLines } from '@activity-log/shared/lines.ts'
import { checkSentActivity } from '@activity-log/shared/own-activity.ts'
import { createItemCutter } from '@activity-log/shared/pieces.ts'
import { timeForms } from '@activity-log/shared/time-format.ts'

export const bodyLimits = { oneBytes: 256 * 1024, manyBytes: 4 * 1024 * 1024, items: 1000 } as const

const jsonLimits: JsonLimits = {
  items: bodyLimits.items,
  characters: bodyLimits.oneBytes,
  // the values of the metadata, and a few more for the other members
  values: activityLimits.metadataValues + 16,
  // 4 MiB of activities have about 200,000; ten times as many would fit, and take 100 MiB once they are parsed
  valuesInAll: 400_000,
}

/** Returns a parser for the texts of one request. It gives undefined for each item beyond the limits. */
export const createParser = (): Parse => createJudge(jsonLimits)

/** If `isCloudEvent` is set, the metadata are the attributes and the data of a CloudEvent. */
export type PostedActivity = SentActivity & { isCloudEvent?: true }
export type Posted =
  | { many: false; activity: PostedActivity }
  | { many: true; activities: readonly Checked<PostedActivity>[] }

/**
 * Reads one item. `lossy` has the values in it that would not come back as they were sent. All pointers start at the
 * item.
 */
export type ReadItem = (item: unknown, lossy: readonly InputError[]) => Checked<PostedActivity>

/** Parses the text of one item, or of all. */
export type Parse = (text: string) => ParsedJson

/** Reads items that are activities as they are. */
export const readActivity =
  (receivedAt: Date): ReadItem =>
  (item, lossy) => {
    const checked = checkSentActivity(item, receivedAt)
    if (checked.ok && lossy.length === 0) return checked
    return invalid(...firstErrors([...lossy, ...(checked.ok ? [] : checked.errors.map(withTimeForms))]))
  }

/** An item that was left out while parsing has only the errors that say why. */
export const readUnlessLeftOut = (read: ReadItem, item: unknown, lossy: readonly InputError[]) =>
  item === undefined ? invalid(...firstErrors(lossy)) : read(item, lossy)

/** Lists the accepted forms of a time in the error of a time that has none of them. */
export function withTimeForms(error: InputError): InputError {
  const isForm = error.pointer === '/timestamp' && error.detail.startsWith('must be')
  return isForm ? { ...error, detail: timeForms } : error
}

export function one(checked: Checked<PostedActivity>): Posted {
  if (!checked.ok) throw invalidInput(checked.errors)
  return { many: false, activity: checked.value }
}

export function many(items: readonly unknown[], lossy: readonly InputError[], read: ReadItem): Posted {
  assertItems(items.length)
  const byItem = Map.groupBy(lossy, ({ pointer }) => Number(pointer.split('/')[1]))
  return {
    many: true,
    activities: items.map((item, index) => {
      const prefix = `/${index}`
      const ofItem = byItem.get(index) ?? []
      const inItem = ofItem.map(({ pointer, detail }) => ({ pointer: pointer.slice(prefix.length), detail }))
      return prefixed(prefix, readUnlessLeftOut(read, item, inItem))
    }),
  }
}

/** A broken line does not affect the others. Blank lines do not count. */
export function readLines(bytes: Uint8Array, read: ReadItem, parse: Parse = createParser()): Posted {
  const lines = splitLines(bytes, bodyLimits.items)
  assertItems(lines.length)
  return {
    many: true,
    activities: lines.map((line, index) => {
      const { number } = line
      if (line.bytes.byteLength > bodyLimits.oneBytes) {
        return invalid({ pointer: `/${index}`, detail: `${tooLong} (line ${number})` })
      }
      return readText(utf8(line.bytes), index, number, read, parse)
    }),
  }
}

/**
 * Reads the items of an array that is not UTF-8 as a whole, so that one with invalid bytes does not affect the others.
 * Returns undefined if it is no array.
 */
export function readItemsOneByOne(
  bytes: Uint8Array,
  read: ReadItem,
  parse: Parse = createParser(),
): Posted | undefined {
  const cutter = createItemCutter([], bodyLimits.oneBytes)
  const pieces = cutter.add(bytes)
  if (cutter.end().fault !== undefined) return undefined
  assertItems(pieces.length)
  return {
    many: true,
    activities: pieces.map((piece, index) => {
      if (!piece.bytes) return invalid({ pointer: `/${index}`, detail: tooLong })
      return readText(utf8(piece.bytes), index, undefined, read, parse)
    }),
  }
}

const tooLong = `is larger than ${bodyLimits.oneBytes} bytes`

function readText(
  text: string | undefined,
  index: number,
  line: number | undefined,
  read: ReadItem,
  parse: Parse,
): Checked<PostedActivity> {
  const pointer = `/${index}`
  const at = line === undefined ? '' : ` (line ${line})`
  if (text === undefined) return invalid({ pointer, detail: `is not valid UTF-8${at}` })
  if (Buffer.byteLength(text) > bodyLimits.oneBytes) return invalid({ pointer, detail: tooLong + at })
  const json = parse(text)
  if (json.ok) return prefixed(pointer, readUnlessLeftOut(read, json.value, json.lossy))
  return invalid({
    pointer,
    detail: line === undefined ? json.detail : json.detail.replace('line 1', `line ${line}`) + at,
  })
}

/** Parses a whole body. */
export function jsonOrProblem(
  text: string,
  parse: Parse = createParser(),
): { value: unknown; lossy: readonly InputError[] } {
  const json = parse(text)
  if (!json.ok)
    throw new Problem('invalid-input', `The body ${json.detail}.`, { errors: [{ pointer: '', detail: json.detail }] })
  return json
}

const prefixed = (pointer: string, checked: Checked<PostedActivity>): Checked<PostedActivity> =>
  checked.ok ? checked : invalid(...below(pointer, checked.errors))

function assertItems(count: number) {
  if (count === 0) throw new Problem('invalid-input', 'The body contains no activity; send at least one.')
  if (count > bodyLimits.items) {
    const detail = `The body contains more than ${bodyLimits.items} activities; split it into several requests.`
    throw new Problem('too-large', detail)
  }
}
