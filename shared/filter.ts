import { hash } from 'node:crypto'
import type { MetadataMatch } from './metadata-match.ts'
import type { Snapshot } from './snapshot.ts'

/** An exact action, or a prefix. */
export type ActionPattern = { exact: string } | { prefix: string }

/** Selects activities. Times are nanoseconds since 1970; `from` is inclusive, `to` exclusive. */
export type Filter = {
  tenant: string
  userId?: string
  /** Matches any of these. */
  actions?: readonly ActionPattern[]
  from?: bigint
  to?: bigint
  /** Matches only activities that this snapshot contains. */
  snapshot?: Snapshot
  /** Matches all of these. */
  metadata?: readonly MetadataMatch[]
}
export type Order = 'desc' | 'asc'

/**
 * Reads a list such as "login", "login,logout" or "cart.*": names or prefixes of names. A backslash makes a comma, an
 * asterisk or a backslash an ordinary character. Returns the error as a string.
 */
export function parseActions(text: string): ActionPattern[] | string {
  const patterns: ActionPattern[] = []
  let literal = ''
  let isPrefix = false
  for (let at = 0; at <= text.length; at++) {
    const character = text[at]
    if (character === undefined || character === ',') {
      if (literal.trim() === '' && !isPrefix) return 'must not be empty or hold an empty name'
      patterns.push(isPrefix ? { prefix: literal.trimStart() } : { exact: literal.trim() })
      literal = ''
      isPrefix = false
    } else if (isPrefix) {
      return 'may have an asterisk only at the end of a name; write \\* for a literal asterisk'
    } else if (character === '*') {
      isPrefix = true
    } else if (character === '\\' && at + 1 < text.length) {
      literal += text[++at]
    } else {
      literal += character
    }
  }
  return patterns
}

/** Identifies a filter and an order, so that a cursor works with no others. It does not depend on the snapshot. */
export function filterDigest(filter: Filter, order: Order): Buffer {
  const { tenant, userId = null, actions = null, from = null, to = null, metadata = [] } = filter
  const asked = JSON.stringify([tenant, userId, actions, `${from}`, `${to}`, order, ...metadata])
  return hash('sha256', asked, 'buffer').subarray(0, 8)
}
