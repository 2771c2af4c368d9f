import { newKafka } from '@activity-log/shared/broker/kafka-client.ts'
import { type KafkaConnection, kafkaConnection } from '@activity-log/shared/broker/kafka-config.ts'
import { kafkaMistake } from '@activity-log/shared/broker/kafka-error.ts'
import { extentsOf } from '@activity-log/shared/broker/kafka-read.ts'
import { ConfigError, StartError } from '@activity-log/shared/config.ts'
import { openLog } from '@activity-log/shared/http/log.ts'
import { run } from '@activity-log/shared/http/run.ts'
import { isFault, reasons } from '@activity-log/shared/reasons.ts'
import { openMongoStore } from '@activity-log/shared/store/mongo.ts'
import { StoreUnavailable } from '@activity-log/shared/store/store.ts'
import { within } from '@activity-log/shared/within.ts'
import { SingleBar } from 'cli-progress'
import type { Admin } from 'kafkajs'
import { isBalanced } from './ledger/compare.ts'
import { type Options, readOptions, usage } from './ledger/options.ts'
import { makeReport, type Report } from './ledger/report.ts'
import { reportJson, reportText } from './ledger/report-text.ts'
import { explainMongo } from './mongo-trouble.ts'

const answerMs = 20_000

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2), process.env)
  if (!options) {
    console.log(usage)
    return 0
  }
  const report = await compareBooks(options)
  console.log(options.json ? reportJson(report) : reportText(report))
  return isBalanced(report.comparisons) ? 0 : 1
}

async function compareBooks(options: Options): Promise<Report> {
  const connection = kafkaConnection(options)
  const { KAFKA_TOPIC: topic, KAFKA_DEAD_LETTER_TOPIC: deadLetterTopic, writeOff } = options
  // the command itself says what is wrong, and once
  const log = openLog('books', 'silent')
  const kafka = newKafka(connection, { log, clientId: 'activity-log-books', requestTimeoutMs: 5000 })
  const admin = kafka.admin()
  const uri = { uri: options.MONGODB_URI, database: options.MONGODB_DATABASE }
  await using store = openMongoStore({ ...uri, log })
  const explain = (error: unknown) => explainKafka(error, connection)
  await within(answerMs, admin.connect(), 'Kafka did not answer').catch(explain)
  await assertTopic(admin, topic, '--topic (KAFKA_TOPIC)').catch(explain)
  await assertTopic(admin, deadLetterTopic, '--dead-letter-topic (KAFKA_DEAD_LETTER_TOPIC)').catch(explain)

  const progress = startProgress(deadLetterTopic)
  const work = makeReport({ kafka, admin, store, topic, deadLetterTopic, writeOff, onProgress: progress.update })
  try {
    return await Promise.race([work, store.misconfigured])
  } catch (error) {
    if (error instanceof StoreUnavailable) return explainMongo(error)
    return explain(error)
  } finally {
    progress.stop()
    // nothing is under way any more, and the process ends
    void admin.disconnect().catch(() => {})
  }
}

async function assertTopic(admin: Admin, topic: string, variable: string) {
  await extentsOf(admin, topic).catch((error) => {
    throw kafkaMistake(error, topic, variable) ?? error
  })
}

function explainKafka(error: unknown, { brokers }: KafkaConnection): never {
  if (error instanceof ConfigError || error instanceof StartError || isFault(error)) throw error
  throw new StartError(
    `Kafka could not be asked at ${brokers.join(',')}: ${reasons(error)}. Are these its addresses (--brokers), and does it run?`,
    { cause: error },
  )
}

function startProgress(topic: string) {
  const format = `${topic} {bar} {value} of {total} | {duration_formatted}`
  const bar = new SingleBar({ format, noTTYOutput: false, hideCursor: true, clearOnComplete: true })
  let started = false
  return {
    update(read: number, of: number) {
      if (started) return bar.update(read)
      started = true
      bar.start(of, read)
    },
    stop: () => bar.stop(),
  }
}

// kafkajs may go on with attempts that nobody waits for
run(() => main().then((code) => process.exit(code)))
