import { Id } from '@activity-log/shared/activity.ts'
import { type PresetName, presets } from '@activity-log/shared/mapping-presets.ts'
import { timeFormats } from '@activity-log/shared/time-format.ts'
import * as v from 'valibot'
import { schemaRef } from './json-schemas.ts'
import { type HeaderName, json, type Operation, problem } from './operation.ts'

const activity = {
  id: 'order-981-paid',
  userId: 'user_123',
  action: 'click_button',
  timestamp: '2024-01-15T10:00:00Z',
  metadata: { button: 'buy', ip: '203.0.113.9' },
}
const lines =
  '{"id":"a-1","userId":"user_123","action":"login"}\n{"id":"a-2","userId":"user_123","action":"cart.add"}\n'

const ofItem = (parameter: string, member: string, example: string) =>
  v.optional(
    v.pipe(
      v.string(),
      v.description(
        `Where the ${member} is in an item: names with dots between them; commas separate alternatives${parameter}`,
      ),
      v.metadata({ examples: [example] }),
    ),
  )

/** The mapping of items that are not activities (shared/mapping.ts). */
const mapping = {
  user: ofItem('. For a CloudEvent without a subject: the attribute that is its user', 'userId', 'userId'),
  action: ofItem('', 'action', 'action'),
  time: ofItem('', 'timestamp', 'timestamp'),
  id: ofItem('', 'id', 'id'),
  'time-format': v.optional(
    v.pipe(v.picklist(timeFormats), v.description('The form of the times; rfc3339 by default')),
  ),
  zone: v.optional(
    v.pipe(
      v.string(),
      v.description('The time zone of times without an offset, with time-format=loose'),
      v.metadata({ examples: ['Europe/Berlin'] }),
    ),
  ),
  members: v.optional(
    v.pipe(v.picklist(['metadata']), v.description('metadata: members that an activity does not have become metadata')),
  ),
  format: v.optional(
    v.pipe(v.picklist(Object.keys(presets) as PresetName[]), v.description('The mapping of a published format')),
  ),
}

const ofEvent = (what: string) =>
  v.optional(v.pipe(v.string(), v.description(`For a CloudEvent in binary mode: ${what}`)))
const postProblem = (description: string, ...headers: HeaderName[]) => ({
  ...problem(description, ...headers),
  content: { 'application/problem+json': { schema: schemaRef('PostProblem') } },
})

const traceparent = v.optional(
  v.pipe(v.string(), v.description('W3C Trace Context; passed on with the record, and ignored if malformed')),
)
const encoded = 'A body may be gzip, with Content-Encoding. '
const mapped =
  'Items of another form are taken with a mapping: user, action, time and id say where the members are, or format ' +
  'names a published format.'
const mostly = {
  413: problem('The body is too large, also once it is inflated, or has too many activities'),
  415: problem('The content type or encoding is not supported', 'Accept', 'Accept-Encoding'),
}

export const posting: readonly Operation[] = [
  {
    id: 'postActivity',
    method: 'post',
    path: '/logs',
    tag: 'Send',
    summary: 'Record one activity',
    description:
      'The answer comes once the activity is durable. Sending it again with the same id is always safe: it is stored ' +
      `once. The limit is 256 KiB. ${encoded}null for an optional member means that it is absent. ${mapped} A ` +
      'CloudEvent gets its answer in headers, without a body. The path also takes whatever /logs/batch takes, and ' +
      'answers the same.',
    query: mapping,
    headers: {
      'Idempotency-Key': v.optional(v.pipe(Id, v.description('The id of an activity that has none of its own'))),
      traceparent,
      'ce-specversion': ofEvent('the version, 1.0'),
      'ce-id': ofEvent('the id'),
      'ce-source': ofEvent('the source, kept in the metadata'),
      'ce-type': ofEvent('the action'),
      'ce-subject': ofEvent('the userId; without it, the source is'),
      'ce-time': ofEvent('the timestamp'),
    },
    body: {
      required: true,
      content: {
        ...json('SentActivity', { one: { value: activity } }),
        'application/cloudevents+json': { schema: schemaRef('CloudEvent') },
        '*/*': { schema: { description: 'With ce- headers: the data of a CloudEvent in binary mode' } },
      },
    },
    answers: {
      202: {
        description:
          'The activity is durable: it will be found exactly once, or be kept as a dead letter with the reason. The ' +
          'answer to a CloudEvent has no body',
        headers: ['Location', 'Activity-Id', 'Activity-Receipt'],
        content: json('Accepted'),
      },
      400: postProblem('The activity was not stored and never will be; errors says what is wrong'),
      ...mostly,
      503: postProblem('It is unknown whether the activity was stored; send the same request again', 'Retry-After'),
    },
  },
  {
    id: 'postActivities',
    method: 'post',
    path: '/logs/batch',
    tag: 'Send',
    summary: 'Record several activities',
    description:
      'Answers a result for each activity, once those that it accepts are durable. The limits are 1,000 activities, ' +
      `4 MiB, and 256 KiB for one line. ${encoded}${mapped}`,
    query: mapping,
    headers: { traceparent },
    body: {
      required: true,
      content: {
        ...json(
          { type: 'array', minItems: 1, maxItems: 1000, items: schemaRef('SentActivity') },
          { many: { value: [activity, { userId: 'user_123', action: 'login' }] } },
        ),
        'application/x-ndjson': {
          schema: { type: 'string', description: 'One activity per line; also application/ndjson, application/jsonl' },
          examples: { two: { value: lines } },
        },
        'application/cloudevents-batch+json': {
          schema: { type: 'array', minItems: 1, maxItems: 1000, items: schemaRef('CloudEvent') },
        },
      },
    },
    answers: {
      202: { description: 'All activities are durable', content: json('PostResults') },
      207: {
        description:
          'Some of the activities were not accepted. With Retry-After, send those again that are unavailable',
        headers: ['Retry-After'],
        content: json('PostResults'),
      },
      400: postProblem('None of the activities was stored; results says what is wrong with each'),
      ...mostly,
      503: postProblem(
        'It is unknown which of the activities were stored; send the same request again. Every activity in it that ' +
          'was accepted came with an id of its own, so none is stored twice',
        'Retry-After',
      ),
    },
  },
]
