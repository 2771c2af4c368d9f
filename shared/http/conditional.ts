import { hash } from 'node:crypto'

/** A strong entity tag of an answer's text (RFC 9110, section 8.8.3). */
export const entityTag = (text: string) => `"${hash('sha256', text, 'base64url').slice(0, 22)}"`

/**
 * Whether If-None-Match names what the client would get: then it has it already, and a 304 will do. Compared weakly, as
 * this header is (RFC 9110, section 13.1.2); what is no entity tag in it names nothing.
 */
export function isKnown(tag: string, ifNoneMatch: string | undefined): boolean {
  if (ifNoneMatch === undefined) return false
  if (ifNoneMatch.trim() === '*') return true
  return ifNoneMatch.match(/"[^"]*"/g)?.includes(tag) ?? false
}
