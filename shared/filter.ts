import { hash } from 'node:crypto'
import type { MetadataMatch } from './metadata-match.ts'
import type { Snapshot } from './snapshot.ts'

/** An exact action, or the beginning of one. */
export type ActionPattern = { exact: string } | { prefix: string }

/** Which activities are asked for. Times are milliseconds since 1970; `from` is inclusive, `to` exclusive. */
export type Filter = {
  tenant: string
  userId?: string
  /** Any of these. */
  actions?: readonly ActionPattern[]
  from?: number
  to?: number
  /** Only what the log had then. */
  snapshot?: Snapshot
  /** All of these. */
  metadata?: readonly MetadataMatch[]
}
export type Order = 'desc' | 'asc'

/**
 * "login", "login,logout" or "cart.*": names, or beginnings of names. A backslash makes a comma, an asterisk or a
 * backslash an ordinary character. Returns what is wrong as a string.
 */
export function parseActions(text: string): ActionPattern[] | string {
  const patterns: ActionPattern[] = []
  let literal = ''
  let isPrefix = false
  for (let at = 0; at <= text.length; at++) {
    const character = text[at]
    if (character === undefined || character === ',') {
      if (literal.trim() === '' && !isPrefix) return 'must not be empty, nor have an empty name in its list'
      patterns.push(isPrefix ? { prefix: literal.trimStart() } : { exact: literal.trim() })
      literal = ''
      isPrefix = false
    } else if (isPrefix) {
      return 'may have an asterisk only at the end of a name; \\* is an ordinary one'
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

/** Tells filters and orders apart: a cursor holds it, so that it cannot be used with others. Of any snapshot. */
export function filterDigest(filter: Filter, order: Order): Buffer {
  const { tenant, userId = null, actions = null, from = null, to = null, metadata = [] } = filter
  const asked = JSON.stringify([tenant, userId, actions, from, to, order, ...metadata])
  return hash('sha256', asked, 'buffer').subarray(0, 8)
}
