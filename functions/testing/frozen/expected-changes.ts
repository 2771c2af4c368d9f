import { absent, type ExpectedChange } from './expected-change.ts'
import { changesOfAccess } from './expected-changes-access.ts'
import { changesOfBounds } from './expected-changes-bounds.ts'
import { changesOfWhatComesIn } from './expected-changes-comes-in.ts'
import { doorChanges } from './expected-changes-door.ts'
import { changesOfFilters } from './expected-changes-filters.ts'
import { changesOfWhatGoesOut } from './expected-changes-goes-out.ts'
import { changesOfPeople } from './expected-changes-people.ts'
import { changesOfTheRecord } from './expected-changes-record.ts'
import { changesOfTheViewer } from './expected-changes-viewer.ts'

// For example:
//
//   { requests: /books/, member: 'path', from: '/books', to: '/ledger', why: 'the ledger has one name' },
//   { requests: /./, member: '/body/**/fate', renamed: 'status', why: 'a receipt has a status' },
//   { requests: /receipt/, member: '/body/**/status', from: 'refused', to: 'rejected', why: 'one name' },
//   { requests: /page/, member: '/body/links/*', from: /^\/viewer\/books/, to: '/viewer/ledger', why: 'one name' },

/** The changes are applied in this order: a later one sees the result of the earlier ones. */
export const expectedChanges: readonly ExpectedChange[] = [
  ...changesOfWhatGoesOut,
  ...changesOfFilters,
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
    why: 'a request that the parser rejects gets a problem like every other error',
  })),
  {
    requests: 'socket: CONNECT',
    member: 'answers',
    from: [],
    to: [{ ...problemWithoutRoute(405, 'method-not-allowed', { allow: 'GET, HEAD, POST, DELETE' }) }],
    why: 'a request that the parser rejects gets a problem like every other error',
  },
  {
    requests: 'socket: a broken one after a good one',
    member: 'answers',
    from: [{ status: 400, headers: { connection: 'close' }, body: '' }],
    to: [{ status: 200, headers: /./, body: { status: 'ok' } }, problemWithoutRoute(400, 'invalid-input')],
    why: 'a complete request gets its own answer',
  },
  {
    requests: /^socket: (two hosts|the same host twice)$/,
    member: '/headers/transfer-encoding',
    from: 'chunked',
    to: absent,
    why: 'one function writes every problem',
  },
  {
    requests: /^socket: (two hosts|the same host twice)$/,
    member: '/headers/content-length',
    from: absent,
    to: '(that of the body)',
    why: 'one function writes every problem',
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
    why: 'its user did something in a leap second, which a page can show, too',
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
  ...['handed over', 'over a socket'].flatMap((way) =>
    [
      { from: /was not taken by/, to: 'was not accepted by' },
      { from: /which gave no answer/, to: 'which did not answer' },
      { from: /is stored already, with other content/, to: 'is already stored with other content' },
    ].map((text) => ({
      ...text,
      requests: /page: (a dead letter|dead letters)/,
      way,
      member: '/body/shown/*',
      why: '16: the reasons that new dead letters get are plain English',
    })),
  ),
  { requests: /./, member: '/body/balanced', renamed: 'complete', why: '15: a ledger is complete' },
  {
    requests: /./,
    member: '/body/partitions/*/writtenOff',
    renamed: 'abandoned',
    why: '15: the word is abandoned',
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
  ...doorChanges,
  ...changesOfTheRecord,
  ...changesOfBounds,
  ...changesOfWhatComesIn,
  ...changesOfTheViewer,
  ...changesOfAccess,
  ...changesOfPeople,
]

/** False leaves out `title` and `detail` of problems, which may be reworded without an entry for each. */
export const compareTexts = false

function problemWithoutRoute(status: number, code: string, headers: { [name: string]: string } = {}) {
  return {
    status,
    headers: {
      'x-request-id': '(made)',
      'content-type': 'application/problem+json',
      'content-length': '(that of the body)',
      'cache-control': 'private, no-store',
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      connection: 'close',
      ...headers,
    },
    body: { type: `urn:activity-log:problem:${code}`, title: /./, status, detail: /./ },
  }
}
