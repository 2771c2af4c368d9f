import { absent } from './absent.ts'
import type { ExpectedChange } from './expected-changes.ts'

const why = 'answers over 1 KB are compressed on request, so they depend on Accept-Encoding'

/** The seven parameters of an export that stay. */
const others = Array.from({ length: 7 }, () => /./)

export const changesOfWhatGoesOut: readonly ExpectedChange[] = [
  {
    requests: /^(?!.*(metrics|\blive\b|: replay|: discard))/,
    statuses: [200, 304],
    member: '/headers/vary',
    from: absent,
    to: 'accept-encoding',
    why,
  },
  { requests: /./, member: '/headers/vary', from: 'cookie', to: 'cookie, accept-encoding', why },
  {
    requests: /\bopenapi/,
    member: '/body/~1export/get/parameters',
    from: [...others, 'query metadata'],
    to: [...others, 'query bom', 'query metadata'],
    why: 'a CSV file may begin with a byte order mark',
  },
]
