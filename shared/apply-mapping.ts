import { type InputError, pointerTo } from './checked.ts'
import { isJsonObject, type JsonObject } from './json.ts'
import { isNumberText, type NumberText } from './json-number-text.ts'
import type { MappedMember, Mapping, Path, Source } from './mapping.ts'
import { formsOf, readSentTime } from './sent-time.ts'

/** An item in the form of an activity, which is not checked yet. */
export type Mapped = {
  input: unknown
  errors: InputError[]
  /** The places of numbers that were read as text, and so may have more digits than a double. */
  readAsText: ReadonlySet<string>
  /** The members that `errors` are about. */
  failed: ReadonlySet<string>
  /** Translates a pointer into the input to the place in the item. */
  placeOf: (pointer: string) => string
}

/** The member of an activity, and the parameter that names its path. */
const parameterOf = { userId: 'user', action: 'action', timestamp: 'time', id: 'id' } as const
const mappedMembers = Object.keys(parameterOf) as MappedMember[]

/**
 * Makes an activity from an item in another form. A top-level member that becomes a member of the activity is not in
 * the metadata as well; a value that is nested in another one, or joined with one, stays there.
 */
export function applyMapping(item: unknown, mapping: Mapping): Mapped {
  const nothing: ReadonlySet<string> = new Set()
  if (!isJsonObject(item)) {
    return { input: item, errors: [], readAsText: nothing, failed: nothing, placeOf: (pointer) => pointer }
  }
  const errors: InputError[] = []
  const readAsText = new Set<string>()
  const failed = new Set<string>()
  const placeOfMember = new Map<string, string>()
  const moved = new Set<string>(['metadata'])
  const activity: Record<string, unknown> = {}

  for (const member of mappedMembers) {
    const source = mapping.sources[member] ?? ownMember(member)
    const found = find(item, source)
    const isAsked = mapping.sources[member] !== undefined
    if (!found) {
      if (isAsked) fail(member, { pointer: '', detail: missing(member, source, mapping) })
      // a null at these paths is no further error
      for (const [path] of source) if (path?.names.length === 1) moved.add(path.names[0] as string)
      continue
    }
    const place = found.length === 1 ? pointerOf(found[0] as Found) : ''
    placeOfMember.set(member, place)
    const [name] = found.length === 1 ? (found[0] as Found).path.names : []
    if (name !== undefined && found[0]?.path.names.length === 1) moved.add(name)
    const value = isAsked || member === 'timestamp' ? sentValue(member, found, place) : found[0]?.value
    if (value !== undefined) activity[member] = value
  }

  const rest = Object.entries(item).filter(([name]) => !moved.has(name))
  const metadata = metadataOf(item['metadata'] ?? undefined, rest)
  const clash = mapping.keepsRest ? undefined : rest.find(([name]) => Object.hasOwn(activity, name))
  if (clash) errors.push({ pointer: pointerTo('', clash[0]), detail: 'is not mapped; members=metadata would keep it' })
  const others = mapping.keepsRest ? [] : rest
  const kept = new Set(rest.map(([name]) => name))
  return {
    input: { ...Object.fromEntries(others), ...activity, ...(metadata !== undefined && { metadata }) },
    errors,
    readAsText,
    failed,
    placeOf,
  }

  function sentValue(member: MappedMember, found: readonly Found[], place: string): unknown {
    const texts = found.map((each) => textOf(each.value, member === 'timestamp'))
    if (texts.some((text) => text === undefined)) {
      // checkActivity will say that the value must be text
      if (member !== 'timestamp' && found.length === 1 && !isNumber(found[0]?.value)) return found[0]?.value
      const detail = member === 'timestamp' ? formsOf(mapping.timeFormat) : 'must be text or a whole number'
      return fail(member, { pointer: place, detail })
    }
    for (const each of found) if (isNumberText(each.value)) readAsText.add(pointerOf(each))
    const text = texts.join('-')
    if (member !== 'timestamp') return text
    const time = readSentTime(text, isNumber(found[0]?.value), mapping.timeFormat, mapping.zone)
    if (time.ok) return time.text
    return fail(member, { pointer: place, detail: time.detail })
  }

  function fail(member: MappedMember, error: InputError): undefined {
    errors.push(error)
    failed.add(member)
  }

  function metadataOf(own: unknown, rest: [string, unknown][]): unknown {
    if (!mapping.keepsRest || rest.length === 0) return own
    if (own === undefined) return Object.fromEntries(rest)
    if (!isJsonObject(own)) return own
    for (const [name] of rest) {
      if (Object.hasOwn(own, name)) errors.push({ pointer: pointerTo('', name), detail: 'is in metadata as well' })
    }
    return { ...Object.fromEntries(rest), ...own }
  }

  function placeOf(pointer: string): string {
    const [, member = '', second = ''] = pointer.split('/')
    const known = placeOfMember.get(member)
    if (known !== undefined) return known
    const isFromRest = member === 'metadata' && mapping.keepsRest && kept.has(unescaped(second))
    return isFromRest ? pointer.slice('/metadata'.length) : pointer
  }
}

const unescaped = (step: string) => step.replaceAll('~1', '/').replaceAll('~0', '~')
const ownMember = (member: MappedMember): Source => [[{ text: member, names: [member] }]]

type Found = { path: Path; value: unknown }

const pointerOf = ({ path }: Found) => path.names.reduce(pointerTo, '')

function find(item: JsonObject, source: Source): Found[] | undefined {
  for (const paths of source) {
    const found = paths.map((path) => ({ path, value: valueAt(item, path.names) }))
    if (found.every(({ value }) => value !== undefined && value !== null)) return found
  }
  return undefined
}

/** Names lead through objects, and numbers through arrays. */
function valueAt(item: JsonObject, names: readonly string[]): unknown {
  let value: unknown = item
  for (const name of names) {
    if (typeof value !== 'object' || value === null || isNumberText(value) || !Object.hasOwn(value, name)) {
      return undefined
    }
    value = (value as JsonObject)[name]
  }
  return value
}

const isNumber = (value: unknown): value is number | NumberText => typeof value === 'number' || isNumberText(value)

/** Returns a text, or the digits of a number, which must be whole unless `takesFraction`. */
function textOf(value: unknown, takesFraction: boolean): string | undefined {
  if (typeof value === 'string') return value
  if (!isNumber(value)) return undefined
  const digits = String(isNumberText(value) ? value.text : value)
  return takesFraction || /^-?\d+$/.test(digits) ? digits : undefined
}

function missing(member: MappedMember, source: Source, { preset }: Mapping): string {
  const paths = source.map((each) => each.map(({ text }) => text).join(' and '))
  const named = paths.length === 1 ? `has no ${paths[0]}` : `has none of ${paths.join(', ')}`
  const from = preset === undefined ? parameterOf[member] : `format=${preset}`
  return `${named}, which ${from} names as the ${member}`
}
