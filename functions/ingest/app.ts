import { type Access, accessOptions } from '@activity-log/shared/access/access.ts'
import { checkActivity } from '@activity-log/shared/activity.ts'
import { activityRecorded, type EventRecord, toRecord } from '@activity-log/shared/activity-recorded.ts'
import type { Broker } from '@activity-log/shared/broker/broker.ts'
import { ownerOf } from '@activity-log/shared/broker/record-owner.ts'
import type { Checked } from '@activity-log/shared/checked.ts'
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
import { inSteps } from '@activity-log/shared/steps.ts'
import type { Accepted, PostResult } from './answers.ts'
import { createArrivals, newSalt } from './arrivals.ts'
import { ownActivityRoutes } from './own-activities.ts'
import type { Mapped } from './read-mapped.ts'
import { readerOf } from './read-posted.ts'
import { type Entries, type Entry, type One, type Reception, type Recording, recordPosted } from './record-posted.ts'

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

/** What became of many activities. */
type Outcomes = {
  results: readonly PostResult[]
  accepted: number
  invalid: number
  unavailable: number
  /** Why one is unavailable. */
  cause: unknown
  /** Whether sending all again stores none a second time, because the id of each came with it. */
  isSafeToRepeat: boolean
}

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

  const recording: Recording = { now, newId, arrive }
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
    const { basePath, caller, spend, log } = request
    const mapped = request.url.includes('?') ? (await import('./read-mapped.ts')).readMapped(request.url) : undefined
    const posted = await readRequest(request, onlyMany, mapped)
    if (!posted.many) return acceptOne(posted, { basePath, caller })
    spend(posted.entries.length - 1)
    return answerMany(await acceptAll(posted.entries), log)
  }

  /** A function of its own, so that only the text of the records stays in memory while they wait to be published. */
  function readRequest(request: ServiceRequest, onlyMany: boolean, mapped?: Mapped): Promise<Entries> {
    const startedAt = now()
    const { maxBytes, read } = readerOf(request, { receivedAt: startedAt, mapped }, onlyMany)
    const traceparent = validTraceparent(request.header('traceparent'))
    const { tenant } = request.caller
    const reception: Reception = { startedAt, tenant, traceparent }
    return request.use(maxBytes, (bytes) => {
      const reading = recordPosted(read, bytes, reception, recording)
      const pause = pausesOf(request, bytes.byteLength)
      if (bytes.byteLength <= largeBytes) return inSteps(reading, pause)
      // many at once would be read for nothing, since there would be no room for what they contain
      return publishing.roomFor(tenant).then(() => inSteps(reading, pause))
    })
  }

  async function acceptOne(
    { entry, isEvent }: One,
    from: Pick<ServiceRequest, 'basePath' | 'caller'>,
  ): Promise<Answer> {
    const { id, timestamp, recordedAt, event } = entry
    let position: Position
    try {
      position = await publishing.add(event)
    } catch (cause) {
      const fact = 'It is unknown whether the activity was stored.'
      throw unavailable(`${fact} Send it again with the same id (${id}). ${storedOnce}`, cause, { fact })
    }
    const body: Accepted = { id, timestamp, receipt: toReceipt({ position, recordedAt }) }
    const headers = { Location: linkFrom(from, `/logs/${encodeURIComponent(id)}`) }
    return isEvent ? acceptedEvent(body, headers) : { status: 202, headers, body }
  }

  async function acceptAll(entries: readonly Checked<Entry>[]): Promise<Outcomes> {
    const records = entries.flatMap((entry) => (entry.ok ? entry.value.event : []))
    const published = (await publishing.addAll(records)).values()
    const outcomes: Outcomes = {
      results: [],
      accepted: 0,
      invalid: 0,
      unavailable: 0,
      cause: undefined,
      isSafeToRepeat: true,
    }
    outcomes.results = entries.map((entry, index): PostResult => {
      if (!entry.ok) {
        outcomes.invalid++
        return { index, status: 'invalid', errors: entry.errors }
      }
      const { id, recordedAt, isOwn } = entry.value
      outcomes.isSafeToRepeat &&= isOwn
      const outcome = published.next().value as PromiseSettledResult<Position>
      if (outcome.status === 'fulfilled') {
        outcomes.accepted++
        return { index, status: 'accepted', id, receipt: toReceipt({ position: outcome.value, recordedAt }) }
      }
      outcomes.unavailable++
      outcomes.cause ??= outcome.reason
      return { index, status: 'unavailable', id }
    })
    return outcomes
  }

  function answerMany({ results, accepted, invalid, unavailable, cause, isSafeToRepeat }: Outcomes, log: Log): Answer {
    const members = { results }
    if (invalid === results.length) {
      throw new Problem('invalid-input', 'None of the activities is valid; see results for the errors.', { members })
    }
    const headers: { [name: string]: string } = unavailable > 0 ? { 'retry-after': '1' } : {}
    // many clients take any 2xx as done, so they get one only if sending all again would store some a second time
    if (unavailable > 0 && (accepted === 0 || isSafeToRepeat)) {
      const outcome = accepted > 0 ? 'some of the activities were stored' : 'the activities were stored'
      const detail = `It is unknown whether ${outcome}. Send them again with their ids. ${storedOnce}`
      throw new Problem('unavailable', detail, { members, headers, cause })
    }
    if (cause) log.error({ err: cause, activities: unavailable }, 'activities could not be published')
    return { status: accepted === results.length ? 202 : 207, headers, body: members }
  }
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
