import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * The cookie of a person who has signed in with a key: the id of the key, when the session began, and a proof of both.
 * No process keeps sessions, so every process knows all of them, and the key is looked up for each request. A browser
 * takes a cookie with this prefix from this host alone, and sends it over TLS or to its own machine alone (RFC 6265bis).
 */
export const sessionCookie = '__Host-activity-log'
export const sessionMs = 8 * 60 * 60 * 1000

/** The clocks of two processes may differ by this much. */
const maxAheadMs = 60_000

export type Session = { keyId: string; beganAt: number; signed: string; proof: string }
/** What a session is proved with: it ends when the key of that id is replaced. */
export type SessionKey = { id: string; hash: string }

export function newSession(key: SessionKey, now: number): string {
  const signed = `${key.id}.${now.toString(36)}`
  return `${signed}.${proofOf(signed, key)}`
}

const format = /^([0-9A-Za-z]{11})\.([0-9a-z]{1,10})\.([\w-]{43})$/

/** The session in the header Cookie, not judged yet. None if there are two: one of them is not ours. */
export function readSession(header: string | undefined): Session | undefined {
  if (header === undefined || !header.includes(sessionCookie)) return undefined
  const start = `${sessionCookie}=`
  const [value, second] = header
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(start))
  if (value === undefined || second !== undefined) return undefined
  const [, keyId, began, proof] = format.exec(value.slice(start.length)) ?? []
  if (keyId === undefined || began === undefined || proof === undefined) return undefined
  return { keyId, beganAt: Number.parseInt(began, 36), signed: `${keyId}.${began}`, proof }
}

/** Whether the key of this session made it, at most 8 hours ago. A session from the future is not valid either. */
export function isSessionOf(session: Session, key: SessionKey, now: number): boolean {
  const isProved = timingSafeEqual(Buffer.from(session.proof), Buffer.from(proofOf(session.signed, key)))
  const age = now - session.beganAt
  return isProved && session.keyId === key.id && age >= -maxAheadMs && age < sessionMs
}

/** The stored hash is the secret, so whoever reads the access file can sign in as any key in it. */
const proofOf = (signed: string, { hash }: SessionKey): string =>
  createHmac('sha256', hash).update(`activity-log session ${signed}`).digest('base64url')

const attributes = 'Path=/; HttpOnly; Secure; SameSite=Lax'
export const setSession = (value: string): string =>
  `${sessionCookie}=${value}; Max-Age=${sessionMs / 1000}; ${attributes}`
export const endSession = `${sessionCookie}=; Max-Age=0; ${attributes}`
