import { type InputError, pointerTo } from './checked.ts'
import { type ParsedJson, parseJson } from './json.ts'
import { findFaults, maxLevels } from './json-faults.ts'
import { type Outline, outlineJson, type Part } from './json-outline.ts'

export type JsonLimits = {
  items: number
  /** The limits of each item of an array, or of the whole value. */
  characters: number
  values: number
  /** The limit of everything that one judge parses. */
  valuesInAll: number
}

/**
 * Returns a parser for one request: the values of all texts that it parses are in memory together, so they have a limit
 * as well.
 */
export function createJudge(limits: JsonLimits): (text: string) => ParsedJson {
  // a text has fewer values than characters
  const shortText = Math.min(limits.items, limits.characters, limits.values)
  let values = 0
  let isFirst = true
  return (text) => {
    // most requests are one short text, and the only limit that it can exceed is the one on levels
    const isShort = isFirst && text.length <= shortText
    isFirst = false
    const json = isShort ? parseJson(text) : undefined
    if (json?.ok && json.lossy.length === 0) return json
    const outline = outlineJson(text, limits.items)
    if (typeof outline === 'object') {
      for (const part of outline.parts) if (part.values <= limits.values) values += part.values
    }
    if (values > limits.valuesInAll)
      return { ok: false, detail: `brings the request to more than ${limits.valuesInAll} values` }
    return parseOutlined(text, outline, limits)
  }
}

/**
 * Parses JSON text like `parseJson`, but judges it first and parses an array item by item. An item beyond the limits is
 * not parsed: its value is undefined, which no JSON is, and `lossy` says why. If an array has too many items, none is
 * parsed, and the value is an array that is too long.
 */
function parseOutlined(text: string, outline: Outline, limits: JsonLimits): ParsedJson {
  if (outline === 'too many items') return { ok: true, value: Array(limits.items + 1), lossy: [] }
  // broken text is parsed only to learn where it breaks, and not at all if that could be costly
  if (outline === 'broken') return text.length > limits.characters ? notJson : withoutValue(parseJson(text))
  const { isArray, parts } = outline
  const values: unknown[] = []
  const lossy: InputError[] = []
  for (const [index, part] of parts.entries()) {
    const item = text.slice(part.start, part.end)
    const pointer = isArray ? pointerTo('', index) : ''
    const faults = faultsOf(item, part, limits)
    if (faults.length > 0) {
      values.push(undefined)
      lossy.push(...faults.map((fault) => ({ ...fault, pointer: pointer + fault.pointer })))
      continue
    }
    const json = parseJson(item)
    if (!json.ok) return { ok: false, detail: isArray ? placeIn(text, part.start, json.detail) : json.detail }
    values.push(json.value)
    for (const fault of json.lossy) lossy.push({ ...fault, pointer: pointer + fault.pointer })
  }
  return { ok: true, value: isArray ? values : values[0], lossy }
}

const notJson = { ok: false, detail: 'is not valid JSON' } as const
const withoutValue = (json: ParsedJson): ParsedJson => (json.ok ? notJson : json)

function faultsOf(item: string, { levels, values }: Part, { characters, values: maxValues }: JsonLimits): InputError[] {
  if (levels > maxLevels) return findFaults(item, false).faults
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
  const before = text.slice(0, start).split('\n')
  const [line, column] = [Number(found[1]), Number(found[2])]
  const moved = line === 1 ? column + (before.at(-1)?.length ?? 0) : column
  return detail.replace(found[0], `line ${before.length - 1 + line}, column ${moved}`)
}
