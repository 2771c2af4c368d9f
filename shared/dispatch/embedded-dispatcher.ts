import { setTimeout as wait } from 'node:timers/promises'
import type { EmbeddedBroker, Queue, QueuedRecord } from '../broker/embedded-broker.ts'
import { inOrder } from '../in-order.ts'
import type { Log } from '../log.ts'
import { oncePerTurn } from '../once-per-turn.ts'
import { createLimitedLog } from '../rate-limited-log.ts'
import { reasons } from '../reasons.ts'
import type { WaitingDeliveries } from '../waiting-deliveries.ts'
import { type DeliveryPolicy, deadLetterHeaders, deliver, maxPollRecords, type Retry, type Send } from './delivery.ts'
import { openRetries } from './retries.ts'
import { type Source, sinkRequest } from './sink-request.ts'

export type DispatcherOptions = {
  queue: Queue
  /**
   * Stores the dead letter of a record that was given up. Without it, such a record stays in its queue until a restart.
   */
  deadLetter?: EmbeddedBroker['deadLetter']
  send: Send
  /** The address that `send` sends to; dead letters contain it. */
  sinkUrl: string
  policy: DeliveryPolicy
  /** Delivered records are removed in groups; after a crash, some are delivered once more (KafkaSource: every 5 s). */
  settleEveryMs?: number
  log: Pick<Log, 'info' | 'warn'>
}

const source: Source = { namespace: 'local', name: 'embedded', topic: 'queue' }
const troubleDelayMs = 1000

/** A dispatcher, and the deliveries that wait for their next attempt. */
export type Dispatcher = AsyncDisposable & { waiting(): WaitingDeliveries }

/**
 * While deliveries succeed, more and more are in flight: persist saves those that arrive together in one commit, and a
 * commit waits for the disk. A failure brings them back to what KafkaSource has in flight.
 */
export const maxAtOnce = 400
/** While records are published, senders wait for their commits, too, so the deliveries get a smaller share. */
const maxBesidePublishing = 200
const quietMs = 250
/** Records may be large. While those whose first attempt has not ended have as many bytes as this, no more are taken. */
const maxBytesAtOnce = 4 * 1024 * 1024

/** Each takes about a kilobyte of memory, however small it is. */
const maxHandedOver = 2_000

/** After this many failures in a row the sink seems to be down, and nothing new is taken until a delivery succeeds. */
const maxFailures = maxPollRecords
/** While more deliveries than this wait, nothing new is taken either. */
const maxWaiting = 1_000
/** While the sink seems to be down, one new record is taken this often, since it may still be deliverable. */
const probeMs = 5_000
const listedWaiting = 20
/**
 * How many records start in one turn of the event loop, and how many bytes of them: the sink reads each at once, which
 * takes 50 µs or more.
 */
export const maxStarted = 64
const maxStartedBytes = 64 * 1024
/** How many delivered records are removed from the queue in one turn: 4 KB take 20 µs. */
const maxSettled = 256

/**
 * Delivers every record of the queue, many at a time and in no order, as an unordered KafkaSource does. Unlike with
 * Kafka's offsets, each record is settled on its own: one that waits for its retry does not delay others, even after a
 * restart, and holds none of their slots. Disposal ends the waits; deliveries that were in flight happen again after
 * the next start.
 */
export function startDispatcher({
  queue,
  deadLetter,
  send,
  sinkUrl,
  policy,
  log: whole,
  settleEveryMs = 1000,
}: DispatcherOptions): Dispatcher {
  const stop = new AbortController()
  const inFlight = inOrder<Promise<void>>()
  const retries = openRetries(stop.signal)
  const log = createLimitedLog(whole)
  /** The records whose first attempt has not ended. */
  let fresh = 0
  let freshBytes = 0
  let atOnce = maxPollRecords
  let publishedAt = Number.NEGATIVE_INFINITY
  let failures = 0
  let probeAt = 0
  let nextOffset = 0
  let settled: number[] = []
  let settling: NodeJS.Timeout | undefined
  const settleSoon = oncePerTurn(() => settleSome())
  const handed = createHandedOver()

  /** Retries work that fails only when the disk is in trouble, until it succeeds or the dispatcher stops. */
  async function persevere(what: string, work: () => void) {
    for (;;) {
      try {
        return work()
      } catch (error) {
        log.warn({ err: error }, `the queue could not ${what}; retrying`)
        await wait(troubleDelayMs, undefined, { signal: stop.signal })
      }
    }
  }

  let filling = false
  /** Whether the queue may have records that must be read first. While it is set, none is handed over. */
  let mayHaveMore = true
  async function fill() {
    if (filling) return
    filling = true
    try {
      for (let room = roomForNew(); room > 0 && !stop.signal.aborted; room = roomForNew()) {
        const records = mayHaveMore ? await readNext(room) : handed.take(room)
        if (records.length === 0 && !mayHaveMore) break
        records.forEach(start)
        // others need their turns
        await new Promise(setImmediate)
      }
    } finally {
      filling = false
    }
  }
  async function readNext(room: number): Promise<readonly QueuedRecord[]> {
    let records: readonly QueuedRecord[] = []
    await persevere('be read', () => {
      records = queue.read(nextOffset, Math.min(room, maxStarted), maxStartedBytes)
      // a read that failed leaves it set, since nothing may be handed over before what is there is read
      mayHaveMore = records.length > 0
    })
    return records
  }
  /** How many new records may be taken. */
  function roomForNew(): number {
    if (fresh >= atOnce || freshBytes >= maxBytesAtOnce || retries.count() >= maxWaiting) return 0
    if (failures < maxFailures) return atOnce
    if (fresh > 0 || performance.now() < probeAt) return 0
    probeAt = performance.now() + probeMs
    return 1
  }
  const probing = setInterval(() => failures >= maxFailures && refill(), probeMs)
  probing.unref()

  const refill = () => void fill().catch(ignoreAbort)

  function start(record: QueuedRecord) {
    nextOffset = record.position.offset + 1
    fresh++
    freshBytes += record.value.byteLength
    const delivery = dispatch(record)
      .catch(ignoreAbort)
      .finally(() => {
        inFlight.remove(place)
        retries.forget(record.position)
        refill()
      })
    const place = inFlight.add(delivery)
  }

  async function dispatch(record: QueuedRecord) {
    const { position, headers, value } = record
    const request = sinkRequest({ ...position, headers, value }, source)
    // a record that is not a CloudEvent is wrapped in a new one, which would lose its original position
    const { ce_recordpartition: partition, ce_recordoffset: offset } = headers
    if (partition && offset)
      Object.assign(request.headers, { 'ce-recordpartition': partition, 'ce-recordoffset': offset })
    let isFresh = true
    const delivery = await deliver(request, {
      send,
      sinkUrl,
      policy,
      signal: stop.signal,
      onAttempt(outcome) {
        if (isFresh) {
          fresh--
          freshBytes -= value.byteLength
        } else retries.attempted()
        isFresh = false
        failures = outcome === 'retry' ? failures + 1 : 0
        const max = performance.now() - publishedAt > quietMs ? maxAtOnce : maxBesidePublishing
        atOnce = outcome === 'retry' ? maxPollRecords : Math.min(atOnce + 1, max)
        if (failures === maxFailures) probeAt = performance.now() + probeMs
        refill()
      },
      untilRetry(retry) {
        const fields = { ...position, ...retry, waiting: retries.count() + 1 }
        log.info(fields, 'a delivery will be retried')
        return retries.wait(position, retry.attempt, retry.delayMs, reasonOf(retry))
      },
    })
    if (delivery.delivered) return settle(position.offset)
    if (!deadLetter)
      return log.warn(
        { ...position, ...delivery.extensions },
        'persist did not accept a dead letter; it stays in the queue',
      )
    log.warn({ ...position, ...delivery.extensions }, 'a record became a dead letter')
    const further = deadLetterHeaders(request, delivery.extensions)
    await persevere('take a dead letter', () => deadLetter(record, further))
  }

  function settle(offset: number) {
    settled.push(offset)
    if (settled.length === maxSettled) settleSoon()
    settling ??= setTimeout(settleSome, settleEveryMs)
  }
  function settleSome(max = maxSettled) {
    clearTimeout(settling)
    settling = undefined
    if (settled.length === 0) return
    try {
      queue.settle(settled.slice(0, max))
      settled = settled.slice(max)
      if (settled.length > 0) settleSoon()
    } catch (error) {
      // they are delivered once more after a restart, which is harmless
      log.warn({ err: error }, 'delivered records could not be removed from the queue')
      if (!stop.signal.aborted) settling = setTimeout(settleSome, settleEveryMs)
    }
  }

  function ignoreAbort(error: unknown) {
    if (!stop.signal.aborted) throw error
  }

  queue.onPublished((published) => {
    // records may be handed over only if everything before them was read
    if (mayHaveMore || !published || !handed.add(published)) {
      handed.clear()
      mayHaveMore = true
    }
    publishedAt = performance.now()
    // the callers of publish get their answers first
    setImmediate(refill)
  })
  refill()
  return {
    waiting: () => ({ count: retries.count(), first: retries.list(listedWaiting) }),
    async [Symbol.asyncDispose]() {
      clearInterval(probing)
      stop.abort()
      retries.stop()
      queue.onPublished(() => {})
      await Promise.all(inFlight.items())
      settleSome(settled.length)
    },
  }
}

/** Records that were published a moment ago, which need not be read from the queue. */
function createHandedOver() {
  let records: QueuedRecord[] = []
  let bytes = 0
  function clear() {
    records = []
    bytes = 0
  }
  return {
    clear,
    /** Returns false if there is no room for them. */
    add(published: readonly QueuedRecord[]): boolean {
      for (const { value } of published) bytes += value.byteLength
      if (bytes > maxBytesAtOnce || records.length + published.length > maxHandedOver) return false
      records.push(...published)
      return true
    },
    /** Takes the first ones: as many as may start in one turn. */
    take(room: number): QueuedRecord[] {
      let count = 0
      let taken = 0
      while (count < Math.min(room, maxStarted, records.length) && taken < maxStartedBytes) {
        taken += (records[count++] as QueuedRecord).value.byteLength
      }
      bytes -= taken
      return records.splice(0, count)
    },
  }
}

const reasonOf = ({ status, cause }: Retry) =>
  status === undefined ? `there was no answer: ${reasons(cause)}` : `the answer was ${status}`
