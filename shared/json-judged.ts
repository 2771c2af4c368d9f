import { type InputError, pointerTo } from './checked.ts'
import { countValues, type ParsedJson, parseJson, placeOf } from './json.ts'
import { findAllFaults, maxLevels } from './json-faults.ts'
import { outlineJson, type Part } from './json-outline.ts'
import { inOneStep, type Steps } from './steps.ts'

export type JsonLimits = {
  items: number
  /** The limits of each item of an array, or of the whole value. */
  characters: number
  values: number
  /** The limit of everything that one judge parses. */
  valuesInAll: number
}

/**
 * JSON text that was judged, but not parsed yet. Its items are those of an array, or the one value of any other text.
 * An item beyond the limits is not parsed: its value is undefined, which no JSON is, and `lossy` says why.
 */
export type Judged =
  | {
      ok: true
      isArray: boolean
      count: number
      item: (index: number) => Steps<ParsedJson>
      /** Set if the text was so short that it is parsed already. */
      parsed?: Extract<ParsedJson, { ok: true }>
    }
  | { ok: false; detail: string }

export type Judge = {
  /** Parses a short text without faults at once. Undefined for any other. */
  short: (text: string) => ParsedJson | undefined
  /** Judges any text, perhaps one that `short` has parsed. */
  inSteps: (text: string, parsed?: ParsedJson) => Steps<Judged>
}

/**
 * Returns a judge for one request: the values of all its texts are in memory together, so they have a limit as well. If
 * an array has too many items, none is parsed, and the count is one more than the limit.
 */
export function createJudge(limits: JsonLimits): Judge {
  const before = { values: 0 }
  // a text has fewer values than characters, so what a short one can exceed shows once it is parsed
  const shortLength = Math.min(limits.items, limits.characters, limits.values)
  const short = (text: string) => (text.length > shortLength ? undefined : parseShort(text, limits, before))
  return { short, inSteps: (text, parsed = short(text)) => judge(text, parsed, limits, before) }
}

/** `before` counts the values of the texts that the same judge has judged. */
type Before = { values: number }

function parseShort(text: string, limits: JsonLimits, before: Before): ParsedJson | undefined {
  const json = parseJson(text)
  if (!json.ok || json.lossy.length > 0) return undefined
  before.values += countValues(json.value)
  return before.values > limits.valuesInAll ? tooMany(limits) : json
}

function* judge(text: string, short: ParsedJson | undefined, limits: JsonLimits, before: Before): Steps<Judged> {
  if (short) return short.ok ? parsedAlready(short) : short
  const outline = yield* outlineJson(text, limits.items)
  if (typeof outline === 'object') {
    for (const part of outline.parts) if (part.values <= limits.values) before.values += part.values
  }
  if (before.values > limits.valuesInAll) return tooMany(limits)
  if (outline === 'too many items') return { ok: true, isArray: true, count: limits.items + 1, item: leftOut }
  // broken text is parsed only to learn where it breaks, and not at all if that could be costly
  if (outline === 'broken') return text.length > limits.characters ? notJson : withoutValue(parseJson(text))
  const { isArray, parts } = outline
  const item = (index: number) => parsePart(text, parts[index] as Part, isArray, limits)
  return { ok: true, isArray, count: parts.length, item }
}

const tooMany = ({ valuesInAll }: JsonLimits): NotJson => ({
  ok: false,
  detail: `brings the request to more than ${valuesInAll} values`,
})

function parsedAlready(parsed: Extract<ParsedJson, { ok: true }>): Judged {
  const { value } = parsed
  const isArray = Array.isArray(value)
  const item = (index: number) =>
    inOneStep<ParsedJson>(() => (isArray ? { ok: true, value: value[index], lossy: [] } : parsed))
  return { ok: true, isArray, count: isArray ? value.length : 1, item, parsed }
}

const leftOut = () => inOneStep<ParsedJson>(() => ({ ok: true, value: undefined, lossy: [] }))

function* parsePart(text: string, part: Part, isArray: boolean, limits: JsonLimits): Steps<ParsedJson> {
  const item = text.slice(part.start, part.end)
  const faults = yield* faultsOf(item, part, limits)
  if (faults.length > 0) return { ok: true, value: undefined, lossy: faults }
  const json = parseJson(item)
  if (json.ok || !isArray) return json
  return { ok: false, detail: placeIn(text, part.start, json.detail) }
}

/** Parses judged text like `parseJson`, as far as the limits allow. */
export function* parseJudged(judged: Judged): Steps<ParsedJson> {
  if (!judged.ok) return judged
  const { isArray, count, item, parsed } = judged
  if (parsed) return parsed
  if (!isArray) return yield* item(0)
  const values: unknown[] = []
  const lossy: InputError[] = []
  for (let index = 0; index < count; index++) {
    const json = yield* item(index)
    if (!json.ok) return json
    values.push(json.value)
    const pointer = pointerTo('', index)
    for (const fault of json.lossy) lossy.push({ ...fault, pointer: pointer + fault.pointer })
  }
  return { ok: true, value: values, lossy }
}

type NotJson = Extract<ParsedJson, { ok: false }>
const notJson: NotJson = { ok: false, detail: 'is not valid JSON' }
const withoutValue = (json: ParsedJson): NotJson => (json.ok ? notJson : json)

function* faultsOf(
  item: string,
  { levels, values }: Part,
  { characters, values: maxValues }: JsonLimits,
): Steps<InputError[]> {
  if (levels > maxLevels) return (yield* findAllFaults(item)).faults
  if (item.length > characters) return [{ pointer: '', detail: `is larger than ${characters} bytes` }]
  if (values > maxValues) {
    const detail = `has more than ${maxValues} values in all`
    return [{ pointer: item.includes('"metadata"') ? '/metadata' : '', detail }]
  }
  return []
}

/** Moves the place in a message from the item into the whole text. */
function placeIn(text: string, start: number, detail: string): string {
  const found = /line (\d+), column (\d+)/.exec(detail)
  if (!found) return detail === 'is empty' ? notJson.detail : detail
  const before = placeOf(text, start)
  const [line, column] = [Number(found[1]), Number(found[2])]
  const moved = line === 1 ? column + before.column - 1 : column
  return detail.replace(found[0], `line ${before.line - 1 + line}, column ${moved}`)
}
