import { setTimeout as wait } from 'node:timers/promises'
import { createKafka } from '@activity-log/shared/broker/kafka-client.ts'
import type { KafkaConnection } from '@activity-log/shared/broker/kafka-config.ts'
import { isUnknownTopic, kafkaMistake } from '@activity-log/shared/broker/kafka-error.ts'
import { ConfigError } from '@activity-log/shared/config.ts'
import { type DeliveryPolicy, deliveryPolicy } from '@activity-log/shared/dispatch/delivery.ts'
import type { Log } from '@activity-log/shared/log.ts'
import { within } from '@activity-log/shared/within.ts'
import type { Kafka } from 'kafkajs'
import { deadLetterProducer, openDeadLetters } from './dead-letter-topic.ts'
import type { DeliveryToken } from './delivery-token.ts'
import { createDispatch } from './dispatch.ts'
import { openInFlight } from './in-flight.ts'
import { startSession } from './session.ts'
import { openSink } from './sink.ts'

export type KafkaSourceOptions = {
  connection: KafkaConnection
  topic: string
  deadLetterTopic: string
  group: string
  sinkUrl: string
  /** The token that each delivery carries. */
  token?: DeliveryToken | undefined
  log: Log
  policy?: DeliveryPolicy
  commitEveryMs?: number
}

export type KafkaSource = AsyncDisposable & {
  /** Rejects with ConfigError if Kafka has no such topic or rejects the credentials. Never resolves. */
  misconfigured: Promise<never>
  /** When it last heard from Kafka, or last began to look for it; in milliseconds since 1970. */
  lastSign(): number
}

const restartMs = 1000
const restartsPerWarning = 30
const lookForTopicsMs = 5000

/** Delivers the records of a topic until it is disposed of. It waits while Kafka or the sink is down. */
export function openKafkaSource({
  connection,
  topic,
  deadLetterTopic,
  group,
  sinkUrl,
  token,
  log,
  policy = deliveryPolicy,
  commitEveryMs = 5000,
}: KafkaSourceOptions): KafkaSource {
  const opened = new AsyncDisposableStack()
  const kafka = createKafka(connection, { log, clientId: 'kafka-source', requestTimeoutMs: 10_000 })
  const { send } = opened.use(openSink(sinkUrl, token))
  // a dead letter that cannot be delivered must not become a dead letter again
  const isDeadLetters = topic === deadLetterTopic
  const producer = deadLetterProducer(createKafka(connection, { log, clientId: 'kafka-source' }))
  const deadLetters = isDeadLetters ? undefined : opened.use(openDeadLetters(producer, deadLetterTopic))
  const source = { namespace: 'local', name: group, topic }
  const dispatch = createDispatch({ source, send, sinkUrl, policy, deadLetters, log })
  // all sessions share it, because deliveries that one session leaves in flight count for the next
  const inFlight = openInFlight()
  const topics = { KAFKA_TOPIC: topic, ...(!isDeadLetters && { KAFKA_DEAD_LETTER_TOPIC: deadLetterTopic }) }

  const stop = new AbortController()
  const stopped = Promise.withResolvers<void>()
  stop.signal.addEventListener('abort', () => stopped.resolve())

  let failures = 0
  let lastSign = Date.now()
  const onSign = () => {
    lastSign = Date.now()
  }
  async function consume() {
    onSign()
    await assertUsable(kafka, topics, stop.signal)
    await using session = startSession({ kafka, topic, group, dispatch, inFlight, commitEveryMs, log, onSign })
    void session.joined.then(() => {
      failures = 0
    })
    await Promise.race([session.failed, stopped.promise])
  }

  async function run() {
    while (!stop.signal.aborted) {
      try {
        await consume()
      } catch (error) {
        if (stop.signal.aborted) return
        if (error instanceof ConfigError) throw error
        const fact = 'Kafka is not available at KAFKA_BROKERS (see also KAFKA_TLS, KAFKA_SASL_MECHANISM); retrying'
        if (failures++ % restartsPerWarning === 0) log.warn({ brokers: connection.brokers, err: error }, fact)
        await wait(restartMs, undefined, { signal: stop.signal }).catch(() => {})
      }
    }
  }

  const misconfigured = Promise.withResolvers<never>()
  misconfigured.promise.catch(() => {})
  const running = run().catch(misconfigured.reject)
  opened.defer(async () => {
    stop.abort()
    await running
  })
  return Object.assign(opened, { misconfigured: misconfigured.promise, lastSign: () => lastSign })
}

/** Rejects with ConfigError for a mistake that no retry fixes, and with another error if Kafka does not answer. */
async function assertUsable(kafka: Kafka, topics: { [variable: string]: string }, signal: AbortSignal) {
  const admin = kafka.admin()
  const deadline = Date.now() + lookForTopicsMs
  try {
    for (const [variable, topic] of Object.entries(topics)) {
      for (;;) {
        try {
          await admin.connect()
          await admin.fetchTopicMetadata({ topics: [topic] })
          break
        } catch (error) {
          // the job that creates the topics may have started at the same time
          const mayCome = isUnknownTopic(error) && Date.now() < deadline
          if (!mayCome) throw kafkaMistake(error, topic, variable) ?? error
        }
        await wait(200, undefined, { signal })
      }
    }
  } finally {
    await within(1000, admin.disconnect(), 'Kafka did not disconnect').catch(() => {})
  }
}
