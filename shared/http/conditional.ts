import { hash } from 'node:crypto'

/** A strong entity tag of an answer's text (RFC 9110, section 8.8.3). */
export const entityTag = (text: string) => `"${hash('sha256', text, 'base64url').slice(0, 22)}"`

/**
 * Whether If-None-Match names the answer that the client would get, so that a 304 is enough. The comparison is weak, as
 * RFC 9110 requires in section 13.1.2. Anything in the header that is not an entity tag is ignored.
 */
export function isKnown(tag: string, ifNoneMatch: string | undefined): boolean {
  if (ifNoneMatch === undefined) return false
  if (ifNoneMatch.trim() === '*') return true
  return ifNoneMatch.match(/"[^"]*"/g)?.includes(tag) ?? false
}
