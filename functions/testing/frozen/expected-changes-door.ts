import { absent, type ExpectedChange } from './expected-change.ts'

const privacy = '18: an answer about people is private to its origin'
const odd = '18: a path that programs read differently is rejected'
const others = '18: the log is reachable only where it should be'
const deliveries = '18: no public route begins with the path of a delivery'
const way = 'over a socket'

const privateHeaders = {
  'cache-control': 'private, no-store',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
}

/** Changes of who is let in, what is private, and where dead letters are delivered. */
export const doorChanges: readonly ExpectedChange[] = [
  ...Object.entries(privateHeaders).map(([name, to]) => ({
    // the second answer to this one is below
    requests: /^(?!socket: an expectation$)/,
    way,
    member: `/headers/${name}`,
    from: absent,
    to,
    why: privacy,
  })),
  {
    requests: 'socket: an expectation',
    member: '',
    from: { status: 202, headers: /^/, body: /^/ },
    to: { status: 202, headers: /^/, body: { id: 'raw-12', timestamp: /./, receipt: /./ } },
    why: privacy,
  },
  {
    requests: /: (a )?page\b/,
    member: '/headers/cache-control',
    from: 'private, no-cache',
    to: 'private, no-store',
    why: privacy,
  },
  {
    requests: /\blive\b/,
    member: '/headers/cache-control',
    from: 'no-cache, no-transform',
    to: 'private, no-store, no-transform',
    why: privacy,
  },
  {
    requests: /^persist: undelivered: /,
    member: 'path',
    from: '/dead-letters',
    to: '/undelivered',
    why: deliveries,
  },
  ...[
    { member: '/status', from: 405, to: 404 },
    { member: '/headers/allow', from: 'POST', to: absent },
    { member: '/body/type', from: /method-not-allowed$/, to: 'not-found' },
    { member: '/body/status', from: 405, to: 404 },
  ].map((change) => ({ requests: 'persist: GET /dead-letters', ...change, why: deliveries })),
  {
    requests: 'persist: replay: with a parameter',
    way,
    member: 'path',
    from: /^\/dead-letters\/.+\/\.\.\//,
    to: '/dead-letters/',
    why: odd,
  },
  rejected(/^(query: nothing at \/\/logs|socket: (two slashes|many dots))$/, [404, 400], 'invalid-input', odd),
  rejected('socket: dots', [200, 400], 'invalid-input', odd),
  rejected('socket: an absolute target with a user', [200, 400], 'invalid-input', others),
  rejected('socket: an absolute target elsewhere', [200, 421], 'misdirected', others),
  rejected('origin: hostile: another origin', [200, 403], 'forbidden', others),
  {
    requests: 'socket: HTTP/1.0 without a host',
    member: '',
    from: { status: 400, headers: /^/, body: /^/ },
    to: { status: 200, headers: /^/, body: { status: 'ok' } },
    why: others,
  },
]

type Statuses = readonly [before: number, after: number]

/** The whole answer becomes a problem. */
function rejected(requests: string | RegExp, [before, status]: Statuses, code: string, why: string): ExpectedChange {
  const body = { type: `urn:activity-log:problem:${code}`, title: /./, status, detail: /./ }
  const from = { status: before, headers: /^/, body: /^/ }
  return { requests, way, member: '', from, to: { status, headers: /^/, body }, why }
}
