/** A part of the text: one item of an array, or the whole value. `values` counts the values in it, itself included. */
export type Part = { start: number; end: number; levels: number; values: number }
export type Outline = { isArray: boolean; parts: readonly Part[] } | 'broken' | 'too many items'

const quote = 0x22
const comma = 0x2c
const colon = 0x3a
const bracket = 0x5b
const backslash = 0x5c
const endOfBracket = 0x5d
const brace = 0x7b
const endOfBrace = 0x7d

/**
 * Describes JSON text before it is parsed, since a small text may become a great many objects: where the items of an
 * array are, and how deep and how numerous the values in each. The text is 'broken' if its strings or its brackets do
 * not end. Whatever else is wrong with a part shows when it is parsed.
 */
export function outlineJson(text: string, maxItems: number): Outline {
  const first = skipBlank(text, 0)
  const isArray = text.charCodeAt(first) === bracket
  const base = isArray ? 1 : 0
  const parts: Part[] = []
  let depth = base
  let deepest = base
  let values = 0
  let start = isArray ? first + 1 : 0
  let isClosed = false

  const finish = (end: number) => {
    parts.push({ start, end, levels: deepest - base, values })
    start = end + 1
    deepest = depth
    values = 0
  }

  for (let at = isArray ? first + 1 : first; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (isBlank(code)) continue
    if (isClosed) return 'broken'
    if (code === quote) {
      at = endOfString(text, at)
      if (at === -1) return 'broken'
      values++
    } else if (code === bracket || code === brace) {
      depth++
      values++
      if (depth > deepest) deepest = depth
    } else if (code === endOfBracket || code === endOfBrace) {
      depth--
      if (depth < 0) return 'broken'
      if (!isArray || depth > 0) continue
      if (code !== endOfBracket) return 'broken'
      // empty brackets have no item, but an empty place after a comma is an item, and a broken one
      if (parts.length > 0 || skipBlank(text, start) < at) finish(at)
      isClosed = true
    } else if (code === comma) {
      if (!isArray || depth > 1) continue
      finish(at)
      if (parts.length >= maxItems) return 'too many items'
    } else if (code === colon) {
      // the text before the colon was a name
      values--
    } else {
      values++
      while (isInScalar(text.charCodeAt(at + 1))) at++
    }
  }
  if (isArray ? !isClosed : depth > 0) return 'broken'
  if (!isArray) finish(text.length)
  return { isArray, parts }
}

/** The place of the quote that ends a string, or -1. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) return at
    if (code === backslash) at++
  }
  return -1
}

function skipBlank(text: string, start: number): number {
  let at = start
  while (isBlank(text.charCodeAt(at))) at++
  return at
}

const isBlank = (code: number) => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09

/** Digits, letters, signs and points: the rest of a number, or of true, false and null. */
const isInScalar = (code: number) =>
  (code >= 0x30 && code <= 0x39) ||
  (code >= 0x61 && code <= 0x7a) ||
  code === 0x2b ||
  code === 0x2d ||
  code === 0x2e ||
  code === 0x45
