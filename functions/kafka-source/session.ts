import type { Log } from '@activity-log/shared/log.ts'
import { within } from '@activity-log/shared/within.ts'
import type { Kafka } from 'kafkajs'
import type { Dispatch } from './dispatch.ts'
import type { InFlight } from './in-flight.ts'
import { createPartitions } from './partitions.ts'
import { createTake } from './take.ts'

export type SessionOptions = {
  kafka: Kafka
  topic: string
  group: string
  dispatch: Dispatch
  inFlight: InFlight
  commitEveryMs: number
  log: Log
  /** Called when Kafka has answered the consumer. */
  onSign?: () => void
}

/** One consumer, from its connection to its end. Disposing of the session leaves the group cleanly. */
export type Session = AsyncDisposable & {
  /** Resolves when the consumer has its assignment, which is empty if other members have all partitions. */
  joined: Promise<void>
  /** Rejects when the consumer cannot continue. */
  failed: Promise<never>
}

const pulseMs = 1000
/** kafkajs no longer retries a commit after this time. */
const commitAgainMs = 60_000
/** A healthy consumer sends a heartbeat every 3 s. kafkajs may hang forever on a lost connection. */
const silenceMs = 30_000
const drainMs = 5000
const leaveMs = 2000

export function startSession({
  kafka,
  topic,
  group,
  dispatch,
  inFlight,
  commitEveryMs,
  log,
  onSign,
}: SessionOptions): Session {
  const consumer = kafka.consumer({
    groupId: group,
    allowAutoTopicCreation: false,
    sessionTimeout: 10_000,
    heartbeatInterval: 3000,
    rebalanceTimeout: 15_000,
    maxBytesPerPartition: 65_536,
    maxWaitTimeInMs: 500,
    // these retries last long enough for a leader to move; after that, the source starts a new session
    retry: { initialRetryTime: 100, maxRetryTime: 1000, retries: 8, restartOnFailure: async () => false },
  })
  const joined = Promise.withResolvers<void>()
  const failed = Promise.withResolvers<never>()
  failed.promise.catch(() => {})
  const partitions = createPartitions()
  let running = false
  let stopping = false
  let lastSign = Date.now()
  let repeating: NodeJS.Timeout | undefined

  const take = createTake({
    dispatch,
    inFlight,
    partitions,
    mayTake: () => running && !stopping,
    onFailure: failed.reject,
  })

  function assign(numbers: readonly number[]) {
    const stayed = partitions.assign(numbers)
    // by itself kafkajs would start again at the committed offset
    for (const { number, progress } of stayed) {
      const next = progress.next()
      if (next !== undefined) consumer.seek({ topic, partition: number, offset: String(next) })
    }
  }

  let lastCommit = Promise.resolve()
  /** Commits one after another, because a retry of an earlier commit must not undo a later one. */
  function commit(): Promise<void> {
    lastCommit = lastCommit.then(commitDue)
    return lastCommit
  }

  async function commitDue() {
    const due = partitions.due()
    if (due.length === 0) return
    try {
      await consumer.commitOffsets(
        due.map(({ partition, offset }) => ({ topic, partition: partition.number, offset: String(offset) })),
      )
      for (const { partition, offset } of due) partition.committed = offset
    } catch (error) {
      // the next commit includes these offsets; without one the records are delivered again
      log.info({ err: error }, 'offsets could not be committed')
    }
  }

  const { GROUP_JOIN, REBALANCING, END_BATCH_PROCESS, HEARTBEAT, STOP, CRASH } = consumer.events
  const sign = () => {
    lastSign = Date.now()
    onSign?.()
  }
  consumer.on(GROUP_JOIN, ({ payload }) => {
    sign()
    running = true
    const assigned = payload.memberAssignment[topic] ?? []
    assign(assigned)
    // kafkajs retries a commit even after a rebalance, so a late commit of the previous owner may undo one of ours
    clearTimeout(repeating)
    repeating = setTimeout(partitions.commitAgain, commitAgainMs).unref()
    log.info({ topic, group, partitions: assigned }, 'joined the group')
    joined.resolve()
  })
  // this commit leaves before the request to rejoin, over the same connection, so the next owner starts there
  consumer.on(REBALANCING, () => void commit())
  // kafkajs does not hand over a batch that only has transaction markers and aborted records
  consumer.on(END_BATCH_PROCESS, ({ payload: { partition, batchSize, lastOffset } }) => {
    if (batchSize === 0) partitions.get(partition)?.progress.passed(Number(lastOffset))
  })
  consumer.on(HEARTBEAT, sign)
  // a consumer that crashes stops first, which may take long; then it can neither pause nor commit
  consumer.on(STOP, () => {
    running = false
  })
  consumer.on(CRASH, ({ payload }) => {
    running = false
    failed.reject(payload.error)
  })

  const committing = setInterval(commit, commitEveryMs)
  const pulse = setInterval(() => {
    // a batch that waits for room has to send heartbeats
    inFlight.change()
    if (Date.now() - lastSign > silenceMs) failed.reject(new Error(`the consumer was silent for ${silenceMs} ms`))
  }, pulseMs)

  async function start() {
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    await consumer.run({ autoCommit: false, eachBatchAutoResolve: false, eachBatch: take })
  }
  start().catch(failed.reject)

  return {
    joined: joined.promise,
    failed: failed.promise,
    async [Symbol.asyncDispose]() {
      stopping = true
      clearInterval(committing)
      clearTimeout(repeating)
      partitions.releaseAll()
      inFlight.change()
      if (running) {
        // the consumer is still in the group, so deliveries that end now can be committed
        consumer.pause([{ topic }])
        await within(drainMs, inFlight.idle(), 'Deliveries were still in flight').catch(() => {})
        await within(leaveMs, commit(), 'Kafka did not commit').catch(() => {})
      }
      clearInterval(pulse)
      await within(leaveMs, consumer.disconnect(), 'Kafka did not disconnect').catch(() => {})
    },
  }
}
