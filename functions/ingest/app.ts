import { type Access, accessOptions } from '@activity-log/shared/access/access.ts'
import { checkActivity } from '@activity-log/shared/activity.ts'
import {
  type ActivityRecorded,
  activityRecorded,
  type EventRecord,
  toRecord,
} from '@activity-log/shared/activity-recorded.ts'
import type { Broker } from '@activity-log/shared/broker/broker.ts'
import { ownerOf } from '@activity-log/shared/broker/record-owner.ts'
import { type Checked, type InputError, valid } from '@activity-log/shared/checked.ts'
import { createGroupCommit } from '@activity-log/shared/group-commit.ts'
import type { Answer } from '@activity-log/shared/http/answer.ts'
import { largeBytes } from '@activity-log/shared/http/body-room.ts'
import { linkFrom } from '@activity-log/shared/http/named-tenant.ts'
import { Problem, unavailable } from '@activity-log/shared/http/problem.ts'
import type { Routes, ServiceRequest } from '@activity-log/shared/http/route.ts'
import { createService, type Service } from '@activity-log/shared/http/service.ts'
import type { Log } from '@activity-log/shared/log.ts'
import { createGroupMetrics } from '@activity-log/shared/metrics.ts'
import type { OwnActivity, PublishOwn } from '@activity-log/shared/own-activity.ts'
import { type Position, toReceipt } from '@activity-log/shared/receipt.ts'
import { inSteps, type Steps } from '@activity-log/shared/steps.ts'
import type { Accepted, PostResult } from './answers.ts'
import { type Arrival, createArrivals, newSalt } from './arrivals.ts'
import { ownActivityRoutes } from './own-activities.ts'
import type { PostedActivity } from './posted-items.ts'
import { type ReadPosted, readerOf } from './read-posted.ts'

export type IngestDependencies = {
  broker: Pick<Broker, 'publish' | 'hasRoom'>
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
  /** How many bytes of records may wait for one tenant. */
  maxWaitingBytes?: number
  basePath?: string
  /** Without it, everybody may do everything. */
  access?: Access | undefined
}

/** `isOwn` tells whether the id came with the activity: then it is safe to send it again. */
type Result =
  | { index: number; status: 'accepted'; id: string; receipt: string; isOwn: boolean }
  | { index: number; status: 'invalid'; errors: readonly InputError[] }
  | { index: number; status: 'unavailable'; id: string; isOwn: boolean; cause: unknown }

const mebibyte = 1024 * 1024

/** Accepts activities and answers 202 once they are durable. */
export function createApp(dependencies: IngestDependencies): Service & { publishOwn: PublishOwn } {
  const { broker, log, now, newId, deadlineMs = 5_000, secondFrom, basePath = '', access } = dependencies
  const { maxWaitingBytes = 32 * mebibyte } = dependencies
  const metrics = createGroupMetrics('ingest')
  const arrive = createArrivals()
  const publishing = createGroupCommit((records: readonly EventRecord[]) => broker.publish(records), {
    maxItems: 500,
    maxBytes: mebibyte / 2,
    maxWaitingItems: 20_000,
    maxWaitingBytes,
    sizeOf: recordBytes,
    ownerOf,
    hasRoom: broker.hasRoom,
    deadlineMs,
    secondFrom,
    onGroup: metrics.onGroup,
  })

  const routes: Routes = {
    'POST /logs': { scope: 'write', handle: (request) => take(request, false) },
    'POST /logs/batch': { scope: 'write', handle: (request) => take(request, true) },
    ...ownActivityRoutes(publishOwn, now),
  }
  return { ...createService({ log, basePath, routes, ...accessOptions(access, metrics.text) }), publishOwn }

  async function publishOwn({ tenant, activity }: OwnActivity): Promise<void> {
    // otherwise it would become a dead letter, and what it records would be done all the same
    const { ok } = checkActivity(activity, now())
    if (!ok) throw new Error(`The record ${activity.id} of the use of the log cannot be stored`)
    const event = activityRecorded(activity, { tenant, ...arrive(now()), salt: newSalt(), newId })
    await publishing.add(toRecord(event))
  }

  async function take(request: ServiceRequest, onlyMany: boolean): Promise<Answer> {
    const mapped = request.url.includes('?') ? (await import('./read-mapped.ts')).readMapped(request.url) : undefined
    const startedAt = now()
    const { maxBytes, read } = readerOf(request, { receivedAt: startedAt, mapped }, onlyMany)
    const traceparent = validTraceparent(request.header('traceparent'))
    const { tenant } = request.caller
    const recording: Recording = {
      // taken once the body has arrived, since completeness depends on how soon after its receipt a record is
      // acknowledged
      receivedAt: () => {
        const readAt = now()
        // if the clock was set back meanwhile, its time could put a timestamp that passed the check too far ahead
        return readAt > startedAt ? readAt : startedAt
      },
      arrive,
      record: (sent, { receivedAt, sequence }) => {
        const { isCloudEvent } = sent
        const salt = newSalt()
        return activityRecorded(sent, { tenant, receivedAt, sequence, salt, newId, traceparent, isCloudEvent })
      },
    }

    // while records wait to be published, only their text is in memory
    const posted = await request.use(maxBytes, (bytes) => {
      const readAll = () => inSteps(readEntries(read(bytes), recording), pausesOf(request, bytes.byteLength))
      // many at once would be read for nothing, since there would be no room for what they contain
      return bytes.byteLength > largeBytes ? publishing.roomFor(tenant).then(readAll) : readAll()
    })
    if (posted.many) {
      request.spend(posted.entries.length - 1)
      return answerMany(await acceptAll(posted.entries), request.log)
    }
    const { id, timestamp, recordedAt, event } = posted.entry
    const position = await publishing.add(event).catch((cause) => {
      const fact = 'It is unknown whether the activity was stored.'
      throw unavailable(`${fact} Send it again with the same id (${id}). ${storedOnce}`, cause, { fact })
    })
    const body: Accepted = { id, timestamp, receipt: toReceipt({ position, recordedAt }) }
    const headers = { Location: linkFrom(request, `/logs/${encodeURIComponent(id)}`) }
    return posted.isEvent ? acceptedEvent(body, headers) : { status: 202, headers, body }
  }

  async function acceptAll(entries: readonly Checked<Entry>[]): Promise<Result[]> {
    const records = entries.flatMap((entry) => (entry.ok ? entry.value.event : []))
    const outcomes = (await publishing.addAll(records)).values()
    return entries.map((entry, index) => {
      if (!entry.ok) return { index, status: 'invalid', errors: entry.errors }
      const { id, recordedAt, isOwn } = entry.value
      const outcome = outcomes.next().value as PromiseSettledResult<Position>
      if (outcome.status === 'rejected') return { index, status: 'unavailable', id, isOwn, cause: outcome.reason }
      return { index, status: 'accepted', id, receipt: toReceipt({ position: outcome.value, recordedAt }), isOwn }
    })
  }

  function answerMany(results: readonly Result[], log: Log): Answer {
    const members = { results: results.map(resultOf) }
    const [invalid, unavailable] = [withStatus(results, 'invalid'), withStatus(results, 'unavailable')]
    const [accepted] = withStatus(results, 'accepted')
    if (invalid.length === results.length) {
      throw new Problem('invalid-input', 'None of the activities is valid; see results for the errors.', { members })
    }
    const headers: { [name: string]: string } = unavailable.length > 0 ? { 'retry-after': '1' } : {}
    const cause = unavailable[0]?.cause
    // many clients take any 2xx as done, so they get one only if sending all again would store some a second time
    const isSafeToRepeat = results.every((result) => result.status === 'invalid' || result.isOwn)
    if (unavailable.length > 0 && (accepted === undefined || isSafeToRepeat)) {
      const outcome = accepted ? 'some of the activities were stored' : 'the activities were stored'
      const detail = `It is unknown whether ${outcome}. Send them again with their ids. ${storedOnce}`
      throw new Problem('unavailable', detail, { members, headers, cause })
    }
    if (cause) log.error({ err: cause, activities: unavailable.length }, 'activities could not be published')
    return { status: invalid.length + unavailable.length === 0 ? 202 : 207, headers, body: members }
  }
}

const withStatus = <Status extends Result['status']>(results: readonly Result[], status: Status) =>
  results.filter((result): result is Extract<Result, { status: Status }> => result.status === status)

/** The members of a result that the client sees. */
function resultOf(result: Result): PostResult {
  if (result.status === 'invalid') return result
  const { index, status, id } = result
  return result.status === 'accepted' ? { index, status, id, receipt: result.receipt } : { index, status, id }
}

/**
 * The answer has no body, because a Knative broker takes any body for a CloudEvent, and sends the event again if the
 * body is not one.
 */
function acceptedEvent({ id, receipt }: Accepted, headers: { Location: string }): Answer {
  return {
    status: 202,
    headers: { ...headers, 'Activity-Id': id, 'Activity-Receipt': receipt, 'content-length': '0' },
  }
}

/** An activity as it is published. `isOwn` tells whether the id came with it. */
type Entry = { id: string; timestamp: string; recordedAt: Date; event: EventRecord; isOwn: boolean }
type Entries = { isEvent: boolean } & (
  | { many: false; entry: Entry }
  | { many: true; entries: readonly Checked<Entry>[] }
)

/** How activities that were read become records. */
type Recording = {
  receivedAt: () => Date
  arrive: (receivedAt: Date) => Arrival
  record: (sent: PostedActivity, arrival: Arrival) => ActivityRecorded
}

function* readEntries(reading: Steps<ReadPosted>, { receivedAt, arrive, record }: Recording): Steps<Entries> {
  yield
  const posted = yield* reading
  const { isEvent } = posted
  const at = receivedAt()
  if (!posted.many)
    return { isEvent, many: false, entry: toEntry(posted.activity, record(posted.activity, arrive(at))) }
  // all of a request arrive before a pause, so that other requests cannot come in between
  const arrived = posted.activities.map((sent) => (sent.ok ? { sent: sent.value, arrival: arrive(at) } : sent))
  const entries: Checked<Entry>[] = []
  for (const each of arrived) {
    yield
    entries.push('sent' in each ? valid(toEntry(each.sent, record(each.sent, each.arrival))) : each)
  }
  return { isEvent, many: true, entries }
}

function toEntry(sent: PostedActivity, recorded: ActivityRecorded): Entry {
  const { activity, recordedAt } = recorded
  const { id, timestamp } = activity
  return { id, timestamp, recordedAt, event: toRecord(recorded), isOwn: sent.id !== undefined }
}

/** All of a small body is read at once, when it has its turn: that takes less than a millisecond. */
const smallBytes = 4 * 1024

/**
 * Long work for a request pauses when others should have their turn, and ends when the client goes away. Large bodies are
 * used one after another, so others wait for one of them.
 */
function pausesOf({ turn, gone }: ServiceRequest, bytes: number): () => Promise<void> | undefined {
  let left: AbortSignal | undefined
  let hasBegun = false
  return () => {
    const next = hasBegun && bytes <= smallBytes ? undefined : turn(bytes > largeBytes ? 'awaited' : undefined)
    hasBegun = true
    if (!next) return undefined
    left ??= gone()
    return next.then(() => {
      if (left?.aborted) throw clientLeft()
    })
  }
}

const clientLeft = () => new Problem('invalid-input', 'The connection was closed before the body was read.')

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
