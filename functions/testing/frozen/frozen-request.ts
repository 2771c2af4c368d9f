/** A function by itself, all of them behind one origin, or that origin with short server timeouts. */
export const targets = ['ingest', 'persist', 'query', 'origin', 'hasty'] as const
export type Target = (typeof targets)[number]

/**
 * One request. `path` and the values of `headers` may refer to an earlier answer: `{{its name#/json/pointer}}`, `{{its
 * name@header}}`, or `{{its name~a pattern}}` for the first match in its body.
 */
export type FrozenRequest = {
  /** The name is unique among all requests. */
  name: string
  to: Target
  method?: string
  path: string
  headers?: readonly (readonly [name: string, value: string])[]
  body?: string | Uint8Array
  /** The request is sent without a declared length. */
  chunked?: true
  /**
   * Repeats the request until the body contains this text: a page leaves out parts that take long, and the machine may
   * be slow.
   */
  whole?: string
  /** Reads this many server-sent events, and then disconnects. */
  events?: number
  /**
   * Sends exactly these bytes instead of the members above, which only a socket can; `half` leaves the request
   * unfinished.
   */
  raw?: string | Uint8Array
  half?: true
}
