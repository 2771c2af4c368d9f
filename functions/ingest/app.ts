import type { SentActivity } from '@activity-log/shared/activity.ts'
import {
  type ActivityRecorded,
  activityRecorded,
  type EventRecord,
  toRecord,
} from '@activity-log/shared/activity-recorded.ts'
import type { Broker } from '@activity-log/shared/broker/broker.ts'
import { type Checked, type InputError, valid } from '@activity-log/shared/checked.ts'
import { createGroupCommit } from '@activity-log/shared/group-commit.ts'
import type { Answer } from '@activity-log/shared/http/answer.ts'
import { refuseParameters } from '@activity-log/shared/http/parameters.ts'
import { Problem, unavailable } from '@activity-log/shared/http/problem.ts'
import type { ServiceRequest } from '@activity-log/shared/http/route.ts'
import { createService, type Service } from '@activity-log/shared/http/service.ts'
import type { Log } from '@activity-log/shared/log.ts'
import { createGroupMetrics } from '@activity-log/shared/metrics.ts'
import { toReceipt } from '@activity-log/shared/receipt.ts'
import type { Accepted } from './answers.ts'
import { type Posted, readPosted } from './read-posted.ts'

export type IngestDependencies = {
  broker: Pick<Broker, 'publish'>
  log: Log
  now: () => Date
  newId: () => string
  /**
   * How long a client waits for the acknowledgement before it gets a 503. The activity may still be stored after that;
   * sending it again with the same id is safe.
   */
  deadlineMs?: number
  /**
   * Once this many records wait, they leave in a second batch beside the one in flight. Without this setting they wait
   * until that one is acknowledged.
   */
  secondFrom?: number
}

type Result =
  | { index: number; status: 'accepted'; id: string; receipt: string }
  | { index: number; status: 'invalid'; errors: readonly InputError[] }
  | { index: number; status: 'unavailable'; id: string; cause: unknown }

const mebibyte = 1024 * 1024

/** Accepts activities and answers 202 once they are durable. */
export function createApp(dependencies: IngestDependencies): Service {
  const { broker, log, now, newId, deadlineMs = 5_000, secondFrom } = dependencies
  const metrics = createGroupMetrics('ingest')
  const publish = createGroupCommit((records: readonly EventRecord[]) => broker.publish(records), {
    maxItems: 500,
    maxBytes: mebibyte / 2,
    maxWaitingItems: 20_000,
    maxWaitingBytes: 32 * mebibyte,
    sizeOf: recordBytes,
    deadlineMs,
    secondFrom,
    onGroup: metrics.onGroup,
  })

  return createService({ log, metrics: metrics.text, routes: { 'POST /logs': { scope: 'write', handle: take } } })

  async function take(request: ServiceRequest): Promise<Answer> {
    refuseParameters(request.url)
    const receivedAt = now()
    const traceparent = validTraceparent(request.header('traceparent'))
    const record = (sent: SentActivity) =>
      activityRecorded(sent, { tenant: request.caller.tenant, receivedAt, newId, traceparent })

    // while records wait to be published, only their text is in memory
    const posted = toEntries(await readPosted(request, receivedAt), record)
    if (posted.many) {
      const results = await Promise.all(posted.entries.map((entry, index) => acceptOne(entry, index, receivedAt)))
      return answerMany(results, request.log)
    }
    const { id, timestamp, event } = posted.entry
    const position = await publish(event).catch((cause) => {
      const detail = `It is unknown whether the activity was stored. Send it again with the same id (${id}).`
      throw unavailable(`${detail} ${storedOnce}`, cause)
    })
    const body: Accepted = { id, timestamp, receipt: toReceipt({ position, recordedAt: receivedAt }) }
    return { status: 202, headers: { Location: `/logs/${encodeURIComponent(id)}` }, body }
  }

  async function acceptOne(entry: Checked<Entry>, index: number, recordedAt: Date): Promise<Result> {
    if (!entry.ok) return { index, status: 'invalid', errors: entry.errors }
    const { id, event } = entry.value
    try {
      const position = await publish(event)
      return { index, status: 'accepted', id, receipt: toReceipt({ position, recordedAt }) }
    } catch (cause) {
      return { index, status: 'unavailable', id, cause }
    }
  }

  function answerMany(results: readonly Result[], log: Log): Answer {
    const unavailable = results.filter((result) => result.status === 'unavailable')
    const count = (status: Result['status']) => results.filter((result) => result.status === status).length
    const members = { results: results.map(({ cause: _cause, ...result }: Result & { cause?: unknown }) => result) }
    const headers: { [name: string]: string } = unavailable.length > 0 ? { 'retry-after': '1' } : {}
    const cause = unavailable[0]?.cause
    if (count('invalid') === results.length) {
      throw new Problem('invalid-input', 'None of the activities is valid; see results for the errors.', { members })
    }
    if (unavailable.length === results.length) {
      const detail = `It is unknown whether the activities were stored. Send them again with their ids. ${storedOnce}`
      throw new Problem('unavailable', detail, { members, headers, cause })
    }
    if (cause) log.error({ err: cause, activities: unavailable.length }, 'activities could not be published')
    return { status: count('accepted') === results.length ? 202 : 207, headers, body: members }
  }
}

/** An activity as it is published. */
type Entry = { id: string; timestamp: string; event: EventRecord }
type Entries = { many: false; entry: Entry } | { many: true; entries: readonly Checked<Entry>[] }

function toEntries(posted: Posted, record: (sent: SentActivity) => ActivityRecorded): Entries {
  const toEntry = (sent: SentActivity): Entry => {
    const recorded = record(sent)
    const { id, timestamp } = recorded.activity
    return { id, timestamp, event: toRecord(recorded) }
  }
  if (!posted.many) return { many: false, entry: toEntry(posted.activity) }
  return { many: true, entries: posted.activities.map((sent) => (sent.ok ? valid(toEntry(sent.value)) : sent)) }
}

const storedOnce = 'An activity is never stored twice.'

function recordBytes({ headers, value }: EventRecord): number {
  let bytes = Buffer.byteLength(value)
  for (const name in headers) bytes += name.length + (headers[name] as string).length
  return bytes
}

/** Drops a header that is malformed according to W3C Trace Context. */
function validTraceparent(header: string | undefined): string | undefined {
  return header !== undefined && /^[\da-f]{2}-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/.test(header) ? header : undefined
}
