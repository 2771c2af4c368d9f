import { type Access, accessOptions } from '@activity-log/shared/access/access.ts'
import { type Acts, nothingRecorded } from '@activity-log/shared/access/acts.ts'
import { readActivityRecorded } from '@activity-log/shared/activity-recorded.ts'
import { kafkaDefaults } from '@activity-log/shared/broker/kafka-config.ts'
import type { InputError } from '@activity-log/shared/checked.ts'
import type { Headers } from '@activity-log/shared/cloud-event.ts'
import { readClaims } from '@activity-log/shared/delivery-headers.ts'
import { createGroupCommit } from '@activity-log/shared/group-commit.ts'
import type { Answer } from '@activity-log/shared/http/answer.ts'
import type { Authenticate } from '@activity-log/shared/http/caller.ts'
import type { ServiceRequest } from '@activity-log/shared/http/route.ts'
import { createService, type Service } from '@activity-log/shared/http/service.ts'
import type { Log } from '@activity-log/shared/log.ts'
import { createGroupMetrics } from '@activity-log/shared/metrics.ts'
import { isOwn } from '@activity-log/shared/own-name.ts'
import type { RecordedActivity } from '@activity-log/shared/store/activities.ts'
import type { DeadLetter } from '@activity-log/shared/store/dead-letters.ts'
import type { ActivityStore } from '@activity-log/shared/store/store.ts'
import { operatingRoutes } from './operate.ts'
import { orUnavailable } from './or-unavailable.ts'
import {
  eventHeaders,
  readDeadLetterPosition,
  readDelivery,
  readFirstPosition,
  rejectDamaged,
  whyUndelivered,
} from './read-delivery.ts'
import { hasOtherContent, hasTakenKey, isSuspended } from './record-errors.ts'

export type PersistDependencies = {
  store: Pick<ActivityStore, 'save' | 'deadLetter' | 'getDeadLetter' | 'resolve'>
  log: Log
  now: () => Date
  /** The topics that records and dead letters come from; a position is a place in one of them. */
  topics?: { records: string; deadLetters: string }
  /** How long the dispatcher waits for an answer before it gets a 503. It then delivers again, which is safe. */
  deadlineMs?: number
  /** Precedes `access`, which it may ask. */
  authenticate?: Authenticate | undefined
  basePath?: string
  /** Without it, everybody may do everything. */
  access?: Access | undefined
  acts?: Acts
}

const defaultTopics = { records: kafkaDefaults.topic, deadLetters: kafkaDefaults.deadLetterTopic }

/** The maximum that a broker accepts for the value of a record, and for its headers. */
export const maxRecordBytes = 2 * 1024 * 1024

/** Larger groups would keep the process from answering others while they are saved: a record may take 50 µs. */
const maxGroupItems = 200
const maxGroupBytes = 128 * 1024
type Sized = { activity: RecordedActivity; bytes: number }

/**
 * Takes one CloudEvent per request, as KafkaSource delivers them, and saves its activity. A record that can never be
 * saved becomes a dead letter and gets a 204, because KafkaSource would only deliver it again, as it does after a 503.
 * A 400 means that the request is not a CloudEvent, or that its envelope was damaged on the way; KafkaSource then makes
 * a dead letter of its own. A second KafkaSource delivers those to /undelivered, and they are kept with the others.
 */
export function createApp({
  store,
  log,
  now,
  topics = defaultTopics,
  deadlineMs = 10_000,
  authenticate,
  basePath = '',
  access,
  acts = nothingRecorded,
}: PersistDependencies): Service {
  const metrics = createGroupMetrics('persist')
  const groups = {
    maxItems: maxGroupItems,
    maxBytes: maxGroupBytes,
    // each dispatcher has at most 99 requests in flight
    maxWaitingItems: 10_000,
    maxWaitingBytes: Number.POSITIVE_INFINITY,
    deadlineMs,
  }
  const saveAll = (sized: readonly Sized[]) => store.save(sized.map(({ activity }) => activity))
  const { add: save } = createGroupCommit(saveAll, {
    ...groups,
    sizeOf: ({ bytes }) => bytes,
    onGroup: metrics.onGroup,
  })
  // all that a suspended tenant has in the queue becomes dead letters, while the records of others wait behind it
  const { add: keep } = createGroupCommit(keepAll, { ...groups, sizeOf: ({ body }) => body.byteLength })

  return createService({
    log,
    basePath,
    ...accessOptions(access, metrics.text),
    // a dispatcher would repeat what gets a 429, and each replay is a request of its own
    around: [],
    ...(authenticate && { authenticate }),
    routes: {
      'POST /': { scope: 'deliver', handle: take, timeoutMs: deadlineMs },
      'POST /undelivered': { scope: 'deliver', handle: takeDeadLetter, timeoutMs: deadlineMs },
      ...operatingRoutes({ store, now, isSuspended: access?.isSuspended, timeoutMs: deadlineMs, acts }),
    },
  })

  async function take(request: ServiceRequest): Promise<Answer> {
    const body = await request.bytes(maxRecordBytes)
    const wait = request.turn()
    if (wait) await wait
    const headers = request.headers()
    const delivery = readDelivery(headers, body)
    rejectDamaged(delivery)
    const { event, position } = delivery
    const recorded = event.ok ? readActivityRecorded(event.value) : event
    const deadLetter = (reason: DeadLetter['reason'], errors: readonly InputError[]) =>
      saveDeadLetter({ topic: topics.records, reason, errors, position, ...asReceived(headers, body) }, request.log)

    if (!recorded.ok) return deadLetter('rejected', recorded.errors)
    const { tenant, activity } = recorded.value
    // what the log records about its own use is kept for those who suspended the tenant
    if (access?.isSuspended(tenant) && !isOwn(activity.action)) return deadLetter('rejected', [isSuspended])
    const saved = save({ activity: { ...recorded.value, position }, bytes: body.byteLength })
    const outcome = await orUnavailable(saved, 'The store did not save the activity.')
    if (outcome === 'conflict') return deadLetter('conflict', [hasOtherContent])
    if (outcome === 'key-taken') return deadLetter('rejected', [hasTakenKey])
    return taken
  }

  async function takeDeadLetter(request: ServiceRequest): Promise<Answer> {
    const body = await request.bytes(maxRecordBytes)
    const headers = request.headers()
    const position = readDeadLetterPosition(headers)
    const errors = [whyUndelivered(headers)]
    const firstPosition = readFirstPosition(headers)
    const letter: DeadLetter = {
      topic: topics.deadLetters,
      reason: 'undelivered',
      errors,
      position,
      ...(firstPosition && { firstPosition }),
      ...asReceived(headers, body),
    }
    return saveDeadLetter(letter, request.log)
  }

  function asReceived(headers: Headers, body: Uint8Array) {
    return { ...readClaims(headers), headers: eventHeaders(headers), body, at: now() }
  }

  async function keepAll(deadLetters: readonly DeadLetter[]): Promise<readonly DeadLetter[]> {
    await store.deadLetter(deadLetters)
    return deadLetters
  }

  async function saveDeadLetter(deadLetter: DeadLetter, log: Log): Promise<Answer> {
    await orUnavailable(keep(deadLetter), 'The store did not save the dead letter.')
    const { reason, errors, position } = deadLetter
    log.warn({ ...position, reason, errors }, 'a record became a dead letter')
    return taken
  }
}

const taken: Answer = { status: 204 }
