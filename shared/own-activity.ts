import { createHmac, hash } from 'node:crypto'
import { type Activity, checkActivity, type SentActivity } from './activity.ts'
import { type Checked, invalid } from './checked.ts'
import { canonicalJson, type JsonObject } from './json.ts'
import { mayPassForOwn, ownPrefix } from './own-name.ts'
import { formatTimestamp } from './timestamp.ts'

export const ownActions = ['sign-in', 'first-seen', 'export', 'replay', 'discard', 'write-off', 'abandon'] as const
export type OwnAction = (typeof ownActions)[number]

/** An activity that the log records about its own use, and the tenant in whose log it is. */
export type OwnActivity = { tenant: string; activity: Activity }

/** Resolves once the activity is durable. It may be sent again: the same activity has the same id. */
export type PublishOwn = (own: OwnActivity) => Promise<void>

/** Acts that are alike count once in this time, so that a retry or another process records nothing twice. */
export const windowMs = 5 * 60 * 1000

export const windowOf = (now: Date): Date => new Date(Math.floor(now.getTime() / windowMs) * windowMs)

export type Act = {
  action: OwnAction
  /** The id of the key that acts. */
  keyId: string
  at: Date
  metadata: { readonly [name: string]: string }
}

/** The id is the hash of everything else, so two processes that record the same act write the same activity. */
export function ownActivity(tenant: string, { action, keyId, at, metadata: given }: Act): OwnActivity {
  const metadata = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, storable(value)]))
  const named = {
    userId: `key:${keyId}`,
    action: `${ownPrefix}${action}`,
    timestamp: formatTimestamp(at.getTime()),
    metadata,
  }
  const id = `${ownPrefix}${hash('sha256', JSON.stringify([tenant, named]), 'base64url')}`
  return { tenant, activity: { id, ...named } }
}

/**
 * Names an activity in the record of an act. The name stays when the activity was erased, so that nobody without the
 * salt can compare it with what they guess.
 */
export const nameOfActivity = (activity: SentActivity, salt: Uint8Array): string =>
  createHmac('sha256', salt)
    .update(canonicalJson(activity as JsonObject))
    .digest('base64url')
    .slice(0, 22)

/** Names of keys may hold what no activity may; the act has to be recorded all the same. */
const storable = (value: string) => value.toWellFormed().replaceAll('\0', '\uFFFD')

/** Checks an activity that a client sends. It cannot be one that the log itself writes, nor take the id of one. */
export function checkSentActivity(sent: unknown, receivedAt: Date): Checked<SentActivity> {
  const checked = checkActivity(sent, receivedAt)
  if (!checked.ok) return checked
  const { id = '', action } = checked.value
  if (!mayPassForOwn(action) && !mayPassForOwn(id)) return checked
  return invalid(
    ...(mayPassForOwn(id) ? [{ pointer: '/id', detail: reserved }] : []),
    ...(mayPassForOwn(action) ? [{ pointer: '/action', detail: reserved }] : []),
  )
}

export const reserved = `must not begin with ${ownPrefix} or what looks like it, since the log alone writes such activities`
