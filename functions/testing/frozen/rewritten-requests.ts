import type { FrozenRequest } from './frozen-request.ts'

/**
 * Requests that the log now treats in another way on purpose, changed so that it treats them as before: whatever is
 * asked after them then finds what it found. Tests of ingest cover what the log does with the original ones.
 */
const rewritings: readonly {
  requests: RegExp
  why: string
  change: (request: FrozenRequest) => Partial<FrozenRequest>
}[] = [
  {
    requests: /^ingest: refuses metadata: null$/,
    why: 'null for an optional member means that it is absent',
    change: ({ body }) => ({ body: String(body).replace('null', '[]') }),
  },
  {
    requests: /^ingest: refuses metadata: 257 members$/,
    why: 'metadata may have 1,000 members',
    change: ({ body }) => {
      const { metadata, ...activity } = JSON.parse(String(body))
      const more = Object.fromEntries(Array.from({ length: 1001 - 257 }, (_, n) => [`more${n}`, n]))
      return { body: JSON.stringify({ ...activity, metadata: { ...metadata, ...more } }) }
    },
  },
  {
    requests: /^ingest: refuses null for names$/,
    why: 'null for an optional member means that it is absent',
    change: ({ body }) => ({ body: String(body).replace('"id":null,"timestamp":null', '"id":7,"timestamp":7') }),
  },
  {
    requests: /^(ingest: refuses a compressed body|persist: compressed)$/,
    why: 'gzip is taken',
    change: ({ headers = [] }) => ({
      headers: headers.map(([name, value]) => [name, value === 'gzip' ? 'br' : value]),
    }),
  },
  {
    requests: /^ingest: refuses an event without ce-subject$/,
    why: 'an event without a subject has its source as user',
    change: ({ headers = [] }) => ({ headers: [...headers, ['ce-subject', '']] }),
  },
  {
    requests: /^ingest: a batch of events, one of it wrong$/,
    why: 'an event without a subject has its source as user',
    change: ({ body }) => {
      const [first, second, third] = JSON.parse(String(body))
      return { body: JSON.stringify([first, { ...second, subject: '' }, third]) }
    },
  },
  {
    requests: /^ingest: an event, binary/,
    why: 'the type of the data is kept, also where it is JSON',
    change: ({ headers = [], body = '' }) => ({
      headers: headers.filter(([name, value]) => name !== 'content-type' || value !== 'application/json'),
      // if the body were text, a client would add a content type
      body: Buffer.from(body as string),
    }),
  },
  {
    requests: /^ingest: an event with text$/,
    why: 'the type of the data is kept, also where it is text',
    change: ({ body }) => ({ body: JSON.stringify({ ...JSON.parse(String(body)), datacontenttype: undefined }) }),
  },
  {
    requests: /^ingest: an event with extensions$/,
    why: 'numbers and booleans are stored as such',
    change: ({ body }) => ({
      body: String(body).replace('"sequence":7,"sampled":true', '"sequence":"7","sampled":"true"'),
    }),
  },
]

export function rewritten(request: FrozenRequest): FrozenRequest {
  const found = rewritings.find(({ requests }) => requests.test(request.name))
  return found ? { ...request, ...found.change(request) } : request
}
