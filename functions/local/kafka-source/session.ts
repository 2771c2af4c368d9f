import { maxPollRecords } from '@activity-log/shared/broker/delivery.ts'
import type { SourceRecord } from '@activity-log/shared/broker/sink-request.ts'
import type { Log } from '@activity-log/shared/log.ts'
import type { EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs'
import { atMost } from './at-most.ts'
import type { Dispatch } from './dispatch.ts'
import type { InFlight } from './in-flight.ts'
import { type Progress, startProgress } from './progress.ts'

export type Ordering = 'unordered' | 'ordered'
export type SessionOptions = {
  kafka: Kafka
  topic: string
  group: string
  ordering: Ordering
  dispatch: Dispatch
  inFlight: InFlight
  commitEveryMs: number
  log: Log
}

/** The life of one consumer, from its connection to its end. Disposing of it leaves the group in an orderly way. */
export type Session = AsyncDisposable & {
  /** Resolves when it has partitions, or has found that others have them all. */
  joined: Promise<void>
  /** Rejects when it cannot go on. */
  failed: Promise<never>
}

type Partition = {
  progress: Progress
  /** Ends the waits for retries; what has no outcome then is delivered again by whoever reads on from the commit. */
  release: AbortController
  /** ordered: its records are being delivered, one after the other. */
  busy: boolean
  committed?: number | undefined
}

const pulseMs = 1000
/** A healthy consumer sends a heartbeat every 3 s. kafkajs may hang for ever on a connection that was lost. */
const silenceMs = 30_000
const drainMs = 5000
const leaveMs = 2000

export function startSession({
  kafka,
  topic,
  group,
  ordering,
  dispatch,
  inFlight,
  commitEveryMs,
  log,
}: SessionOptions): Session {
  const consumer = kafka.consumer({
    groupId: group,
    allowAutoTopicCreation: false,
    sessionTimeout: 10_000,
    heartbeatInterval: 3000,
    rebalanceTimeout: 15_000,
    maxBytesPerPartition: 65_536,
    // also the pause between two looks when all partitions are busy
    maxWaitTimeInMs: ordering === 'ordered' ? 200 : 500,
    // long enough for a leader to move; whoever started the session starts the next one
    retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 8, restartOnFailure: async () => false },
  })
  const joined = Promise.withResolvers<void>()
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {})
  const partitions = new Map<number, Partition>()
  let running = false
  let stopping = false
  let lastSign = Date.now()

  async function takeBatch(payload: EachBatchPayload) {
    const { batch, isRunning, isStale } = payload
    const partition = partitions.get(batch.partition)
    if (!partition) return
    // a rebalance or a stop may come whenever this waits
    const isCurrent = () => !stopping && isRunning() && !isStale() && partitions.get(batch.partition) === partition
    if (ordering === 'ordered') takeInOrder(payload, partition, isCurrent)
    else await takeAtOnce(payload, partition, isCurrent)
  }

  async function takeAtOnce(
    { batch, heartbeat, resolveOffset }: EachBatchPayload,
    partition: Partition,
    isCurrent: () => boolean,
  ) {
    for (let at = 0; at < batch.messages.length; at += maxPollRecords) {
      while (isCurrent() && inFlight.size() >= maxPollRecords) {
        await inFlight.changed()
        // rejects when the group is rebalancing
        await heartbeat()
      }
      if (!isCurrent()) return
      for (const message of batch.messages.slice(at, at + maxPollRecords)) {
        const record = toRecord(batch.partition, message)
        partition.progress.taken(record.offset)
        resolveOffset(message.offset)
        inFlight.add(finish(partition, [record]))
      }
    }
    partition.progress.passed(Number(batch.lastOffset()))
  }

  function takeInOrder(
    { batch, resolveOffset, pause }: EachBatchPayload,
    partition: Partition,
    isCurrent: () => boolean,
  ) {
    if (!isCurrent()) return
    const resume = pause()
    if (partition.busy) return
    const taken = batch.messages.slice(0, maxPollRecords)
    for (const { offset } of taken) {
      partition.progress.taken(Number(offset))
      resolveOffset(offset)
    }
    if (taken.length === batch.messages.length) partition.progress.passed(Number(batch.lastOffset()))
    partition.busy = true
    const records = taken.map((message) => toRecord(batch.partition, message))
    const delivery = finish(partition, records).then(() => {
      partition.busy = false
      if (running && !stopping && partitions.get(batch.partition) === partition) resume()
    })
    inFlight.add(delivery)
  }

  async function finish({ progress, release }: Partition, records: readonly SourceRecord[]) {
    try {
      for (const record of records) {
        await dispatch(record, release.signal)
        progress.finished(record.offset)
      }
    } catch (error) {
      if (!release.signal.aborted) failed.reject(error)
    }
  }

  /** A partition that stays goes on where it was: kafkajs itself would start again at the commit. */
  function assign(assigned: readonly number[]) {
    for (const [number, { release }] of partitions) {
      if (assigned.includes(number)) continue
      release.abort()
      partitions.delete(number)
    }
    for (const number of assigned) {
      const partition = partitions.get(number)
      const next = partition?.progress.next()
      if (next !== undefined) consumer.seek({ topic, partition: number, offset: String(next) })
      if (!partition) {
        partitions.set(number, { progress: startProgress(), release: new AbortController(), busy: false })
        // it may have been paused when it went
        consumer.resume([{ topic, partitions: [number] }])
      } else {
        // the member that had it in between may have committed less
        partition.committed = undefined
      }
    }
  }

  async function commit() {
    const due = [...partitions].flatMap(([number, partition]) => {
      const offset = partition.progress.committable()
      return offset === undefined || offset === partition.committed ? [] : [{ number, partition, offset }]
    })
    if (due.length === 0) return
    try {
      await consumer.commitOffsets(
        due.map(({ number, offset }) => ({ topic, partition: number, offset: String(offset) })),
      )
      for (const { partition, offset } of due) partition.committed = offset
    } catch (error) {
      // the next commit says the same and more; without one the records are delivered again
      log.info({ err: error }, 'offsets could not be committed')
    }
  }

  const { GROUP_JOIN, REBALANCING, END_BATCH_PROCESS, HEARTBEAT, CRASH } = consumer.events
  consumer.on(GROUP_JOIN, ({ payload }) => {
    lastSign = Date.now()
    running = true
    const assigned = payload.memberAssignment[topic] ?? []
    assign(assigned)
    log.info({ topic, group, partitions: assigned }, 'joined the group')
    joined.resolve()
  })
  // sent before the request to join again, over the same connection: whoever gets a partition starts there
  consumer.on(REBALANCING, () => void commit())
  // nothing but markers of transactions and what they aborted is not handed over
  consumer.on(END_BATCH_PROCESS, ({ payload: { partition, batchSize, lastOffset } }) => {
    if (batchSize === 0) partitions.get(partition)?.progress.passed(Number(lastOffset))
  })
  consumer.on(HEARTBEAT, () => {
    lastSign = Date.now()
  })
  consumer.on(CRASH, ({ payload }) => {
    running = false
    failed.reject(payload.error)
  })

  const committing = setInterval(commit, commitEveryMs)
  const pulse = setInterval(() => {
    // whoever waits for room has to send heartbeats
    inFlight.change()
    if (Date.now() - lastSign > silenceMs) failed.reject(new Error(`no sign of the consumer for ${silenceMs} ms`))
  }, pulseMs)

  async function start() {
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: takeBatch })
  }
  start().catch(failed.reject)

  return {
    joined: joined.promise,
    failed: failed.promise,
    async [Symbol.asyncDispose]() {
      stopping = true
      clearInterval(committing)
      for (const { release } of partitions.values()) release.abort()
      inFlight.change()
      if (running) {
        // still in the group, so that what ends now can be committed
        consumer.pause([{ topic }])
        await atMost(drainMs, inFlight.idle())
        await atMost(leaveMs, commit())
      }
      clearInterval(pulse)
      await atMost(leaveMs, consumer.disconnect())
    },
  }
}

function toRecord(partition: number, { offset, key, value, headers = {}, timestamp }: KafkaMessage): SourceRecord {
  const text: { [name: string]: string } = {}
  for (const [name, content] of Object.entries(headers)) {
    const last = Array.isArray(content) ? content.at(-1) : content
    if (last !== undefined && last !== null) text[name] = last.toString()
  }
  return {
    partition,
    offset: Number(offset),
    headers: text,
    value,
    key: key === null ? null : key.toString(),
    timestampMs: Number(timestamp),
  }
}
