import { setTimeout as wait } from 'node:timers/promises'
import type { EmbeddedBroker, Queue, QueuedRecord } from '../broker/embedded-broker.ts'
import type { Log } from '../log.ts'
import { type DeliveryPolicy, deadLetterHeaders, deliver, maxPollRecords, type Send } from './delivery.ts'
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

/**
 * Delivers every record of the queue, many at a time and in no order, as an unordered KafkaSource does. Unlike with
 * Kafka's offsets, each record is settled on its own: one that waits for its retry does not delay others, even after a
 * restart. Disposal ends the waits; deliveries that were in flight happen again after the next start.
 */
export function startDispatcher({
  queue,
  deadLetter,
  send,
  sinkUrl,
  policy,
  log,
  settleEveryMs = 1000,
}: DispatcherOptions): AsyncDisposable {
  const stop = new AbortController()
  const inFlight = new Set<Promise<void>>()
  let nextOffset = 0
  let settled: number[] = []
  let settling: NodeJS.Timeout | undefined

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
  let mayHaveMore = true
  async function fill() {
    if (filling) return
    filling = true
    try {
      while (mayHaveMore && inFlight.size < maxPollRecords && !stop.signal.aborted) {
        let records: QueuedRecord[] = []
        await persevere('be read', () => {
          // this precedes the read, so that a record published during the read sets it again
          mayHaveMore = false
          records = queue.read(nextOffset, maxPollRecords)
        })
        if (records.length === maxPollRecords) mayHaveMore = true
        for (const record of records) start(record)
      }
    } finally {
      filling = false
    }
  }
  const refill = () => void fill().catch(ignoreAbort)

  function start(record: QueuedRecord) {
    nextOffset = record.position.offset + 1
    const delivery = dispatch(record)
      .catch(ignoreAbort)
      .finally(() => {
        inFlight.delete(delivery)
        if (inFlight.size < maxPollRecords) refill()
      })
    inFlight.add(delivery)
  }

  async function dispatch(record: QueuedRecord) {
    const { position, headers, value } = record
    const request = sinkRequest({ ...position, headers, value }, source)
    // a record that is not a CloudEvent is wrapped in a new one, which would lose its original position
    const { ce_recordpartition: partition, ce_recordoffset: offset } = headers
    if (partition && offset)
      Object.assign(request.headers, { 'ce-recordpartition': partition, 'ce-recordoffset': offset })
    const delivery = await deliver(request, {
      send,
      sinkUrl,
      policy,
      signal: stop.signal,
      onRetry: (retry) => log.info({ ...position, ...retry }, 'a delivery will be retried'),
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
    settling ??= setTimeout(settleAll, settleEveryMs)
  }
  function settleAll() {
    clearTimeout(settling)
    settling = undefined
    if (settled.length === 0) return
    try {
      queue.settle(settled)
      settled = []
    } catch (error) {
      // they are delivered once more after a restart, which is harmless
      log.warn({ err: error }, 'delivered records could not be removed from the queue')
      if (!stop.signal.aborted) settling = setTimeout(settleAll, settleEveryMs)
    }
  }

  function ignoreAbort(error: unknown) {
    if (!stop.signal.aborted) throw error
  }

  queue.onPublished(() => {
    mayHaveMore = true
    // the callers of publish get their answers first
    setImmediate(refill)
  })
  refill()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      queue.onPublished(() => {})
      await Promise.all(inFlight)
      settleAll()
    },
  }
}
