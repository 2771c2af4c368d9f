import { absent, type ExpectedChange } from './expected-change.ts'

const openapi = /\bopenapi/
const keys = '22: with keys, every operation takes one, and an operator names the tenant'
const limits = '22: keys and tenants may have limits'
const problem = ['application/problem+json']

const mapping = ['user', 'action', 'time', 'id', 'time-format', 'zone', 'members', 'format'].map(
  (name) => `query ${name}`,
)
const events = ['specversion', 'id', 'source', 'type', 'subject', 'time'].map((name) => `header ce-${name}`)
const queries = (...names: readonly string[]) => names.map((name) => `query ${name}`)

/** The parameters that each operation had. */
const parameters: { readonly [operation: string]: readonly string[] } = {
  '~1logs/post': [...mapping, 'header Idempotency-Key', 'header traceparent', ...events],
  '~1logs~1{id}/get': ['path id, required', 'header If-None-Match'],
  '~1logs~1{id}~1context/get': ['path id, required', 'query around'],
  '~1receipts~1{receipt}/get': ['path receipt, required', 'query wait'],
  '~1dead-letters/get': queries('limit', 'cursor', 'reason', 'topic', 'from', 'to', 'state'),
  '~1dead-letters~1{id}/get': ['path id, required'],
  '~1dead-letters~1{id}/delete': ['path id, required'],
  '~1dead-letters~1{id}~1replay/post': ['path id, required'],
  '~1/get': [],
  '~1viewer~1logs~1{id}/get': ['path id, required'],
  '~1viewer~1dead-letters/get': [],
  '~1viewer~1dead-letters~1{id}/get': ['path id, required'],
}
/** Those whose parameters changed with the filters, and two that take no tenant. */
const others = ['~1logs/get', '~1stats/get', '~1export/get', '~1live/get', '~1ledger/get', '~1viewer~1ledger/get']
const ofPersist = ['~1dead-letters~1{id}/delete', '~1dead-letters~1{id}~1replay/post']
const operations = [...Object.keys(parameters), ...others]

const answers = (status: number, of: readonly string[], why: string): ExpectedChange[] =>
  of.map((operation) => ({
    requests: openapi,
    member: `/body/${operation}/answers/${status}`,
    from: absent,
    to: problem,
    why,
  }))

/** Changes of the contract that come with keys. */
export const changesOfAccess: readonly ExpectedChange[] = [
  ...Object.entries(parameters).map(([operation, before]) => ({
    requests: openapi,
    member: `/body/${operation}/parameters`,
    from: before,
    to: [...before, 'query tenant'],
    why: keys,
  })),
  ...answers(401, operations, keys),
  ...answers(403, operations, keys),
  ...answers(
    429,
    operations.filter((operation) => !ofPersist.includes(operation)),
    limits,
  ),
  { requests: openapi, member: '/body/~1tenants', from: absent, to: /./, why: keys },
  {
    requests: /\bpage: docs/,
    member: '/body/links/*',
    from: /^#listDeadLetters$/,
    to: /^#(?:listDeadLetters|listTenants|schema-TenantsAnswer)$/,
    why: keys,
  },
]
