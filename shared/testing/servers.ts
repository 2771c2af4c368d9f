import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { promisify } from 'node:util'
import { Kafka, logLevel } from 'kafkajs'
// silences a timer of kafkajs, in tests too
import '../broker/kafka-client.ts'
import { kafkaRangesOf, readTopic as readRecords } from '../broker/kafka-read.ts'

const run = promisify(execFile)

/** The servers of the integration tests; npm run test:integration makes sure that they are named. */
export const kafkaBrokers = (process.env['KAFKA_BROKERS'] ?? '').split(',')
export const mongodbUri = process.env['MONGODB_URI'] ?? ''

type Verb = 'restart' | 'kill' | 'pause' | 'resume' | 'start' | 'move'

/** Stops and starts a server with the command in a variable; undefined without one. */
export const controlKafka = control('KAFKA_CONTROL')
export const controlMongodb = control('MONGODB_CONTROL')

function control(variable: string): ((verb: Verb, ...args: (string | number)[]) => Promise<unknown>) | undefined {
  const command = process.env[variable]
  if (!command) return undefined
  return (verb, ...args) => run('sh', ['-c', `${command} ${verb} ${args.join(' ')}`])
}

/** A new name for a topic, a group or a database. */
export const uniqueName = (what: string) => `${what}-${randomUUID().slice(0, 8)}`

export const kafkaForTests = () => new Kafka({ brokers: [...kafkaBrokers], logLevel: logLevel.NOTHING })

/** Creates a topic that every broker knows, and deletes it when the test is over. */
export async function aTopic(
  partitions = 6,
  name = uniqueName('activities'),
): Promise<AsyncDisposable & { name: string }> {
  const admin = kafkaForTests().admin()
  await admin.connect()
  const replicationFactor = Math.min(3, kafkaBrokers.length)
  // waitForLeaders can fail although the topic was created
  await admin.createTopics({
    waitForLeaders: false,
    topics: [{ topic: name, numPartitions: partitions, replicationFactor }],
  })
  for (const broker of kafkaBrokers) await untilKnown(broker, name, partitions)
  return {
    name,
    async [Symbol.asyncDispose]() {
      await admin.deleteTopics({ topics: [name] }).catch(() => {})
      await admin.disconnect()
    },
  }
}

async function untilKnown(broker: string, topic: string, partitions: number) {
  const admin = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING }).admin()
  await admin.connect()
  for (;;) {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] }).catch(() => ({ topics: [] }))
    const known = topics[0]?.partitions.filter(({ leader }) => leader >= 0) ?? []
    if (known.length === partitions) break
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await admin.disconnect()
}

export type ReadRecord = {
  partition: number
  offset: number
  key: Buffer | null
  headers: { [name: string]: string }
  value: Buffer | null
}

/** Reads everything that a topic holds at the time of the call. */
export async function readTopic(topic: string): Promise<readonly ReadRecord[]> {
  const kafka = kafkaForTests()
  const admin = kafka.admin()
  await admin.connect()
  const records: ReadRecord[] = []
  for await (const { partition, messages } of readRecords(kafka, admin, topic, await kafkaRangesOf(admin, topic))) {
    for (const { key, headers = {}, value, offset } of messages) {
      const texts = Object.entries(headers).map(([name, content]) => [name, String(content)])
      records.push({ partition, offset: Number(offset), key, headers: Object.fromEntries(texts), value })
    }
  }
  await admin.disconnect()
  return records
}
