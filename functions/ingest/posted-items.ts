import { activityLimits, type SentActivity } from '@activity-log/shared/activity.ts'
import { below, type Checked, firstErrors, type InputError, invalid } from '@activity-log/shared/checked.ts'
import { utf8 } from '@activity-log/shared/cloud-event.ts'
import { notUtf8 } from '@activity-log/shared/http/body.ts'
import { invalidInput, Problem } from '@activity-log/shared/http/problem.ts'
import type { ParsedJson } from '@activity-log/shared/json.ts'
import { createJudge, type JsonLimits, type Judge, type Judged, parseJudged } from '@activity-log/shared/json-judged.ts'
import { decoderOf, splitLines } from '@activity-log/shared/lines.ts'
import { checkSentActivity } from '@activity-log/shared/own-activity.ts'
import { createItemCutter, type Piece } from '@activity-log/shared/pieces.ts'
import { partLength, pausesBetween, type Steps } from '@activity-log/shared/steps.ts'
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

/** Returns a judge for the texts of one request. Each item beyond its limits is undefined. */
export const newJudge = (): Judge => createJudge(jsonLimits)

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

/** Reads the bytes of a body, a short one at once. Throws a Problem if no activity can be taken from them. */
export type ReadBody = (bytes: Uint8Array) => Posted | Steps<Posted>

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

/** Reads a whole body: the items of an array, or else one. A short one is read at once. */
export function readWhole(text: string, read: ReadItem, judge: Judge = newJudge()): Posted | Steps<Posted> {
  const json = judge.short(text)
  if (!json?.ok || Array.isArray(json.value)) return readWholeInSteps(text, read, judge, json)
  return one(readUnlessLeftOut(read, json.value, json.lossy))
}

function* readWholeInSteps(text: string, read: ReadItem, judge: Judge, parsed?: ParsedJson): Steps<Posted> {
  const judged = yield* judge.inSteps(text, parsed)
  if (judged.ok && judged.isArray) return yield* readItems(judged, read)
  const { value, lossy } = yield* jsonOrProblem(judged)
  return one(readUnlessLeftOut(read, value, lossy))
}

/** Reads the items of an array that was judged. */
export function* readItems({ count, item }: Extract<Judged, { ok: true }>, read: ReadItem): Steps<Posted> {
  assertItems(count)
  const activities: Checked<PostedActivity>[] = []
  for (let index = 0; index < count; index++) {
    yield
    const json = yield* item(index)
    if (!json.ok) throw notJson(json.detail)
    activities.push(prefixed(index, readUnlessLeftOut(read, json.value, json.lossy)))
  }
  return { many: true, activities }
}

/** A broken line does not affect the others. Blank lines do not count. */
export function* readLines(bytes: Uint8Array, read: ReadItem, judge: Judge = newJudge()): Steps<Posted> {
  const lines = yield* splitLines(bytes, bodyLimits.items)
  assertItems(lines.length)
  const decode = decoderOf(bytes)
  const isPauseDue = pausesBetween()
  const activities: Checked<PostedActivity>[] = []
  for (const [index, line] of lines.entries()) {
    const length = line.end - line.start
    const parsing = length > bodyLimits.oneBytes ? tooLong : parseText(decode(line), judge)
    activities.push(readParsed('ok' in parsing ? parsing : yield* parsing, { index, line: line.number }, read))
    if (isPauseDue(length)) yield
  }
  return { many: true, activities }
}

/**
 * Reads the items of an array that is not UTF-8 as a whole, so that one with invalid bytes does not affect the others.
 */
export function* readItemsOneByOne(bytes: Uint8Array, read: ReadItem, judge: Judge = newJudge()): Steps<Posted> {
  const cutter = createItemCutter([], bodyLimits.oneBytes)
  const pieces: Piece[] = []
  let count = 0
  for (let at = 0; at < bytes.length; at += partLength) {
    yield
    const more = cutter.add(bytes.subarray(at, at + partLength))
    count += more.length
    // a body may have millions, and then none is read
    if (count <= bodyLimits.items) pieces.push(...more)
  }
  if (cutter.end().fault !== undefined) throw notUtf8()
  assertItems(count)
  const activities: Checked<PostedActivity>[] = []
  for (const [index, { bytes: item }] of pieces.entries()) {
    yield
    // without bytes it was too long to keep
    const parsing = !item || item.byteLength > bodyLimits.oneBytes ? tooLong : parseText(utf8(item), judge)
    activities.push(readParsed('ok' in parsing ? parsing : yield* parsing, { index }, read))
  }
  return { many: true, activities }
}

/** Parses one item, at once if it is short. Without a text, its bytes were not valid UTF-8. */
function parseText(text: string | undefined, judge: Judge): ParsedJson | Steps<ParsedJson> {
  if (text === undefined) return notText
  return judge.short(text) ?? parseInSteps(text, judge)
}

function* parseInSteps(text: string, judge: Judge): Steps<ParsedJson> {
  return yield* parseJudged(yield* judge.inSteps(text))
}

const tooLong: ParsedJson = { ok: false, detail: `is larger than ${bodyLimits.oneBytes} bytes` }
const notText: ParsedJson = { ok: false, detail: 'is not valid UTF-8' }

function readParsed(
  json: ParsedJson,
  { index, line }: { index: number; line?: number },
  read: ReadItem,
): Checked<PostedActivity> {
  if (json.ok) return prefixed(index, readUnlessLeftOut(read, json.value, json.lossy))
  const detail = line === undefined ? json.detail : `${json.detail.replace('line 1', `line ${line}`)} (line ${line})`
  return invalid({ pointer: `/${index}`, detail })
}

/** Parses the one value of a body that was judged. */
export function* jsonOrProblem(judged: Judged): Steps<Extract<ParsedJson, { ok: true }>> {
  const json = yield* parseJudged(judged)
  if (!json.ok) throw notJson(json.detail)
  return json
}

const notJson = (detail: string) =>
  new Problem('invalid-input', `The body ${detail}.`, { errors: [{ pointer: '', detail }] })

const prefixed = (index: number, checked: Checked<PostedActivity>): Checked<PostedActivity> =>
  checked.ok ? checked : invalid(...below(`/${index}`, checked.errors))

function assertItems(count: number) {
  if (count === 0) throw new Problem('invalid-input', 'The body contains no activity; send at least one.')
  if (count > bodyLimits.items) {
    const detail = `The body contains more than ${bodyLimits.items} activities; split it into several requests.`
    throw new Problem('too-large', detail)
  }
}
