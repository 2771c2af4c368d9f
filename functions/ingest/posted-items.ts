import { checkActivity, type SentActivity } from '@activity-log/shared/activity.ts'
import { below, type Checked, firstErrors, type InputError, invalid } from '@activity-log/shared/checked.ts'
import { utf8 } from '@activity-log/shared/cloud-event.ts'
import { invalidInput, Problem } from '@activity-log/shared/http/problem.ts'
import { type ParsedJson, parseJson } from '@activity-log/shared/json.ts'
import { createItemCutter } from '@activity-log/shared/pieces.ts'
import { timeForms } from '@activity-log/shared/time-format.ts'

export const bodyLimits = { oneBytes: 256 * 1024, manyBytes: 4 * 1024 * 1024, items: 1000 } as const

/** With the mark, its metadata are the attributes and the data of a CloudEvent. */
export type PostedActivity = SentActivity & { isCloudEvent?: true }
export type Posted =
  | { many: false; activity: PostedActivity }
  | { many: true; activities: readonly Checked<PostedActivity>[] }

/** Reads one item. `lossy` are the values in it that would not come back as they were sent. Pointers are into the item. */
export type ReadItem = (item: unknown, lossy: readonly InputError[]) => Checked<PostedActivity>

/** Parses the text of one item, or of all. */
export type Parse = (text: string) => ParsedJson

/** Reads items that are activities as they are. */
export const readActivity =
  (receivedAt: Date): ReadItem =>
  (item, lossy) => {
    const checked = checkActivity(item, receivedAt)
    if (checked.ok && lossy.length === 0) return checked
    return invalid(...firstErrors([...lossy, ...(checked.ok ? [] : checked.errors.map(withTimeForms))]))
  }

/** Says which forms of a time are taken, if it has none of them. */
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
      return prefixed(prefix, read(item, inItem))
    }),
  }
}

/** A broken line does not affect the others. Blank lines do not count. */
export function readLines(bytes: Uint8Array, read: ReadItem, parse: Parse = parseJson): Posted {
  const lines = splitLines(bytes)
  assertItems(lines.length)
  return { many: true, activities: lines.map(({ text, number }, index) => readText(text, index, number, read, parse)) }
}

/**
 * Reads the items of an array that is not UTF-8 as a whole, so that one with invalid bytes does not affect the others.
 * Returns undefined if it is no array.
 */
export function readItemsOneByOne(bytes: Uint8Array, read: ReadItem, parse: Parse = parseJson): Posted | undefined {
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
  if (json.ok) return prefixed(pointer, read(json.value, json.lossy))
  return invalid({
    pointer,
    detail: line === undefined ? json.detail : json.detail.replace('line 1', `line ${line}`) + at,
  })
}

const byteOrderMark = 0xfeff

/** Returns the lines that are not blank. It stops at one more than the maximum, which shows that there are too many. */
function splitLines(bytes: Uint8Array): { text: string | undefined; number: number }[] {
  const whole = utf8(bytes)
  const lines: { text: string | undefined; number: number }[] = []
  // in Latin-1 every byte is a character, so a line of invalid UTF-8 does not affect the others
  for (const [index, line] of (whole ?? Buffer.from(bytes).toString('latin1')).split('\n').entries()) {
    let text = whole === undefined ? utf8(Buffer.from(line, 'latin1')) : line
    // files with a mark may have been joined
    if (text?.charCodeAt(0) === byteOrderMark) text = text.replace(/^\ufeff+/, '')
    if (text !== undefined && /^[ \t\r]*$/.test(text)) continue
    lines.push({ text, number: index + 1 })
    if (lines.length > bodyLimits.items) break
  }
  return lines
}

/** Parses a whole body. */
export function jsonOrProblem(
  text: string,
  parse: Parse = parseJson,
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
