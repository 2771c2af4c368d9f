import { partLength, type Steps } from './steps.ts'

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

/** Where a scan is in its text, and what it has found. `start` is where the current part begins. */
type Scan = {
  isArray: boolean
  at: number
  start: number
  depth: number
  deepest: number
  values: number
  isClosed: boolean
  isInString: boolean
  parts: Part[]
}

/**
 * Describes JSON text before it is parsed, since a small text may become a great many objects: where the items of an
 * array are, and how deep and how numerous the values in each. The text is 'broken' if its strings or its brackets do
 * not end. Whatever else is wrong with a part shows when it is parsed.
 */
export function* outlineJson(text: string, maxItems: number): Steps<Outline> {
  const first = skipBlank(text, 0)
  const isArray = text.charCodeAt(first) === bracket
  const base = isArray ? 1 : 0
  const at = first + base
  const scan: Scan = {
    isArray,
    at,
    start: isArray ? at : 0,
    depth: base,
    deepest: base,
    values: 0,
    isClosed: false,
    isInString: false,
    parts: [],
  }
  for (;;) {
    const wrong = scanPart(text, scan, maxItems)
    if (wrong) return wrong
    if (scan.at >= text.length) break
    yield
  }
  if (scan.isInString || (isArray ? !scan.isClosed : scan.depth > 0)) return 'broken'
  if (!isArray) finishPart(scan, text.length, base)
  return { isArray, parts: scan.parts }
}

/** A plain function is much faster for this than the generator around it. */
function scanPart(text: string, scan: Scan, maxItems: number): Exclude<Outline, object> | undefined {
  const { isArray, parts } = scan
  const base = isArray ? 1 : 0
  const end = Math.min(text.length, scan.at + partLength)
  let at = scan.at
  for (; at < end; at++) {
    const code = text.charCodeAt(at)
    if (scan.isInString) {
      at = endOfString(text, at, end)
      if (at >= end) break
      scan.isInString = false
      continue
    }
    if (isBlank(code)) continue
    if (scan.isClosed) return 'broken'
    if (code === quote) {
      scan.isInString = true
      scan.values++
    } else if (code === bracket || code === brace) {
      scan.depth++
      scan.values++
      if (scan.depth > scan.deepest) scan.deepest = scan.depth
    } else if (code === endOfBracket || code === endOfBrace) {
      scan.depth--
      if (scan.depth < 0) return 'broken'
      if (!isArray || scan.depth > 0) continue
      if (code !== endOfBracket) return 'broken'
      // empty brackets have no item, but an empty place after a comma is an item, and a broken one
      if (parts.length > 0 || skipBlank(text, scan.start) < at) finishPart(scan, at, base)
      scan.isClosed = true
    } else if (code === comma) {
      if (!isArray || scan.depth > 1) continue
      finishPart(scan, at, base)
      if (parts.length >= maxItems) return 'too many items'
    } else if (code === colon) {
      // the text before the colon was a name
      scan.values--
    } else {
      scan.values++
      while (isInScalar(text.charCodeAt(at + 1))) at++
    }
  }
  scan.at = at
  return undefined
}

function finishPart(scan: Scan, end: number, base: number) {
  scan.parts.push({ start: scan.start, end, levels: scan.deepest - base, values: scan.values })
  scan.start = end + 1
  scan.deepest = scan.depth
  scan.values = 0
}

/** The place of the quote that ends a string, or a place at or behind the end of the part, where the string goes on. */
function endOfString(text: string, start: number, end: number): number {
  let at = start
  for (; at < end; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) return at
    if (code === backslash) at++
  }
  return at
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
