import { createHmac, timingSafeEqual } from 'node:crypto'
import { hashOfSecret, type Key, sessionSecretOf } from './key.ts'

/**
 * The cookie of a person who has signed in with a key: the id of the key, when the session began, a secret that is made
 * of the key, and a proof of all three that is made with the stored hash of the key. So whoever reads the access file
 * can make no session, and whoever steals a cookie cannot prolong it. No process keeps sessions, so every process knows
 * all of them, and the key is looked up for each request. A browser takes a cookie with this prefix from this host alone,
 * and sends it over TLS or to its own machine alone (RFC 6265bis).
 */
export const sessionCookie = '__Host-activity-log'
export const sessionMs = 8 * 60 * 60 * 1000

/** The clocks of two processes may differ by this much. */
const maxAheadMs = 60_000

export type Session = { keyId: string; beganAt: number; secret: string; signed: string; proof: string }
/** What a session is proved with: it ends when the key of that id is replaced. */
export type SessionKey = { id: string; hash: string; sessionHash: string }

export function newSession(key: Key, kept: SessionKey, now: number): string {
  const signed = `${key.id}.${now.toString(36)}.${sessionSecretOf(key)}`
  return `${signed}.${proofOf(signed, kept)}`
}

const format = /^([0-9A-Za-z]{11})\.([0-9a-z]{1,10})\.([\w-]{43})\.([\w-]{43})$/

/** The session in the header Cookie, not judged yet. None if there are two: one of them is not ours. */
export function readSession(header: string | undefined): Session | undefined {
  if (header === undefined || !header.includes(sessionCookie)) return undefined
  const start = `${sessionCookie}=`
  const [value, second] = header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(start))
  if (value === undefined || second !== undefined) return undefined
  const [, keyId, began, secret, proof] = format.exec(value.slice(start.length)) ?? []
  if (keyId === undefined || began === undefined || secret === undefined || proof === undefined) return undefined
  return { keyId, beganAt: Number.parseInt(began, 36), secret, signed: `${keyId}.${began}.${secret}`, proof }
}

/** Whether the key of this session made it, at most 8 hours ago. A session from the future is not valid either. */
export function isSessionOf(session: Session, key: SessionKey, now: number): boolean {
  const isProved =
    isEqual(session.proof, proofOf(session.signed, key)) && isEqual(hashOfSecret(session.secret), key.sessionHash)
  const age = now - session.beganAt
  return isProved && session.keyId === key.id && age >= -maxAheadMs && age < sessionMs
}

const isEqual = (one: string, other: string) => timingSafeEqual(Buffer.from(one), Buffer.from(other))

const proofOf = (signed: string, { hash }: SessionKey): string =>
  createHmac('sha256', hash).update(`activity-log session ${signed}`).digest('base64url')

const attributes = 'Path=/; HttpOnly; Secure; SameSite=Lax'
export const setSession = (value: string): string =>
  `${sessionCookie}=${value}; Max-Age=${sessionMs / 1000}; ${attributes}`
export const endSession = `${sessionCookie}=; Max-Age=0; ${attributes}`
