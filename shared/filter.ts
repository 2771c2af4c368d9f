import { firstBytesOfSha256 } from './key.ts'
import type { MetadataMatch } from './metadata-match.ts'
import type { Snapshot } from './snapshot.ts'

/** An exact action, or a prefix. */
export type ActionPattern = { exact: string } | { prefix: string }

/** Selects activities. Times are nanoseconds since 1970; `from` is inclusive, `to` exclusive. */
export type Filter = {
  tenant: string
  /** One user, or any of several. */
  userId?: string | readonly string[]
  /** Matches any of these. */
  actions?: readonly ActionPattern[]
  /** Matches none of these. */
  excluded?: readonly ActionPattern[]
  from?: bigint
  to?: bigint
  /** Matches only activities that this snapshot contains. */
  snapshot?: Snapshot
  /** Matches all of these. */
  metadata?: readonly MetadataMatch[]
  /** In lower case. Matches if a user, an action, a name or a scalar in metadata contains it. */
  text?: string
}
export type Order = 'desc' | 'asc'

/** The users of a filter; undefined for everybody. */
export function usersOf({ userId }: Pick<Filter, 'userId'>): readonly string[] | undefined {
  return typeof userId === 'string' ? [userId] : userId
}

/** Whether no index covers a filter, so that activities are examined one by one for it. */
export const isSearch = ({ metadata, text }: Pick<Filter, 'metadata' | 'text'>) =>
  metadata !== undefined || text !== undefined

export type ParsedActions = { actions: ActionPattern[]; excluded: ActionPattern[] }

/**
 * Reads a list such as "login", "login,logout", "cart.*" or "!cart.view": names or prefixes of names, excluded after an
 * exclamation mark. A backslash makes a comma, an asterisk, a backslash or a leading exclamation mark an ordinary
 * character. Returns the error as a string.
 */
export function parseActions(text: string): ParsedActions | string {
  const parsed: ParsedActions = { actions: [], excluded: [] }
  let literal = ''
  let isPrefix = false
  let isExcluded = false
  for (let at = 0; at <= text.length; at++) {
    const character = text[at]
    if (character === undefined || character === ',') {
      if (literal.trim() === '' && !isPrefix) return 'must not be empty or hold an empty name'
      const pattern = isPrefix ? { prefix: literal.trimStart() } : { exact: literal.trim() }
      parsed[isExcluded ? 'excluded' : 'actions'].push(pattern)
      literal = ''
      isPrefix = false
      isExcluded = false
    } else if (isPrefix) {
      return 'may have an asterisk only at the end of a name; write \\* for a literal asterisk'
    } else if (character === '*') {
      isPrefix = true
    } else if (character === '!' && literal.trim() === '') {
      if (isExcluded) return 'has two exclamation marks; write !\\! to exclude a name that begins with one'
      isExcluded = true
    } else if (character === '\\' && at + 1 < text.length) {
      literal += text[++at]
    } else {
      literal += character
    }
  }
  return parsed
}

/** Whether a pattern means an action. */
export const isMeant = (pattern: ActionPattern, action: string): boolean =>
  'exact' in pattern ? pattern.exact === action : action.startsWith(pattern.prefix)

/** The names and the prefixes in patterns, without those that a shorter prefix covers. */
export function partsOf(patterns: readonly ActionPattern[]): { names: string[]; prefixes: string[] } {
  const all = [...new Set(patterns.flatMap((pattern) => ('prefix' in pattern ? pattern.prefix : [])))]
  const prefixes = all.filter((prefix) => !all.some((other) => other !== prefix && prefix.startsWith(other)))
  const names = new Set(patterns.flatMap((pattern) => ('exact' in pattern ? pattern.exact : [])))
  return { names: [...names].filter((name) => !prefixes.some((prefix) => name.startsWith(prefix))), prefixes }
}

/**
 * The first text, in the order of code points, that comes after all texts with a prefix; undefined if none does. Text
 * holds no surrogates, so they are skipped.
 */
export function afterPrefix(prefix: string): string | undefined {
  const points = [...prefix].map((character) => character.codePointAt(0) as number)
  while (points.at(-1) === 0x10ffff) points.pop()
  const last = points.pop()
  if (last === undefined) return undefined
  return String.fromCodePoint(...points, last === 0xd7ff ? 0xe000 : last + 1)
}

/**
 * Identifies a filter, an order and whatever else decides about an answer, so that a cursor works with no others. It
 * does not depend on the snapshot.
 */
export function filterDigest(filter: Filter, order: Order, ...further: readonly string[]): Buffer {
  const { tenant, userId = null, actions = null, from = null, to = null, metadata = [], excluded, text } = filter
  const others = [...metadata, ...(excluded ? [{ excluded }] : []), ...(text === undefined ? [] : [{ text }])]
  const asked = JSON.stringify([tenant, userId, actions, `${from}`, `${to}`, order, ...others, ...further])
  return firstBytesOfSha256(asked).subarray(0, 8)
}
