import { isJsonObject, type JsonValue } from './json.ts'

export type Searched = { userId: string; action: string; metadataText: string | null }

/**
 * Returns a function that decides whether a user, an action, a name in metadata or a scalar in metadata contains a text
 * that is in lower case. A scalar is read as JSON writes it, and a string as it is.
 */
export function textMatcher(text: string): (searched: Searched) => boolean {
  const contains = (part: string) => part.toLowerCase().includes(text)
  // JSON may escape these characters, and the letter before a sigma decides how it is written in lower case
  const isAsWritten = !/["\\\p{Cc}\p{Cs}σς]/u.test(text)

  function isIn(value: JsonValue): boolean {
    if (typeof value === 'string') return contains(value)
    if (Array.isArray(value)) return value.some(isIn)
    if (isJsonObject(value)) return Object.entries(value).some(([name, part]) => contains(name) || isIn(part))
    return contains(JSON.stringify(value))
  }

  return ({ userId, action, metadataText }) => {
    if (contains(userId) || contains(action)) return true
    if (metadataText === null || (isAsWritten && !contains(metadataText))) return false
    return isIn(JSON.parse(metadataText))
  }
}
