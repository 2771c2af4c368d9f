/** In `from`: the member did not exist. In `to`: it no longer exists. */
export const absent: unique symbol = Symbol('absent')

/**
 * A deliberate difference from the recorded answers, one entry for any number of answers. `member` is a JSON pointer
 * into {status, headers, body} of an answer: `*` matches one name, `**` any number of names, and the empty pointer is
 * the whole answer. `path` instead of a pointer means the path of the request, also where its answer names it;
 * `answers` means all answers on the connection, when their number changes. `from` and `to` are values or patterns: a
 * match of `from` is replaced by the text in `to`, as in String.replace, and a pattern in `to`, at any depth, accepts
 * any text that matches it. With `renamed` the member keeps its value. With `tied` other rows of the same instants may
 * stand in a list whose page ends among them. With `atMost` a longer array ends there.
 */
export type ExpectedChange = {
  /** The name of a request, or a pattern of names. */
  requests: string | RegExp
  /**
   * Without it, the change applies to every way of sending requests, and to 'from a data folder' and 'from MongoDB'.
   */
  way?: string
  /** Without it, the change applies to answers of every status. */
  statuses?: readonly number[]
  member: string
  why: string
} & ({ from: unknown; to: unknown } | { renamed: string } | { tied: true } | { atMost: number })
