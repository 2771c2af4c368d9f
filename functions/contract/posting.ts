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
  v.optional(v.pipe(v.string(), v.description(`Of a CloudEvent in binary mode: ${what}`)))
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
    summary: 'Record one activity, or many',
    description:
      'Answered once what was accepted is durable. Sending the same again with the same id is always safe: it is stored once. ' +
      'At most 256 KiB for one activity; at most 1,000 activities or 4 MiB for many.',
    headers: {
      'Idempotency-Key': v.optional(v.pipe(Id, v.description('The id of the one activity, where it has none'))),
      traceparent: v.optional(
        v.pipe(v.string(), v.description('W3C Trace Context; handed on with the record, left out when malformed')),
      ),
      'ce-specversion': ofEvent('1.0'),
      'ce-id': ofEvent('the id'),
      'ce-source': ofEvent('kept in the metadata'),
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
          schema: { type: 'string', description: 'One activity a line' },
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
        description: 'It is durable: it will be found exactly once, or be kept as a dead letter with its reason',
        headers: ['Location'],
        content: json({ anyOf: [schemaRef('Accepted'), schemaRef('PostResults')] }),
      },
      207: { description: 'Of many, some were not accepted', headers: ['Retry-After'], content: json('PostResults') },
      400: postProblem('It was not stored and never will be: what is wrong is named'),
      413: problem('The body is too large, or holds too many activities'),
      415: problem('The content type or encoding is not supported', 'Accept'),
      503: postProblem('It is not known whether it was stored; the same may be sent again', 'Retry-After'),
    },
  },
]
