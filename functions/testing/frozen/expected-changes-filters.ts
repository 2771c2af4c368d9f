import { absent, type ExpectedChange } from './expected-change.ts'

const text = 'activities are found by text'
const names = 'the names in stats are listed page by page'

const any = (count: number) => Array.from({ length: count }, () => /./)
/** The filters before asOf. */
const filters = any(4)
const metadata = 'query metadata'
/** With keys, an operator names the tenant. */
const tenant = 'query tenant'

/** Each route with the parameters that it takes after the filters, before and now. */
const parameters: readonly [path: string, before: readonly unknown[], now: readonly unknown[]][] = [
  ['logs', any(7), any(7)],
  ['stats', any(3), [...any(2), 'query prefix', 'query cursor', /./]],
]

export const changesOfFilters: readonly ExpectedChange[] = [
  ...parameters.map(([path, before, now]) => ({
    requests: /\bopenapi/,
    member: `/body/~1${path}/get/parameters`,
    from: [...filters, 'query asOf', ...before, metadata],
    to: [...filters, 'query q', 'query asOf', ...now, metadata, tenant],
    why: text,
  })),
  {
    requests: /\bopenapi/,
    member: '/body/~1export/get/parameters',
    from: [...any(7), 'query bom', metadata],
    to: [...any(8), 'query bom', metadata, tenant],
    why: text,
  },
  {
    requests: /\bopenapi/,
    member: '/body/~1live/get/parameters',
    from: [...filters, 'query asOf', metadata, /./],
    to: [...filters, 'query q', 'query asOf', metadata, /./, tenant],
    why: text,
  },
  {
    requests: /\bstats by=(action|userId)/,
    statuses: [200],
    member: '/body/next',
    from: absent,
    to: /^(null|\/stats\?by=.*cursor)/,
    why: names,
  },
  ...[
    { requests: 'query: malformed /logs?userId=ada&userId=eve', status: 400, why: 'several users may be asked for' },
    { requests: 'query: malformed /logs?userId=u&metadata.a=', status: 400, why: 'a member may hold an empty text' },
    { requests: 'query: malformed /logs?action=!a', status: 200, why: 'an exclamation mark excludes an action' },
  ].map(({ requests, status, why }) => ({
    requests,
    member: '',
    from: { status, headers: /^/, body: /^/ },
    to: { status: 200, headers: /^/, body: /^/ },
    why,
  })),
  {
    requests: 'origin: hostile: the same parameter often',
    member: '/body/errors',
    atMost: 1,
    why: 'a user may be repeated, but not so often',
  },
]
