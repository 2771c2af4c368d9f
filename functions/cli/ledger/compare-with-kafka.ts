import { createKafka } from '@activity-log/shared/broker/kafka-client.ts'
import { kafkaConnection } from '@activity-log/shared/broker/kafka-config.ts'
import { kafkaMistake } from '@activity-log/shared/broker/kafka-error.ts'
import { kafkaRangesOf } from '@activity-log/shared/broker/kafka-read.ts'
import type { Log } from '@activity-log/shared/log.ts'
import { openMongoStore } from '@activity-log/shared/store/mongo.ts'
import { StoreUnavailable } from '@activity-log/shared/store/store.ts'
import { within } from '@activity-log/shared/within.ts'
import type { Admin } from 'kafkajs'
import { explainKafka } from '../open-kafka.ts'
import { explainMongo } from '../open-mongo.ts'
import { startProgress } from '../progress-line.ts'
import { makeReport, type Report } from './report.ts'

/** The adapters do not log, because the command itself reports an error once. */
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
const answerMs = 20_000

export type Compared = Parameters<typeof kafkaConnection>[0] & {
  deadLetterTopic: string
  abandon: boolean
  MONGODB_URI: string
  MONGODB_DATABASE: string
}

/** Rejects with ConfigError or with ServiceUnavailable. */
export async function compareWithKafka(options: Compared): Promise<Report> {
  const { KAFKA_TOPIC: topic, deadLetterTopic, abandon } = options
  const connection = kafkaConnection(options)
  const kafka = createKafka(connection, { log: silent, clientId: 'activity-log-ledger', requestTimeoutMs: 5000 })
  const admin = kafka.admin()
  await using store = openMongoStore({ uri: options.MONGODB_URI, database: options.MONGODB_DATABASE, log: silent })
  const explain = (error: unknown) => explainKafka(error, connection.brokers)
  await within(answerMs, admin.connect(), 'Kafka did not answer').catch(explain)
  await assertTopic(admin, topic, '--topic (KAFKA_TOPIC)').catch(explain)
  await assertTopic(admin, deadLetterTopic, '--dead-letter-topic (KAFKA_DEAD_LETTER_TOPIC)').catch(explain)

  using progress = startProgress(deadLetterTopic)
  const work = makeReport({ kafka, admin, store, topic, deadLetterTopic, abandon, onProgress: progress.update })
  try {
    return await Promise.race([work, store.misconfigured])
  } catch (error) {
    if (error instanceof StoreUnavailable) return explainMongo(error)
    return explain(error)
  } finally {
    // nothing is in flight anymore, and the process is about to exit
    void admin.disconnect().catch(() => {})
  }
}

async function assertTopic(admin: Admin, topic: string, variable: string) {
  await kafkaRangesOf(admin, topic).catch((error) => {
    throw kafkaMistake(error, topic, variable) ?? error
  })
}
