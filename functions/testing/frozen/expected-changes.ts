/** In `from`: the member was not there. In `to`: it is not there any more. */
export const absent: unique symbol = Symbol('absent')

/**
 * A difference from what was recorded that somebody wanted: one line for each, however many answers it is in.
 *
 * `member` is a JSON pointer into {status, headers, body} of an answer; `*` is any one name in it, `**` any number of them, and
 * the empty pointer is the whole answer. Or it is `path`: that of the request, also wherever its answer names it.
 *
 * `from` and `to` are values; or patterns, and what matches `from` is replaced by the text in `to` as String.replace does it.
 * A pattern in `to`, also deep in it, takes whatever matches it. With `renamed` the member keeps its value.
 */
export type ExpectedChange = {
  /** Its name, or a pattern of names. */
  requests: string | RegExp
  /** Without it, every way that requests take, 'from a data folder' and 'from MongoDB'. */
  way?: string
  member: string
  why: string
} & ({ from: unknown; to: unknown } | { renamed: string })

// For example:
//
//   { requests: /books/, member: 'path', from: '/books', to: '/ledger', why: 'the ledger has one name' },
//   { requests: /./, member: '/body/**/fate', renamed: 'status', why: 'a receipt has a status' },
//   { requests: /receipt/, member: '/body/**/status', from: 'refused', to: 'rejected', why: 'an outcome has one name' },
//   { requests: /page/, member: '/body/links/*', from: /^\/viewer\/books/, to: '/viewer/ledger', why: 'the ledger has one name' },
//   { requests: /^socket: /, member: '', from: { status: 400, headers: { connection: 'close' }, body: '' },
//     to: { status: 400, headers: { … }, body: { status: 400, type: /^urn:/, … } }, why: 'every error is a problem' },

/** They are applied in this order: a later one finds what an earlier one has made of an answer. */
export const expectedChanges: readonly ExpectedChange[] = []

/** False leaves out `title` and `detail` of errors, which a rewriting of all texts changes at once. */
export const compareTexts = true
