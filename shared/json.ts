import type { InputError } from './checked.ts'
import { findFaults, maxLevels, namedTwice } from './json-faults.ts'

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject
export type JsonObject = { readonly [key: string]: JsonValue }

export type ParsedJson = { ok: true; value: unknown; lossy: readonly InputError[] } | { ok: false; detail: string }

/**
 * Parses JSON text, and lists the places that would not come back as they were sent: numbers that a double cannot hold,
 * repeated names (only the last member would stay), NUL (databases end text there) and lone surrogates (UTF-8 has no
 * bytes for them).
 */
export function parseJson(text: string): ParsedJson {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { ok: false, detail: whereItBreaks(text, error) }
  }
  const { faults, members } = findFaults(text, false)
  const isWhole = members === countMembers(value, 0)
  return { ok: true, value, lossy: isWhole ? faults : findFaults(text, true).faults }
}

/**
 * Where a name is twice in one object of a text that was parsed: a JSON Pointer, or an empty text if it is somewhere.
 * Undefined if nothing of the text is passed over.
 */
export function repeatedNameIn(text: string, value: unknown): string | undefined {
  const members = countMembers(value, 0)
  // text may hold what looks like a member; a walk would take three times as long
  if (text.match(/"\s*:/g)?.length === members || findFaults(text, false).members === members) return undefined
  return findFaults(text, true).faults.find(({ detail }) => detail === namedTwice)?.pointer ?? ''
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Gives equal values the same text, regardless of the order of their members. */
export function canonicalJson(value: JsonValue): string {
  return JSON.stringify(sorted(value))
}

function sorted(value: JsonValue): JsonValue {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(sorted)
  const object = value as JsonObject
  const names = sortedNames(Object.keys(object))
  // assigning this name would set the prototype instead
  if (names.includes('__proto__')) return Object.fromEntries(names.map((name) => [name, sorted(object[name] ?? null)]))
  const copy: { [name: string]: JsonValue } = {}
  for (const name of names) copy[name] = sorted(object[name] as JsonValue)
  return copy
}

/** Sorts names, unless they are in order already: those that the log makes itself are. */
function sortedNames(names: string[]): string[] {
  const isSorted = names.every((name, at) => at === 0 || (names[at - 1] as string) <= name)
  return isSorted ? names : names.sort()
}

/**
 * Reads the position from the message of Node, which usually has it. The message itself quotes the input, so it is not
 * shown.
 */
function whereItBreaks(text: string, error: unknown): string {
  const position = Number(/position (\d+)/.exec(String(error))?.[1] ?? Number.NaN)
  if (text.trim() === '') return 'is empty'
  if (Number.isNaN(position)) return 'is not valid JSON'
  const { line, column } = placeOf(text, position)
  return `is not valid JSON at line ${line}, column ${column}`
}

/** The line and the column of a place in a text, from 1 on. A text may have millions of lines. */
export function placeOf(text: string, place: number): { line: number; column: number } {
  let line = 1
  let start = 0
  for (let at = 0; at < place; at++) {
    if (text.charCodeAt(at) !== 0x0a) continue
    line++
    start = at + 1
  }
  return { line, column: place - start + 1 }
}

/** Counts the values of a parsed text, itself included, unless it is an array. */
export function countValues(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((count, item) => count + countWithin(item), 0)
  return countWithin(value)
}

function countWithin(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1
  let count = 1
  if (Array.isArray(value)) for (const item of value) count += countWithin(item)
  else for (const key in value) count += countWithin((value as JsonObject)[key])
  return count
}

/** Counts members on the first levels: deeper values are rejected, and may nest too deeply for a recursion. */
function countMembers(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0
  if (depth === maxLevels) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value) count += countMembers(item, depth + 1)
    return count
  }
  for (const key in value) count += 1 + countMembers((value as JsonObject)[key], depth + 1)
  return count
}
