import { createKafka } from '@activity-log/shared/broker/kafka-client.ts'
import { kafkaConnection } from '@activity-log/shared/broker/kafka-config.ts'
import { kafkaMistake } from '@activity-log/shared/broker/kafka-error.ts'
import { kafkaRangesOf } from '@activity-log/shared/broker/kafka-read.ts'
import type { Log } from '@activity-log/shared/log.ts'
import { type MongoStore, openMongoStore } from '@activity-log/shared/store/mongo.ts'
import { StoreUnavailable } from '@activity-log/shared/store/store.ts'
import { within } from '@activity-log/shared/within.ts'
import type { Admin, Kafka } from 'kafkajs'
import { explainKafka } from '../open-kafka.ts'
import { explainMongo } from '../open-mongo.ts'

/** The adapters do not log, because the command itself reports an error once. */
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }
const answerMs = 20_000

export type Connected = Parameters<typeof kafkaConnection>[0] & { MONGODB_URI: string; MONGODB_DATABASE: string }
export type Both = { kafka: Kafka; admin: Admin; store: MongoStore }
/** A topic, and how a person names another one. */
type Named = { topic: string; variable: string }

/** Works with Kafka and MongoDB, after it saw that the topics exist. Rejects with ConfigError or ServiceUnavailable. */
export async function overBoth<Result>(
  options: Connected,
  topics: readonly Named[],
  work: (both: Both) => Promise<Result>,
): Promise<Result> {
  const connection = kafkaConnection(options)
  const kafka = createKafka(connection, { log: silent, clientId: 'activity-log-ledger', requestTimeoutMs: 5000 })
  const admin = kafka.admin()
  await using store = openMongoStore({ uri: options.MONGODB_URI, database: options.MONGODB_DATABASE, log: silent })
  const explain = (error: unknown) => explainKafka(error, connection.brokers)
  await within(answerMs, admin.connect(), 'Kafka did not answer').catch(explain)
  for (const { topic, variable } of topics) await assertTopic(admin, topic, variable).catch(explain)
  try {
    return await Promise.race([work({ kafka, admin, store }), store.misconfigured])
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

export const optionOfTopic = '--topic (KAFKA_TOPIC)'
