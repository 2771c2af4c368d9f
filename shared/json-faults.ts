import { type InputError, maxErrors, pointerTo } from './checked.ts'
import { numberSurvives } from './json-number.ts'
import { partLength, type Steps } from './steps.ts'

/** Both limits are far above those of an activity; anything deeper or larger is rejected without a look inside. */
export const maxLevels = 64
const maxMembers = 2_000
/** From this many faults on, one place per item is enough, because naming a place takes time. */
const manyPlaces = 5_000
/** From this many faults on, the text is an array of more than 1,000 items, which is rejected for their number. */
const maxPlaces = manyPlaces + 1_000
/** Up to this many names, comparing each with each is faster than a set. */
const manyNames = 8

const quote = 0x22
const comma = 0x2c
const minus = 0x2d
const zero = 0x30
const nine = 0x39
const colon = 0x3a
const bracket = 0x5b
const backslash = 0x5c
const endOfBracket = 0x5d
const u = 0x75
const brace = 0x7b
const endOfBrace = 0x7d

/** Where names are not compared. */
const noNames: string[] = []

type Open = {
  isObject: boolean
  index: number
  /** The place of the last name in the text. */
  nameStart: number
  nameEnd: number
  names: string[] | Set<string>
}

/** What is wrong with a member whose object has the name already. */
export const namedTwice = 'is named twice in the same object'

export type Faults = { faults: InputError[]; members: number }

/** Finds the faults of a short text. */
export function findFaults(text: string, comparesNames: boolean): Faults {
  const walk = newWalk(text, comparesNames, comparesNames ? [] : sharedOpen)
  goOn(walk, text.length)
  return walk
}
/** Shared by all walks that do not pause, except those that compare names, since the names would stay in memory. */
const sharedOpen: Open[] = []

/** Finds the faults of a text of any length. */
export function* findAllFaults(text: string): Steps<Faults> {
  const walk = newWalk(text, false, [])
  while (goOn(walk, partLength)) yield
  return walk
}

/** How far the characters of a text have been looked at, and what was found. */
type Walk = Faults & {
  readonly text: string
  readonly comparesNames: boolean
  position: number
  depth: number
  open: Open[]
  isNameNext: boolean
  /** The faults of the current item. */
  ofItem: number
  isDone: boolean
}

const newWalk = (text: string, comparesNames: boolean, open: Open[]): Walk => ({
  faults: [],
  members: 0,
  text,
  comparesNames,
  position: 0,
  depth: 0,
  open,
  isNameNext: false,
  ofItem: 0,
  isDone: false,
})

/**
 * Goes on for so many characters, or to the end of a text there. Returns whether more follows.
 *
 * It walks the characters of valid JSON text, and lists the first faults of a single value, or of each item of an
 * array. It lists one more than an answer names, and at least one of each faulty item. `members` counts the members on
 * the first levels.
 *
 * Hostile text must not keep its reader busy for much longer than JSON.parse does. So pointers are made only for
 * faults, and names are compared only if `comparesNames` is set.
 */
function goOn(walk: Walk, length: number): boolean {
  const { text, comparesNames, open, faults } = walk
  const end = Math.min(text.length, walk.position + length)
  let at = walk.position
  // variables of the function itself are faster
  let expectsName = walk.isNameNext
  let members = 0
  for (; at < end && faults.length < maxPlaces; at++) {
    const code = text.charCodeAt(at)
    if (code === quote) {
      const start = at
      let hasEscape = false
      let hasCode = false
      for (let next = text.charCodeAt(++at); next !== quote; next = text.charCodeAt(++at)) {
        if (next !== backslash) continue
        hasEscape = true
        if (text.charCodeAt(++at) === u) hasCode = true
      }
      if (walk.isDone) continue
      const parent = open[walk.depth - 1]
      if (!expectsName || !parent) {
        if (hasCode) note(walk, textFault(JSON.parse(text.slice(start, at + 1)), 'holds '))
        continue
      }
      parent.nameStart = start
      parent.nameEnd = at + 1
      if (!comparesNames && !hasCode) continue
      const name = hasEscape ? JSON.parse(text.slice(start, at + 1)) : text.slice(start + 1, at)
      if (comparesNames && isKnown(parent, name)) note(walk, namedTwice)
      if (hasCode) note(walk, textFault(name, 'has a name with '))
    } else if (code === minus || (code >= zero && code <= nine)) {
      const start = at
      while (isInNumber(text.charCodeAt(at + 1))) at++
      if (walk.isDone || numberSurvives(text, start, at + 1)) continue
      const number = shorten(text.slice(start, at + 1))
      note(walk, `holds the number ${number}, which cannot be represented exactly; send it as a string`)
    } else if (code === comma) {
      const parent = open[walk.depth - 1]
      if (!parent || walk.depth > maxLevels) continue
      parent.index++
      expectsName = parent.isObject
      if (expectsName && parent.index === maxMembers) {
        note(walk, `has more than ${maxMembers} members`, walk.depth - 1, true)
      }
      if (walk.depth === 1 && !parent.isObject) {
        walk.ofItem = 0
        walk.isDone = false
      }
    } else if (code === colon) {
      if (walk.depth <= maxLevels) members++
      expectsName = false
    } else if (code === bracket || code === brace) {
      expectsName = code === brace
      if (walk.depth < maxLevels) opens(walk, expectsName)
      else note(walk, `is nested deeper than ${maxLevels} levels`, walk.depth, true)
      walk.depth++
    } else if (code === endOfBracket || code === endOfBrace) {
      walk.depth--
      expectsName = false
    }
  }
  walk.position = at
  walk.isNameNext = expectsName
  walk.members += members
  return at < text.length && faults.length < maxPlaces
}

/** Notes a fault at the current place, or at one of the levels around it. */
function note(walk: Walk, detail: string | undefined, levels = walk.depth, isWhole = false) {
  const { text, open, faults } = walk
  if (detail === undefined || walk.isDone) return
  let pointer = ''
  for (const { isObject, index, nameStart, nameEnd } of open.slice(0, levels)) {
    const around = pointer
    pointer = pointerTo(around, isObject ? JSON.parse(text.slice(nameStart, nameEnd)) : index)
    if (pointer === around) break
  }
  faults.push({ pointer, detail })
  walk.ofItem++
  walk.isDone = isWhole || walk.ofItem > maxErrors || faults.length >= manyPlaces
}

/** Reuses the objects that describe open levels: a text may open millions of them. */
function opens({ open, depth, comparesNames }: Walk, isObject: boolean) {
  const known = open[depth]
  if (!known) open[depth] = { isObject, index: 0, nameStart: 0, nameEnd: 0, names: noNames }
  else {
    known.isObject = isObject
    known.index = 0
  }
  if (comparesNames) (open[depth] as Open).names = []
}

const isInNumber = (code: number) =>
  (code >= zero && code <= nine) || code === 0x2e || code === 0x65 || code === 0x45 || code === 0x2b || code === minus

/** Returns whether the object has the name already, and adds it. */
function isKnown(object: Open, name: string): boolean {
  const { names } = object
  if (names instanceof Set) {
    const before = names.size
    return names.add(name).size === before
  }
  if (names.includes(name)) return true
  names.push(name)
  if (names.length > manyNames) object.names = new Set(names)
  return false
}

function textFault(text: string, verb: string): string | undefined {
  if (text.includes('\0')) return `${verb}the character U+0000, which cannot be stored`
  return text.isWellFormed() ? undefined : `${verb}half of a surrogate pair, which is not a character`
}

const shorten = (number: string) => (number.length <= 40 ? number : `${number.slice(0, 37)}…`)

/** The number that a fault is about, unless it is too long for the message. */
export const numberIn = ({ detail }: InputError): string | undefined =>
  /^holds the number ([^…]+), which/.exec(detail)?.[1]
