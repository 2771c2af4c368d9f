import type { ExpectedChange } from './expected-change.ts'

const arrival = '17: activities of the same instant are listed in the order of their arrival'
const leap = '17: a leap second is listed with the second that follows it'

/** Changes of the order of lists. */
export const changesOfTheRecord: readonly ExpectedChange[] = [
  ...[
    'query: an early moment',
    'query: lists action=Zo*,id.seen',
    'query: lists userId=user_123&order=asc',
    'query: lists order=asc',
    'query: lists order=desc&userId=ids',
    'query: kept: list order=asc&limit=50',
  ].map((requests) => ({ requests, member: '/body/data', tied: true as const, why: arrival })),
  {
    requests: /./,
    member: '/headers/etag',
    from: /^(W\/)?"[\w-]{22}"$/,
    to: /^(W\/)?"[\w-]{22}"$/,
    why: '17: an entity tag from before matches nothing',
  },
  { requests: /stats/, member: '/body/data/*/key', from: '2016-12', to: '2017-01', why: leap },
]
