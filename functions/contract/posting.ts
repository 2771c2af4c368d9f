import { Id } from '@activity-log/shared/activity.ts'
import * as v from 'valibot'
import { schemaRef } from './json-schemas.ts'
import { json, type Operation, problem } from './operation.ts'

const activity = {
  id: 'order-981-paid',
  userId: 'user_123',
  action: 'click_button',
  timestamp: '2024-01-15T10:00:00Z',
  metadata: { button: 'buy', ip: '203.0.113.9' },
}
const lines =
  '{"id":"a-1","userId":"user_123","action":"login"}\n{"id":"a-2","userId":"user_123","action":"cart.add"}\n'

const ofEvent = (what: string) =>
  v.optional(v.pipe(v.string(), v.description(`For a CloudEvent in binary mode: ${what}`)))
const postProblem = (description: string, ...headers: 'Retry-After'[]) => ({
  ...problem(description, ...headers),
  content: { 'application/problem+json': { schema: schemaRef('PostProblem') } },
})

export const posting: readonly Operation[] = [
  {
    id: 'postActivities',
    method: 'post',
    path: '/logs',
    tag: 'Send',
    summary: 'Record one activity or several',
    description:
      'The answer comes once the accepted activities are durable. Sending one again with the same id is always safe: ' +
      'it is stored once. The limits are 256 KiB for one activity, and 1,000 activities or 4 MiB for several.',
    headers: {
      'Idempotency-Key': v.optional(
        v.pipe(Id, v.description('The id for a single activity that was sent without one')),
      ),
      traceparent: v.optional(
        v.pipe(v.string(), v.description('W3C Trace Context: the record carries it, unless it is malformed')),
      ),
      'ce-specversion': ofEvent('the version, 1.0'),
      'ce-id': ofEvent('the id'),
      'ce-source': ofEvent('the source, kept in the metadata'),
      'ce-type': ofEvent('the action'),
      'ce-subject': ofEvent('the userId'),
      'ce-time': ofEvent('the timestamp'),
    },
    body: {
      required: true,
      content: {
        ...json(
          {
            anyOf: [
              schemaRef('SentActivity'),
              { type: 'array', minItems: 1, maxItems: 1000, items: schemaRef('SentActivity') },
            ],
          },
          { one: { value: activity }, many: { value: [activity, { userId: 'user_123', action: 'login' }] } },
        ),
        'application/x-ndjson': {
          schema: { type: 'string', description: 'One activity per line' },
          examples: { two: { value: lines } },
        },
        'application/cloudevents+json': { schema: schemaRef('CloudEvent') },
        'application/cloudevents-batch+json': {
          schema: { type: 'array', minItems: 1, maxItems: 1000, items: schemaRef('CloudEvent') },
        },
        '*/*': { schema: { description: 'With ce- headers: the data of a CloudEvent in binary mode' } },
      },
    },
    answers: {
      202: {
        description:
          'The activity is durable: it will be found exactly once, or be kept as a dead letter with the reason',
        headers: ['Location'],
        content: json({ anyOf: [schemaRef('Accepted'), schemaRef('PostResults')] }),
      },
      207: {
        description: 'Some of the activities were not accepted',
        headers: ['Retry-After'],
        content: json('PostResults'),
      },
      400: postProblem('The activity was not stored and never will be; errors says what is wrong'),
      413: problem('The body is too large, or has too many activities'),
      415: problem('The content type or encoding is not supported', 'Accept'),
      503: postProblem('It is unknown whether the activity was stored; send the same request again', 'Retry-After'),
    },
  },
]
