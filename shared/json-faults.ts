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
  const { walk, found } = createWalk(text, comparesNames)
  walk(text.length)
  return found()
}

/** Finds the faults of a text of any length. */
export function* findAllFaults(text: string): Steps<Faults> {
  const { walk, found } = createWalk(text, false)
  while (walk(partLength)) yield
  return found()
}

/**
 * Walks the characters of valid JSON text, and lists the first faults of a single value, or of each item of an array.
 * It lists one more than an answer names, and at least one of each faulty item. `members` counts the members on the
 * first levels.
 *
 * Hostile text must not keep its reader busy for much longer than JSON.parse does. So pointers are made only for
 * faults, and names are compared only if `comparesNames` is set.
 */
function createWalk(text: string, comparesNames: boolean) {
  const faults: InputError[] = []
  let position = 0
  const open: Open[] = []
  let depth = 0
  let allMembers = 0
  let ofItem = 0
  let isDone = false
  let isNameNext = false

  const note = (detail: string | undefined, levels = depth, isWhole = false) => {
    if (detail === undefined || isDone) return
    let pointer = ''
    for (const { isObject, index, nameStart, nameEnd } of open.slice(0, levels)) {
      const around = pointer
      pointer = pointerTo(around, isObject ? JSON.parse(text.slice(nameStart, nameEnd)) : index)
      if (pointer === around) break
    }
    faults.push({ pointer, detail })
    ofItem++
    isDone = isWhole || ofItem > maxErrors || faults.length >= manyPlaces
  }

  /** Reuses the objects that describe open levels: a text may open millions of them. */
  const opens = (level: number, isObject: boolean) => {
    const known = open[level]
    if (!known) open[level] = { isObject, index: 0, nameStart: 0, nameEnd: 0, names: [] }
    else {
      known.isObject = isObject
      known.index = 0
      if (comparesNames) known.names = []
    }
  }

  /** Goes on for so many characters, or to the end of a text there. Returns whether more follows. */
  function walk(length: number): boolean {
    const end = Math.min(text.length, position + length)
    let at = position
    // variables of the function itself are faster
    let expectsName = isNameNext
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
        if (isDone) continue
        const parent = open[depth - 1]
        if (!expectsName || !parent) {
          if (hasCode) note(textFault(JSON.parse(text.slice(start, at + 1)), 'holds '))
          continue
        }
        parent.nameStart = start
        parent.nameEnd = at + 1
        if (!comparesNames && !hasCode) continue
        const name = hasEscape ? JSON.parse(text.slice(start, at + 1)) : text.slice(start + 1, at)
        if (comparesNames && isKnown(parent, name)) note(namedTwice)
        if (hasCode) note(textFault(name, 'has a name with '))
      } else if (code === minus || (code >= zero && code <= nine)) {
        const start = at
        while (isInNumber(text.charCodeAt(at + 1))) at++
        if (isDone || numberSurvives(text, start, at + 1)) continue
        const number = shorten(text.slice(start, at + 1))
        note(`holds the number ${number}, which cannot be represented exactly; send it as a string`)
      } else if (code === comma) {
        const parent = open[depth - 1]
        if (!parent || depth > maxLevels) continue
        parent.index++
        expectsName = parent.isObject
        if (expectsName && parent.index === maxMembers) note(`has more than ${maxMembers} members`, depth - 1, true)
        if (depth === 1 && !parent.isObject) {
          ofItem = 0
          isDone = false
        }
      } else if (code === colon) {
        if (depth <= maxLevels) members++
        expectsName = false
      } else if (code === bracket || code === brace) {
        expectsName = code === brace
        if (depth < maxLevels) opens(depth, expectsName)
        else note(`is nested deeper than ${maxLevels} levels`, depth, true)
        depth++
      } else if (code === endOfBracket || code === endOfBrace) {
        depth--
        expectsName = false
      }
    }
    position = at
    isNameNext = expectsName
    allMembers += members
    return at < text.length && faults.length < maxPlaces
  }

  return { walk, found: (): Faults => ({ faults, members: allMembers }) }
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
