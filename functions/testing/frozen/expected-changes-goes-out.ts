import { absent, type ExpectedChange } from './expected-change.ts'

const why = 'answers over 1 KB are compressed on request, so they depend on Accept-Encoding'

/** The seven parameters that an export keeps. */
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
    requests: /format=csv/,
    member: '/body',
    from: /activities;--/,
    to: "activities;'--",
    why: 'text after a semicolon is a cell of its own for some spreadsheets, so it is guarded as well',
  },
  {
    requests: /\blive\b/,
    member: '/body',
    from: /^(retry: 1000\nid: \S+\n)\n/,
    to: '$1event: position\ndata: {}\n\n',
    why: 'some clients forget the id of a block without data, and would resume with a gap',
  },
  {
    requests: /\bpage\b/,
    member: '/body/links/*',
    from: /^\/export\?format=csv/,
    to: '/export?format=csv&bom=1',
    why: 'Excel reads a CSV file as UTF-8 only if it begins with a byte order mark',
  },
  ...[
    { from: /\u202e/, to: '⟦RLO⟧' },
    { from: /\u200f/, to: '⟦RLM⟧' },
  ].map((texts) => ({
    requests: /\bpage\b/,
    member: '/body/shown/*',
    ...texts,
    why: 'a character that turns the text could make one name look like another',
  })),
  {
    requests: /\bpage: nothing that matches/,
    member: '/body/shown/*',
    from: 'userId nobody',
    to: 'user nobody',
    why: 'a filter has one name on a page',
  },
  {
    requests: /\bopenapi/,
    member: '/body/~1export/get/parameters',
    from: [...others, 'query metadata'],
    to: [...others, 'query bom', 'query metadata'],
    why: 'a CSV file may begin with a byte order mark',
  },
]
