import { activityLimits } from './activity.ts'
import { isJsonObject, type JsonObject, type JsonValue } from './json.ts'
import { numberSurvives } from './json-number.ts'

/** Requires the scalar at this path in metadata to be written as `value`. */
export type MetadataMatch = { path: readonly string[]; value: string }

/**
 * Reads "a.b" as the names a and b; a backslash makes a dot or a backslash an ordinary character. Returns the error as
 * a string.
 */
export function parseMetadataPath(text: string): string[] | string {
  const names: string[] = []
  let name = ''
  for (let at = 0; at <= text.length; at++) {
    const character = text[at]
    if (character === undefined || character === '.') {
      if (name === '') return 'has an empty name in its path; write \\. for a literal dot'
      names.push(name)
      name = ''
    } else if (character === '\\' && at + 1 < text.length) {
      name += text[++at]
    } else {
      name += character
    }
  }
  const { metadataLevels } = activityLimits
  if (names.length > metadataLevels) return `has a path of ${names.length} names; metadata has ${metadataLevels} levels`
  return names
}

/**
 * Returns a function that decides whether metadata meets all conditions. Names lead through objects alone, so arrays
 * are not searched. Text must be equal, numbers must have equal values; true, false and null are matched by those
 * words.
 */
export function metadataMatcher(matches: readonly MetadataMatch[]): (metadata: JsonObject | null) => boolean {
  const wanted = matches.map(({ path, value }) => ({ path, scalars: scalarsWritten(value) }))
  return (metadata) => wanted.every(({ path, scalars }) => scalars.includes(valueAt(metadata, path)))
}

/** The text itself and, if it is the JSON of true, false, null or a number that metadata can hold, that value too. */
export function scalarsWritten(text: string): readonly unknown[] {
  if (text === 'true' || text === 'false' || text === 'null') return [text, JSON.parse(text)]
  const isNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text) && numberSurvives(text, 0, text.length)
  return isNumber ? [text, Number(text)] : [text]
}

function valueAt(metadata: JsonObject | null, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = metadata
  for (const name of path) {
    if (!isJsonObject(value) || !Object.hasOwn(value, name)) return undefined
    value = value[name]
  }
  return value
}
