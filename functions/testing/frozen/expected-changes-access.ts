import { absent, type ExpectedChange } from './expected-change.ts'

const why = 'every route asks for a key, if the log has keys'
const limits = 'keys and tenants may have limits'
const problem = ['application/problem+json']

/** The operations that ask for a key, and whether operators name a tenant. */
const operations: readonly [path: string, method: string, takesTenant: boolean][] = [
  ['/logs', 'post', true],
  ['/logs', 'get', true],
  ['/logs/{id}', 'get', true],
  ['/logs/{id}/context', 'get', true],
  ['/stats', 'get', true],
  ['/export', 'get', true],
  ['/live', 'get', true],
  ['/receipts/{receipt}', 'get', true],
  ['/ledger', 'get', false],
  ['/dead-letters', 'get', true],
  ['/dead-letters/{id}', 'get', true],
  ['/dead-letters/{id}', 'delete', true],
  ['/dead-letters/{id}/replay', 'post', true],
  ['/', 'get', true],
  ['/viewer/logs/{id}', 'get', true],
  ['/viewer/dead-letters', 'get', true],
  ['/viewer/dead-letters/{id}', 'get', true],
  ['/viewer/ledger', 'get', false],
]
/** persist never answers 429. */
const isLimited = (path: string, method: string) => method !== 'delete' && !path.endsWith('/replay')

export const changesOfAccess: readonly ExpectedChange[] = [
  ...operations.flatMap(([path, method, takesTenant]) => {
    const operation = `/body/${path.replaceAll('/', '~1')}/${method}`
    return [
      ...['401', '403'].map((status) => ({
        requests: /\bopenapi/,
        member: `${operation}/answers/${status}`,
        from: absent,
        to: problem,
        why,
      })),
      ...(isLimited(path, method)
        ? [{ requests: /\bopenapi/, member: `${operation}/answers/429`, from: absent, to: problem, why: limits }]
        : []),
      ...(takesTenant
        ? [{ requests: /\bopenapi/, member: `${operation}/takesTenant`, from: absent, to: true, why }]
        : []),
    ]
  }),
  { requests: /\bopenapi/, member: '/body/~1tenants', from: absent, to: /^/, why: 'operators list the tenants' },
  {
    requests: /\bpage: docs/,
    member: '/body/links/*',
    from: /^#getLedger$/,
    to: /^#(getLedger|listTenants|schema-TenantsAnswer)$/,
    why: 'operators list the tenants',
  },
]
