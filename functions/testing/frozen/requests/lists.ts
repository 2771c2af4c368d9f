import type { FrozenRequest } from '../frozen-request.ts'
import { ask } from './build.ts'

const list = (name: string, query = '') => ask('query', `lists ${name}`, `/logs${query}`)
const follow = (name: string, of: string, rel: 'next' | 'previous') =>
  ask('query', `lists ${name}`, `{{query: lists ${of}#/${rel}}}`)

const filters = [
  ...[
    'userId=ada',
    'userId=user_3',
    'userId=%E6%9D%91%E4%B8%8A%E6%98%A5%E6%A8%B9',
    'userId=nobody',
    'userId=foreigner',
    'userId=+ada+',
  ],
  ...['userId=a%2Cb', 'userId=%25', 'userId=a%0D%0Ace-id%3A+other', 'userId=__proto__'],
  ...[
    'action=sign.in',
    'action=cart.add,cart.pay',
    'action=cart.*',
    'action=*',
    'action=a%5C*',
    'action=a%5C,b',
    'action=Zo*,id.seen',
    'action=nothing',
  ],
  ...[
    'from=2024-07-10T00:00:00Z',
    'to=1970-01-01T00:00:01Z',
    'from=2024-07-10T00:00:00Z&to=2024-07-12T00:00:00%2B02:00',
    'from=2024-07-10T00:00:00Z&to=2024-07-10T00:00:00Z',
  ],
  ...[
    'userId=user_3&action=cart.*&from=2024-08-01T00:00:00Z',
    'userId=user_123&order=asc',
    'order=asc',
    'order=desc&userId=ids',
  ],
  ...[
    'userId=meta&metadata.a=1',
    'action=cart.*&metadata.n=7',
    'action=cart.*&metadata.shop.name=shop+3',
    'action=cart.*&metadata.even=true&metadata.shop.name=shop+2',
  ],
  ...[
    'action=cart.*&metadata.half=3.50e0',
    'userId=meta&metadata.a%5C.b=1',
    'from=2024-05-01T00:00:00Z&to=2024-05-03T00:00:00Z&metadata.name=Zo%C3%AB',
    'userId=meta&metadata.%24ne=null',
  ],
  ...[
    'count=exact',
    'count=none',
    'count=capped&userId=ada',
    'count=exact&action=cart.*',
    'limit=1',
    'limit=1000&userId=user_5',
    'page=2',
    'page=3&limit=7',
    'page=4000000000',
  ],
  ...['page=2&userId=nobody', '&&', 'limit=3&', 'userId=ada#fragment'],
]

/** Lists, and the pages that follow them. */
export const lists: readonly FrozenRequest[] = [
  list('everything'),
  ask('query', 'HEAD of everything', '/logs', { method: 'HEAD' }),
  ...filters.map((filter) => list(filter, `?${filter}`)),
  list('twenty', '?limit=20'),
  follow('the second twenty', 'twenty', 'next'),
  follow('the third twenty', 'the second twenty', 'next'),
  follow('the second twenty, from the third', 'the third twenty', 'previous'),
  follow('the first twenty, from the second', 'the second twenty, from the third', 'previous'),
  list('carts, the oldest first', '?action=cart.*&order=asc&limit=60'),
  follow('carts, the rest', 'carts, the oldest first', 'next'),
  list('carts with metadata', '?action=cart.*&metadata.even=true&limit=30'),
  follow('carts with metadata, the rest', 'carts with metadata', 'next'),
  list('by number, asked for as it was', '?page=2&limit=5&asOf={{query: lists twenty#/asOf}}'),
  list('as it was at first', '?limit=5&count=exact&asOf={{query: lists everything#/asOf}}'),
  list('with a receipt', '?limit=1&receipt={{ingest: one, minimal#/receipt}}'),
  list('with a receipt and a wait', '?limit=1&receipt={{ingest: without metadata#/receipt}}&wait=5'),
  list('with the receipt of a conflict', '?limit=1&receipt={{ingest: the same id with another action#/receipt}}'),
  list('with a receipt that is not there yet', '?limit=1&receipt=AQAAAAAAAAAAAABAAQmTPGwA'),
  list('names of every script', '?from=2024-05-01T00:00:00Z&to=2024-05-02T00:00:00Z&limit=200&order=asc'),
  list('ids of every kind', '?userId=ids&limit=100'),
  list('metadata of every kind', '?userId=meta&limit=100'),
]
