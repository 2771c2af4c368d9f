import { cloudEvents } from './requests/cloud-events.ts'
import { hostile } from './requests/hostile.ts'
import { ingest } from './requests/ingest.ts'
import { invalid } from './requests/invalid.ts'
import { lists } from './requests/lists.ts'
import { malformed } from './requests/malformed.ts'
import { operations } from './requests/operations.ts'
import { origin } from './requests/origin.ts'
import { pages } from './requests/pages.ts'
import { persist } from './requests/persist.ts'
import { query } from './requests/query.ts'
import { raw } from './requests/raw.ts'

/** Each function by itself, all of them behind one origin, and the same origin with a server that soon loses patience. */
export const targets = ['ingest', 'persist', 'query', 'origin', 'hasty'] as const
export type Target = (typeof targets)[number]

/**
 * One request. In `path` and in the values of `headers` may stand what an earlier answer said: `{{its name#/json/pointer}}`,
 * `{{its name@header}}`, or `{{its name~a pattern}}` for the first place in its body that matches.
 */
export type FrozenRequest = {
  /** Unlike every other one. */
  name: string
  to: Target
  method?: string
  path: string
  headers?: readonly (readonly [name: string, value: string])[]
  body?: string | Uint8Array
  /** Without a declared length. */
  chunked?: true
  /** Asked again until a body has this: a page leaves out what takes long, and who runs this may be slow. */
  whole?: string
  /** Reads so many server-sent events, and leaves. */
  events?: number
  /** Exactly these bytes instead of all that, which only a socket can send; `half` leaves the request unfinished. */
  raw?: string | Uint8Array
  half?: true
}

/** In this order: what is written by one is read by those after it. */
export const requests: readonly FrozenRequest[] = [
  ...ingest,
  ...invalid,
  ...cloudEvents,
  ...persist,
  ...lists,
  ...query,
  ...malformed,
  ...operations,
  ...pages,
  ...origin,
  ...hostile,
  ...raw,
]
