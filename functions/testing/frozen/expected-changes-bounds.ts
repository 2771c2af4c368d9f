import type { ExpectedChange } from './expected-change.ts'

const judged = '18: JSON is judged before it is parsed, and its first fault is the answer'
const bounded = '18: an answer names at most 20 errors'
const clock = '18: a timestamp that is too far ahead is compared with the time of the log'
const errors = '/body/errors'
const errorsOfFirst = '/body/results/0/errors'

/** Changes that bound requests and answers. */
export const changesOfBounds: readonly ExpectedChange[] = [
  { requests: 'ingest: refuses metadata: a hundred thousand levels', member: errors, atMost: 1, why: judged },
  { requests: 'ingest: refuses absurdly deep JSON', member: errorsOfFirst, atMost: 1, why: judged },
  {
    requests: 'ingest: refuses absurdly deep JSON',
    member: `${errorsOfFirst}/0/pointer`,
    from: /.*/,
    to: /^(\/0)+$/,
    why: judged,
  },
  {
    requests: /^origin: hostile: (many parameters|the same parameter often|values at every level)$/,
    member: errors,
    atMost: 20,
    why: bounded,
  },
  { requests: 'origin: hostile: many errors', member: errors, atMost: 1, why: judged },
  { requests: 'origin: hostile: many values that would change', member: errorsOfFirst, atMost: 1, why: judged },
  {
    requests: 'origin: hostile: many values that would change',
    member: `${errorsOfFirst}/0/pointer`,
    from: '/0/metadata/x/0',
    to: '/0/metadata',
    why: judged,
  },
  {
    requests: /^query: page: dead letters/,
    member: '/body/shown/*',
    from: /ahead of now$/,
    to: 'ahead of the clock of the log, which says 2026-01-01T00:00:00.000Z',
    why: clock,
  },
]
