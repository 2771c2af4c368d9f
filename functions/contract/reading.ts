import { exportParameters } from '@activity-log/query/export.ts'
import { filterParameters } from '@activity-log/query/filter-request.ts'
import { ContextParameters } from '@activity-log/query/get-activity.ts'
import { listParameters } from '@activity-log/query/list-request.ts'
import { ReceiptRequest } from '@activity-log/query/receipts.ts'
import { statsParameters } from '@activity-log/query/stats.ts'
import * as v from 'valibot'
import { badRequest, EntityTags, json, notFound, type Operation, problem, textual, tooBroad } from './operation.ts'

const inPath = { id: v.pipe(v.string(), v.description('The id of an activity'), v.examples(['order-981-paid'])) }
const { receipt, ...receiptParameters } = ReceiptRequest.entries
const Moment = v.pipe(
  v.string(),
  v.metadata({ pattern: '^[A-Za-z0-9_-]*$' }),
  v.description('Goes on after this event: the last id that came; browsers send it by themselves'),
)

export const reading: readonly Operation[] = [
  {
    id: 'listActivities',
    method: 'get',
    path: '/logs',
    tag: 'Look',
    summary: 'List activities, page by page',
    description:
      'Pages do not move: their links lead to the log as it was when the first one was read. With receipt it answers only ' +
      'once that record is there.',
    query: { ...filterParameters, ...listParameters },
    takesMetadata: true,
    answers: {
      200: { description: 'A page', headers: ['Link'], content: json('ListAnswer') },
      400: tooBroad,
      504: problem('The record of the receipt is not there yet; it is not lost', 'Retry-After'),
    },
  },
  {
    id: 'getActivity',
    method: 'get',
    path: '/logs/{id}',
    tag: 'Look',
    summary: 'Get one activity',
    inPath,
    headers: { 'If-None-Match': v.optional(EntityTags) },
    answers: {
      200: { description: 'The activity', headers: ['ETag'], content: json('FoundActivity') },
      304: { description: 'The client has it already', headers: ['ETag'] },
      400: badRequest,
      404: notFound,
    },
  },
  {
    id: 'getContext',
    method: 'get',
    path: '/logs/{id}/context',
    tag: 'Look',
    summary: 'See what the same user did just before and after',
    inPath,
    query: ContextParameters.entries,
    answers: {
      200: { description: 'The activity and those around it', content: json('ContextAnswer') },
      400: badRequest,
      404: notFound,
    },
  },
  {
    id: 'countActivities',
    method: 'get',
    path: '/stats',
    tag: 'Look',
    summary: 'Count what matches, by name or by time',
    query: { ...filterParameters, ...statsParameters },
    takesMetadata: true,
    answers: { 200: { description: 'The counts', content: json('StatsAnswer') }, 400: tooBroad },
  },
  {
    id: 'exportActivities',
    method: 'get',
    path: '/export',
    tag: 'Look',
    summary: 'Export everything that matches',
    description:
      'Streams all of it, of one moment, compressed for clients that would rather have gzip. A failure in the middle breaks ' +
      'the transfer off: a file that ends is whole. In CSV an apostrophe stands before what a spreadsheet would take for a formula.',
    query: { ...filterParameters, ...exportParameters },
    takesMetadata: true,
    answers: {
      200: {
        description: 'The file',
        headers: ['Content-Disposition'],
        content: {
          ...textual('text/csv', 'RFC 4180: id, userId, action, timestamp, recordedAt, metadata as JSON'),
          ...textual('application/x-ndjson', 'One activity a line'),
        },
      },
      400: tooBroad,
    },
  },
  {
    id: 'followActivities',
    method: 'get',
    path: '/live',
    tag: 'Look',
    summary: 'Follow what is stored from now on',
    description:
      'Server-sent events in the order of arrival: activity, with an activity as data; left-out, with the count of records that ' +
      'a slow client is not told. The id of each resumes exactly after it. A stream ends after 50 s, and its client goes on with another one.',
    query: filterParameters,
    takesMetadata: true,
    headers: { 'Last-Event-ID': v.optional(Moment) },
    answers: {
      200: { description: 'A stream of events', content: textual('text/event-stream', 'Server-sent events') },
      400: badRequest,
    },
  },
  {
    id: 'getReceipt',
    method: 'get',
    path: '/receipts/{receipt}',
    tag: 'Make sure',
    summary: 'Ask what became of a record, waiting for it',
    inPath: { receipt: v.pipe(receipt, v.metadata({ examples: ['AQAAAAAAAAAAAAAAAaIQMHYH'] })) },
    query: receiptParameters,
    answers: {
      200: { description: 'Its outcome; pending while it is on its way', content: json('ReceiptAnswer') },
      400: badRequest,
    },
  },
  {
    id: 'getLedger',
    method: 'get',
    path: '/ledger',
    tag: 'Make sure',
    summary: 'Account for every record',
    answers: {
      200: { description: 'The ledger, by partition of the queue', content: json('LedgerAnswer') },
      400: badRequest,
    },
  },
]
