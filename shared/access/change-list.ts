import { type AccessList, type KeptKey, msOf } from './access-list.ts'
import { hashOfKey, hashOfSecret, type Key, newKey, sessionSecretOf } from './key.ts'

export type Wanted = Pick<KeptKey, 'name' | 'tenant' | 'scopes'> &
  Partial<Pick<KeptKey, 'rate' | 'notBefore' | 'expires'>>

/** Adds a new key. Only its holder ever sees the key itself. */
export function addKey(list: AccessList, wanted: Wanted, now: Date): { list: AccessList; key: Key } {
  const key = newKey()
  const sessionHash = hashOfSecret(sessionSecretOf(key))
  const kept: KeptKey = { id: key.id, hash: hashOfKey(key), sessionHash, ...wanted, created: now.toISOString() }
  return { list: { ...list, keys: [...list.keys, kept] }, key }
}

/**
 * Adds a key that may do the same as another one, and expires when it would have. Both are valid until `until`, when the
 * other one expires. Undefined if there is none with this id, or if it is revoked or has expired: the new one would not
 * be valid either. Undefined as well if it was replaced before: it now expires at the end of that rotation, and so would
 * the new one.
 */
export function rotateKey(
  list: AccessList,
  id: string,
  { now, until }: { now: Date; until: Date },
): { list: AccessList; key: Key } | undefined {
  const former = list.keys.find((key) => key.id === id)
  if (!former || former.replacedBy !== undefined || Object.hasOwn(list.revoked, id)) return undefined
  if (former.expires !== undefined && msOf(former.expires) <= now.getTime()) return undefined
  const { id: _id, hash: _hash, sessionHash: _session, created: _created, notBefore: _notBefore, ...same } = former
  const ends =
    former.expires !== undefined && msOf(former.expires) < until.getTime() ? former.expires : until.toISOString()
  const { list: added, key } = addKey(list, same, now)
  const keys = added.keys.map((kept) => (kept === former ? { ...kept, expires: ends, replacedBy: key.id } : kept))
  return { list: { ...added, keys }, key }
}

/** Revokes a key; undefined if there is none with this id. */
export function revokeKey(list: AccessList, id: string, now: Date): AccessList | undefined {
  if (!list.keys.some((key) => key.id === id)) return undefined
  if (Object.hasOwn(list.revoked, id)) return list
  return { ...list, revoked: { ...list.revoked, [id]: now.toISOString() } }
}
