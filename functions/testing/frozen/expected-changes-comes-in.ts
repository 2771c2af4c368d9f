import { absent, type ExpectedChange } from './expected-change.ts'

const isEvent = /^ingest: an event(?! of ours without)/
const noBody = 'one CloudEvent is answered without a body, which a Knative broker would take for an event'
const mediaTypes =
  'application/json, application/x-ndjson, application/cloudevents+json, application/cloudevents-batch+json'
const moreMediaTypes =
  'application/json, application/x-ndjson, application/ndjson, application/jsonl, application/cloudevents+json, ' +
  'application/cloudevents-batch+json'
const ofUnknownMethod = /constructor for a method|a method of its own|a method in lower case/
const ofTheServer = /OPTIONS for the server/
const asterisk = 'OPTIONS * is valid HTTP, and is told which methods there are'
const openapi = /\bopenapi/
const oneOrMany = 'the contract shows one activity at /logs, many at /logs/batch, and the outcomes of many at /receipts'
const eventHeaders = ['specversion', 'id', 'source', 'type', 'subject', 'time'].map((name) => `header ce-${name}`)
const postHeaders = ['header Idempotency-Key', 'header traceparent', ...eventHeaders]
const mapping = ['user', 'action', 'time', 'id', 'time-format', 'zone', 'members', 'format'].map(
  (name) => `query ${name}`,
)
const type = (code: string) => `urn:activity-log:problem:${code}`

/** Changes of what ingest takes and answers. */
export const changesOfWhatComesIn: readonly ExpectedChange[] = [
  { requests: isEvent, member: '/headers/content-type', from: 'application/json', to: absent, why: noBody },
  { requests: isEvent, member: '/headers/activity-id', from: absent, to: /^[!-~]+$/, why: noBody },
  { requests: isEvent, member: '/headers/activity-receipt', from: absent, to: /^[\w-]{24}$/, why: noBody },
  {
    requests: isEvent,
    way: 'handed over',
    member: '/headers/content-length',
    from: absent,
    to: '(that of the body)',
    why: noBody,
  },
  { requests: isEvent, member: '/body', from: { id: /./, timestamp: /./, receipt: /./ }, to: '', why: noBody },
  {
    requests: /^ingest: refuses|content type twice/,
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
  { requests: ofTheServer, member: '/status', from: 400, to: 405, why: asterisk },
  { requests: ofTheServer, member: '/body/status', from: 400, to: 405, why: asterisk },
  { requests: ofTheServer, member: '/headers/allow', from: absent, to: 'GET, HEAD, POST, DELETE', why: asterisk },
  {
    requests: ofTheServer,
    member: '/body/type',
    from: type('invalid-input'),
    to: type('method-not-allowed'),
    why: asterisk,
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
  {
    requests: /nothing at \/receipts$/,
    member: '/headers/allow',
    from: absent,
    to: 'POST',
    why: 'POST /receipts is new',
  },
  {
    requests: openapi,
    member: '/body/~1logs/post/parameters',
    from: postHeaders,
    to: [...mapping, ...postHeaders],
    why: 'a mapping takes items of another form',
  },
  {
    requests: openapi,
    member: '/body/~1logs/post/takes',
    from: [...mediaTypes.split(', '), '*/*'],
    to: ['application/json', 'application/cloudevents+json', '*/*'],
    why: oneOrMany,
  },
  {
    requests: openapi,
    member: '/body/~1logs/post/answers/207',
    from: ['application/json'],
    to: absent,
    why: oneOrMany,
  },
  ...['~1logs~1batch', '~1receipts'].map((path) => ({
    requests: openapi,
    member: `/body/${path}`,
    from: absent,
    to: /./,
    why: oneOrMany,
  })),
  {
    requests: /page: docs/,
    member: '/body/links/*',
    from: /^#postActivities$/,
    to: /^#(postActivity|postActivities|getReceipts|schema-ReceiptsAnswer|send-from-anywhere)$/,
    why: oneOrMany,
  },
]
