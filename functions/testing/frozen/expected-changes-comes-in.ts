import { absent, type ExpectedChange } from './expected-change.ts'

const isEvent = /^ingest: an event(?! of ours without)/
const noBody = 'one CloudEvent is answered without a body, which a Knative broker would take for an event'
const mediaTypes =
  'application/json, application/x-ndjson, application/cloudevents+json, application/cloudevents-batch+json'
const moreMediaTypes =
  'application/json, application/x-ndjson, application/ndjson, application/jsonl, application/cloudevents+json, ' +
  'application/cloudevents-batch+json'
const ofUnknownMethod = /constructor for a method|a method of its own|a method in lower case/
const type = (code: string) => `urn:activity-log:problem:${code}`

/** What ingest takes, and what it answers. */
export const changesOfWhatComesIn: readonly ExpectedChange[] = [
  { requests: isEvent, member: '/headers/content-type', from: 'application/json', to: absent, why: noBody },
  { requests: isEvent, member: '/headers/activity-id', from: absent, to: /^[!-~]+$/, why: noBody },
  { requests: isEvent, member: '/headers/activity-receipt', from: absent, to: /^[\w-]{24}$/, why: noBody },
  { requests: isEvent, way: 'handed over', member: '/headers/content-length', from: absent, to: '0', why: noBody },
  { requests: isEvent, member: '/body', from: { id: /./, timestamp: /./, receipt: /./ }, to: '', why: noBody },
  {
    requests: /^ingest: refuses/,
    member: '/headers/accept',
    from: mediaTypes,
    to: moreMediaTypes,
    why: 'NDJSON has several names',
  },
  {
    requests: /compressed/,
    member: '/headers/accept-encoding',
    from: 'identity',
    to: 'gzip, identity',
    why: 'gzip is taken',
  },
  { requests: ofUnknownMethod, member: '/status', from: 400, to: 501, why: 'an unknown method is a 501 (RFC 9110)' },
  {
    requests: ofUnknownMethod,
    member: '/body/status',
    from: 400,
    to: 501,
    why: 'an unknown method is a 501 (RFC 9110)',
  },
  {
    requests: ofUnknownMethod,
    member: '/body/type',
    from: type('invalid-input'),
    to: type('not-implemented'),
    why: 'an unknown method is a 501 (RFC 9110)',
  },
  { requests: /nothing at \/receipts$/, member: '/status', from: 404, to: 405, why: 'POST /receipts is new' },
  { requests: /nothing at \/receipts$/, member: '/body/status', from: 404, to: 405, why: 'POST /receipts is new' },
  {
    requests: /nothing at \/receipts$/,
    member: '/body/type',
    from: type('not-found'),
    to: type('method-not-allowed'),
    why: 'POST /receipts is new',
  },
  { requests: /nothing at \/receipts$/, member: '/headers/allow', from: absent, to: 'POST', why: 'POST /receipts is new' },
]
