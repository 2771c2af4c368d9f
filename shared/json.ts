import { type InputError, maxErrors, pointerTo } from './checked.ts'

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject
export type JsonObject = { readonly [key: string]: JsonValue }

export type ParsedJson = { ok: true; value: unknown; unfaithful: readonly InputError[] } | { ok: false; detail: string }

const stringLiteral = /"[^"\\]*(?:\\.[^"\\]*)*"/g
const token = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s{}[\],:"]+/g
/** Escapes that may stand for NUL or half a surrogate pair. */
const suspiciousEscape = /\\u(?:0000|[dD][89a-fA-F])/
/** Outside of strings: numbers that may be too long for a double, or too large, or −0. */
const suspiciousNumber = /[\d.]{16}|\d[eE]|-0/

/**
 * JSON text to a value, with a list of the places that would not come back as they were sent: numbers that a double
 * cannot hold, members named twice (only the last would stay), NUL (databases end text there) and lone surrogates
 * (UTF-8 has no bytes for them).
 */
export function parseJson(text: string): ParsedJson {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { ok: false, detail: whereItBreaks(text, error) }
  }
  const bare = text.replace(stringLiteral, '')
  const faithful = !suspiciousEscape.test(text) && !suspiciousNumber.test(bare) && colons(bare) === members(value, 0)
  return { ok: true, value, unfaithful: faithful ? [] : unfaithfulPlaces(text) }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The same text for equal values, whatever the order of their members. */
export function canonicalJson(value: JsonValue): string {
  return JSON.stringify(value, (_key, part: JsonValue) =>
    isJsonObject(part) ? Object.fromEntries(Object.entries(part).sort(byKey)) : part,
  )
}

const byKey = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1)

/** Node names the position in most cases; its own words quote the input and are not for an answer. */
function whereItBreaks(text: string, error: unknown): string {
  const position = Number(/position (\d+)/.exec(String(error))?.[1] ?? Number.NaN)
  if (text.trim() === '') return 'is empty'
  if (Number.isNaN(position)) return 'is not valid JSON'
  const lines = text.slice(0, position).split('\n')
  return `is not valid JSON at line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`
}

const maxDepthOfQuickLook = 64

/** NaN when the value is too deep for a recursion: then no number equals it, and the slow look, a loop, decides. */
function members(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0
  if (depth > maxDepthOfQuickLook) return Number.NaN
  if (Array.isArray(value)) return value.reduce((sum: number, item) => sum + members(item, depth + 1), 0)
  let count = 0
  for (const key of Object.keys(value)) count += 1 + members((value as JsonObject)[key], depth + 1)
  return count
}

function colons(bare: string): number {
  let count = 0
  for (let at = bare.indexOf(':'); at !== -1; at = bare.indexOf(':', at + 1)) count++
  return count
}

type Open = { pointer: string; names: Set<string> | undefined; index: number; name: string }

/** Beyond, places are no longer noted: more than 1,000 items with 21 places each are refused for their number. */
const maxPlaces = 25_000

/**
 * Walks the tokens of valid JSON text. Of one value, or of each item of an array, it notes the first places and one more,
 * so that an item is never taken for faithful.
 */
function unfaithfulPlaces(text: string): InputError[] {
  const found: InputError[] = []
  const open: Open[] = []
  let expectsName = false
  const here = () => {
    const parent = open.at(-1)
    return parent ? pointerTo(parent.pointer, parent.names ? parent.name : parent.index) : ''
  }
  const counts = new Map<number, number>()
  const note = (detail: string | undefined) => {
    const item = open[0] && !open[0].names ? open[0].index : 0
    const count = counts.get(item) ?? 0
    if (detail === undefined || count > maxErrors || found.length >= maxPlaces) return
    counts.set(item, count + 1)
    found.push({ pointer: here(), detail })
  }
  for (const [word] of text.matchAll(token)) {
    const parent = open.at(-1)
    if (word === '{' || word === '[') {
      open.push({ pointer: here(), names: word === '{' ? new Set() : undefined, index: 0, name: '' })
      expectsName = word === '{'
    } else if (word === '}' || word === ']') {
      open.pop()
      expectsName = false
    } else if (word === ',') {
      if (parent) parent.index++
      expectsName = parent?.names !== undefined
    } else if (word === ':') {
      expectsName = false
    } else if (expectsName && parent?.names) {
      parent.name = JSON.parse(word)
      if (parent.names.has(parent.name)) note('is named twice in the same object')
      parent.names.add(parent.name)
      note(textFault(parent.name, 'has a name with '))
    } else if (word.startsWith('"')) {
      note(textFault(JSON.parse(word), 'holds '))
    } else if (/^[-\d]/.test(word) && !survives(word)) {
      note(`holds the number ${shorten(word)}, which does not survive; send it as text`)
    }
  }
  return found
}

function textFault(text: string, verb: string): string | undefined {
  if (text.includes('\0')) return `${verb}the character U+0000, which cannot be kept`
  return text.isWellFormed() ? undefined : `${verb}half of a surrogate pair, which is no character`
}

const shorten = (word: string) => (word.length <= 40 ? word : `${word.slice(0, 37)}…`)

/** Whether JavaScript writes back the very value that the text names. */
function survives(text: string): boolean {
  return decimal(text) === decimal(String(JSON.parse(text)))
}

/** Longer ones are beyond every double; to turn a megabyte of digits into a number would take long. */
const maxExponentLength = 10

/** A decimal number as sign, digits without zeros around them, and exponent. −0 is told from 0: JSON.stringify drops its sign. */
function decimal(text: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text)
  if (!match) return text
  const [, sign, whole = '', fraction = '', exponent = '0'] = match
  if (exponent.length > maxExponentLength) return text
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const significant = digits.slice(0, endWithoutZeros(digits))
  const scale = BigInt(exponent) - BigInt(fraction.length) + BigInt(digits.length - significant.length)
  return significant === '' ? `${sign}0` : `${sign}${significant}e${scale}`
}

/** A loop: `/0+$/` looks at every run of zeros once for each of its zeros, which a long number makes minutes of. */
function endWithoutZeros(digits: string): number {
  let end = digits.length
  while (digits[end - 1] === '0') end--
  return end
}
