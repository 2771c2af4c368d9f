/** In `from`: the member was not there. In `to`: it is not there any more. */
export const absent: unique symbol = Symbol('absent')

/**
 * A difference from what was recorded that somebody wanted: one line for each, however many answers it is in.
 *
 * `member` is a JSON pointer into {status, headers, body} of an answer; `*` is any one name in it, `**` any number of them, and
 * the empty pointer is the whole answer. Or it is `path`: that of the request, also wherever its answer names it. Or it is
 * `answers`: all answers on the connection, where their number changes.
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

/** They are applied in this order: a later one finds what an earlier one has made of an answer. */
export const expectedChanges: readonly ExpectedChange[] = [
  ...[
    { status: 400, code: 'invalid-input', headers: { connection: 'close' } },
    { status: 400, code: 'invalid-input', headers: { connection: 'close', 'transfer-encoding': 'chunked' } },
    { status: 408, code: 'request-timeout', headers: { connection: 'close' } },
    { status: 417, code: 'expectation-failed', headers: { connection: 'close', 'transfer-encoding': 'chunked' } },
    { status: 431, code: 'headers-too-large', headers: { connection: 'close' } },
  ].map(({ status, code, headers }) => ({
    requests: /./,
    way: 'over a socket',
    member: '',
    from: { status, headers, body: '' },
    to: problemWithoutRoute(status, code),
    why: 'what the parser refuses is a problem as every other error is',
  })),
  {
    requests: 'socket: CONNECT',
    member: 'answers',
    from: [],
    to: [{ ...problemWithoutRoute(405, 'method-not-allowed', { allow: 'GET, HEAD, POST, DELETE' }) }],
    why: 'what the parser refuses is a problem as every other error is',
  },
  {
    requests: 'socket: a broken one after a good one',
    member: 'answers',
    from: [{ status: 400, headers: { connection: 'close' }, body: '' }],
    to: [{ status: 200, headers: /./, body: { status: 'ok' } }, problemWithoutRoute(400, 'invalid-input')],
    why: 'a request that came whole gets its own answer',
  },
  {
    requests: /^socket: (two hosts|the same host twice)$/,
    member: '/headers/transfer-encoding',
    from: 'chunked',
    to: absent,
    why: 'every problem is written in one place',
  },
  {
    requests: /^socket: (two hosts|the same host twice)$/,
    member: '/headers/content-length',
    from: absent,
    to: '(that of the body)',
    why: 'every problem is written in one place',
  },
  {
    requests: 'query: page: an activity with an id for the path',
    member: '',
    from: { status: 500, headers: /^/, body: /^/ },
    to: {
      status: 200,
      headers: /^/,
      body: { links: /\/viewer\/logs\/a%2Fb%3Fc%3Dd%23e%2520/, shown: /click_button/, times: /T23:59:59\.999Z/ },
    },
    why: 'its user did something in a leap second, and a page can show that, too',
  },
  { requests: /./, member: '/body/**/fate', renamed: 'status', why: '15: a receipt has a status' },
  { requests: /./, member: 'path', from: '/books', to: '/ledger', why: '15: the ledger has one name' },
  { requests: /openapi/, member: '/body/~1books', renamed: '/ledger', why: '15: the ledger has one name' },
  {
    requests: /openapi/,
    member: '/body/~1viewer~1books',
    renamed: '/viewer/ledger',
    why: '15: the ledger has one name',
  },
  { requests: /page: docs/, member: '/body/links/*', from: /Books/, to: 'Ledger', why: '15: the ledger has one name' },
  { requests: /./, member: '/body/balanced', renamed: 'complete', why: '15: a ledger is complete' },
  {
    requests: /./,
    member: '/body/partitions/*/writtenOff',
    renamed: 'abandoned',
    why: '15: what is given up is abandoned',
  },
  {
    requests: /dead letters, refused/,
    member: '/body/next',
    from: /cursor=/,
    to: /^\/dead-letters\?reason=rejected&limit=3&cursor=[\w-]+$/,
    why: '15: a cursor holds its filters',
  },
  {
    requests: /dead letters, refused/,
    member: '/body/previous',
    from: /cursor=/,
    to: /^\/dead-letters\?reason=rejected&limit=3&cursor=[\w-]+$/,
    why: '15: a cursor holds its filters',
  },
  {
    requests: /dead letters, refused/,
    member: '/headers/link',
    from: /cursor=/,
    to: /^(, |<\/dead-letters\?reason=rejected&limit=3(&cursor=[\w-]+)?>; rel="(first|next|prev)")+$/,
    why: '15: a cursor holds its filters',
  },
  {
    requests: /./,
    member: '/body/**/detail',
    from: /conflict, refused, undelivered/,
    to: 'conflict, rejected, undelivered',
    why: '15: an outcome has one name',
  },
  { requests: /./, member: 'path', from: 'reason=refused', to: 'reason=rejected', why: '15: an outcome has one name' },
  { requests: /./, member: '/body/**/status', from: 'refused', to: 'rejected', why: '15: an outcome has one name' },
  { requests: /./, member: '/body/**/reason', from: 'refused', to: 'rejected', why: '15: an outcome has one name' },
  { requests: /./, member: '/body/**/outcome', from: 'refused', to: 'rejected', why: '15: an outcome has one name' },
  {
    requests: /./,
    member: '/body/partitions/*/counts/refused',
    renamed: 'rejected',
    why: '15: an outcome has one name',
  },
  ...[
    { from: /is no name that a tenant can have$/, to: 'is not a valid tenant name' },
    { from: /is a name that cannot be kept$/, to: 'is a reserved name; use another' },
    { from: /does not survive; send it as text$/, to: 'cannot be represented exactly; send it as a string' },
  ].map((texts) => ({ requests: /./, member: '/body/shown/*', ...texts, why: '16: messages say what to do next' })),
]

/** False leaves out `title` and `detail` of errors, which a rewriting of all texts changes at once. */
export const compareTexts = false

function problemWithoutRoute(status: number, code: string, headers: { [name: string]: string } = {}) {
  return {
    status,
    headers: {
      'x-request-id': '(made)',
      'content-type': 'application/problem+json',
      'content-length': '(that of the body)',
      connection: 'close',
      ...headers,
    },
    body: { type: `urn:activity-log:problem:${code}`, title: /./, status, detail: /./ },
  }
}
