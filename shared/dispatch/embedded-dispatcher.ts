import { setTimeout as wait } from 'node:timers/promises'
import type { EmbeddedBroker, Queue, QueuedRecord } from '../broker/embedded-broker.ts'
import type { Log } from '../log.ts'
import { type DeliveryPolicy, deadLetterHeaders, deliver, maxPollRecords, type Send } from './delivery.ts'
import { type Source, sinkRequest } from './sink-request.ts'

export type DispatcherOptions = {
  queue: Queue
  /** Where a record goes that was given up. Without it, such a record stays in its queue until the next start. */
  deadLetter?: EmbeddedBroker['deadLetter']
  send: Send
  /** Where `send` sends to: a dead letter names it. */
  sinkUrl: string
  policy: DeliveryPolicy
  /** Delivered records are removed together; what a crash leaves of them is delivered once more (KafkaSource: every 5 s). */
  settleEveryMs?: number
  log: Pick<Log, 'info' | 'warn'>
}

const source: Source = { namespace: 'local', name: 'embedded', topic: 'queue' }
const troubleDelayMs = 1000

/**
 * Delivers every record of the queue, in no order and many at a time, as an unordered KafkaSource does. Unlike Kafka's
 * offsets a record is settled by itself: one that has to wait for its retry holds back no other, not even at a restart.
 * Disposing of it ends the waits; what was under way is delivered again after the next start.
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
  const underWay = new Set<Promise<void>>()
  let nextOffset = 0
  let settled: number[] = []
  let settling: NodeJS.Timeout | undefined

  /** Keeps trying what only a disk in trouble can refuse, until it works or the dispatcher stops. */
  async function persevere(what: string, work: () => void) {
    for (;;) {
      try {
        return work()
      } catch (error) {
        log.warn({ err: error }, `the queue could not ${what}; trying again`)
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
      while (mayHaveMore && underWay.size < maxPollRecords && !stop.signal.aborted) {
        let records: QueuedRecord[] = []
        await persevere('be read', () => {
          // before the read: what is published after it sets it again
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
        underWay.delete(delivery)
        if (underWay.size < maxPollRecords) refill()
      })
    underWay.add(delivery)
  }

  async function dispatch(record: QueuedRecord) {
    const { position, headers, value } = record
    const request = sinkRequest({ ...position, headers, value }, source)
    // what is no CloudEvent is made into one anew, and would lose where it was at first
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
      return log.warn({ ...position, ...delivery.extensions }, 'a dead letter was not taken; it stays in the queue')
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
      // after a restart they are delivered once more, which is harmless
      log.warn({ err: error }, 'delivered records could not be removed from the queue')
      if (!stop.signal.aborted) settling = setTimeout(settleAll, settleEveryMs)
    }
  }

  function ignoreAbort(error: unknown) {
    if (!stop.signal.aborted) throw error
  }

  queue.onPublished(() => {
    mayHaveMore = true
    // after the answers to those who published
    setImmediate(refill)
  })
  refill()
  return {
    async [Symbol.asyncDispose]() {
      stop.abort()
      queue.onPublished(() => {})
      await Promise.all(underWay)
      settleAll()
    },
  }
}
