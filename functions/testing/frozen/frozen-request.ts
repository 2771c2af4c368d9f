/** Each function by itself, all of them behind one origin, and the same origin with a server whose timeouts are short. */
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
