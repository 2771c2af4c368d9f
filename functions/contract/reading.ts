import { exportParameters } from '@activity-log/query/export.ts'
import { filterParameters } from '@activity-log/query/filter-request.ts'
import { ContextParameters } from '@activity-log/query/get-activity.ts'
import { listParameters } from '@activity-log/query/list-request.ts'
import { TenantsParameters } from '@activity-log/query/list-tenants.ts'
import { ReceiptRequest, ReceiptsParameters, ReceiptsRequest } from '@activity-log/query/receipts.ts'
import { statsParameters } from '@activity-log/query/stats.ts'
import * as v from 'valibot'
import {
  badRequest,
  EntityTags,
  file,
  json,
  notFound,
  type Operation,
  problem,
  textual,
  tooBroad,
} from './operation.ts'

const inPath = { id: v.pipe(v.string(), v.description('The id of an activity'), v.examples(['order-981-paid'])) }
const { receipt, ...receiptParameters } = ReceiptRequest.entries
const EventId = v.pipe(
  v.string(),
  v.metadata({ pattern: '^[A-Za-z0-9_-]*$' }),
  v.description('The id of the last event received: the stream resumes after it. Browsers send it automatically'),
)

export const reading: readonly Operation[] = [
  {
    id: 'listActivities',
    method: 'get',
    path: '/logs',
    tag: 'Look',
    summary: 'List activities, page by page',
    description:
      'Pages do not move: their links lead to the log as it was when the first page was read. With receipt, the ' +
      'answer comes only once that record is stored. A search that takes too long answers what it found with ' +
      'searchedThrough, and next goes on from there.',
    query: { ...filterParameters, ...listParameters },
    takesMetadata: true,
    answers: {
      200: { description: 'A page', headers: ['Link'], content: json('ListAnswer') },
      400: tooBroad,
      504: problem('The record of the receipt is not stored yet; it is not lost', 'Retry-After'),
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
      304: { description: 'The client already has this version', headers: ['ETag'] },
      400: badRequest,
      404: notFound,
    },
  },
  {
    id: 'getContext',
    method: 'get',
    path: '/logs/{id}/context',
    tag: 'Look',
    summary: 'Get an activity and what the same user did just before and after',
    inPath,
    query: ContextParameters.entries,
    answers: {
      200: { description: 'The activity and the activities around it', content: json('ContextAnswer') },
      400: badRequest,
      404: notFound,
    },
  },
  {
    id: 'countActivities',
    method: 'get',
    path: '/stats',
    tag: 'Look',
    summary: 'Count matches by name or by time',
    description: 'Names are listed page by page: next leads to those that follow.',
    query: { ...filterParameters, ...statsParameters },
    takesMetadata: true,
    answers: { 200: { description: 'The counts', content: json('StatsAnswer') }, 400: tooBroad },
  },
  {
    id: 'exportActivities',
    method: 'get',
    path: '/export',
    tag: 'Look',
    summary: 'Export every match',
    description:
      'Streams every match in one snapshot, compressed for clients that prefer gzip. If an export fails midway, the ' +
      'connection is reset, so a download that ends normally is complete. In CSV, text that a spreadsheet would run ' +
      'as a formula gets a leading apostrophe.',
    query: { ...filterParameters, ...exportParameters },
    takesMetadata: true,
    answers: {
      200: {
        description: 'The file',
        headers: ['Content-Disposition'],
        content: {
          ...file('text/csv', 'RFC 4180: id, userId, action, timestamp, recordedAt, metadata as JSON'),
          ...file('application/x-ndjson', 'One activity per line'),
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
    summary: 'Follow new activities as they are stored',
    description:
      'Streams server-sent events in order of arrival. The data of an activity event is an activity; the data of a ' +
      'left-out event is the count of records that a slow client missed; position events come first and then every ' +
      '10 s. A client resumes exactly after any event whose id it sends as Last-Event-ID. A stream ends after 50 s; the ' +
      'client then opens another one. To a request that accepts text/event-stream, a temporary failure is a stream that ' +
      'ends at once and says retry: 5000, because browsers give up after a 503.',
    query: filterParameters,
    takesMetadata: true,
    headers: { 'Last-Event-ID': v.optional(EventId) },
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
    summary: 'Get the outcome of a record, and wait for it if necessary',
    inPath: { receipt: v.pipe(receipt, v.metadata({ examples: ['AQAAAAAAAAAAAAAAAaIQMHYH'] })) },
    query: receiptParameters,
    answers: {
      200: { description: 'The outcome; pending while the record is in flight', content: json('ReceiptAnswer') },
      400: badRequest,
    },
  },
  {
    id: 'getReceipts',
    method: 'post',
    path: '/receipts',
    tag: 'Make sure',
    summary: 'Get the outcomes of up to 1,000 records, and wait for them if necessary',
    query: ReceiptsParameters.entries,
    body: {
      required: true,
      content: json(ReceiptsRequest, { one: { value: { receipts: ['AQAAAAAAAAAAAAAAAaIQMHYH'] } } }),
    },
    answers: {
      200: { description: 'The outcomes; pending for records in flight', content: json('ReceiptsAnswer') },
      400: badRequest,
      413: problem('The body is too large'),
      415: problem('The content encoding is not supported', 'Accept-Encoding'),
    },
  },
  {
    id: 'listTenants',
    method: 'get',
    path: '/tenants',
    tag: 'Make sure',
    summary: 'List the tenants that have a key or an activity',
    query: TenantsParameters.entries,
    answers: { 200: { description: 'A page', content: json('TenantsAnswer') }, 400: badRequest },
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
