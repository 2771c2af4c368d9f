import { setTimeout as wait } from 'node:timers/promises'
import { kafkaRangesOf, readTopic } from '@activity-log/shared/broker/kafka-read.ts'
import { aDatabase } from '@activity-log/shared/testing/mongodb.ts'
import { type Running, startProgram, written } from '@activity-log/shared/testing/processes.ts'
import { aTopic, kafkaBrokers, kafkaForTests, mongodbUri } from '@activity-log/shared/testing/servers.ts'
import { writeFixture } from './fixtures.ts'
import { dump, load, readDatabase } from './frozen-mongo.ts'
import type { FrozenRequest } from './frozen-request.ts'
import type { RecordLine } from './records.ts'
import { overSocket } from './request-ways.ts'
import { ask } from './requests/build.ts'
import { operationsOn, posted, receiptsIn, strangers } from './requests/kept.ts'

const ports = { ingest: 21_030, query: 21_032 }
/** A port that is the default, because dead letters contain the address of persist. */
const persistPort = 80
const topics = { records: 'activities', deadLetters: 'activities-dead-letter' }
const recordCount = 200

/**
 * Run by hand, only on the commit whose records and documents are to be kept, over an empty Kafka and MongoDB:
 * KAFKA_BROKERS=… MONGODB_URI=… npm exec -- node functions/testing/frozen/record-production.ts
 */
async function main() {
  await using opened = new AsyncDisposableStack()
  opened.use(await aTopic(12, topics.records))
  opened.use(await aTopic(1, topics.deadLetters))
  const database = opened.use(aDatabase())
  for (const program of await startPrograms(database.name)) opened.use(program)
  const receipts: string[] = []
  for (const request of posted) receipts.push(...receiptsIn(await send(ports.ingest, request)))
  writeFixture('records', chosen(await readRecords()))
  await produce(strangers)
  const total = (await readRecords()).length
  const counted = async () => {
    const { partitions } = await query('/ledger')
    return partitions.reduce(
      (sum: number, { last, missingCount }: { last: number; missingCount: number }) => sum + last + 1 - missingCount,
      0,
    )
  }
  // dead letters come back on another topic, and have no position on the first one
  for (let before = -1, now = await counted(); before !== now; ) {
    await wait(5000)
    before = now
    now = await counted()
    console.log(`${now} of ${total} records have an outcome`)
  }
  const { data } = await query('/dead-letters?state=all&limit=1000')
  for (const request of operationsOn(data)) console.log(request.name, ...(await send(persistPort, request)))
  console.log('waiting until the ledger compacts its complete ranges')
  await wait(75_000)
  const lines = [
    { receipts: receiptsIn(receipts.map((receipt) => `"receipt":"${receipt}"`)) },
    ...(await dump(database.db)),
  ]
  writeFixture('mongodb', lines)
  await using other = aDatabase()
  await load(other.db, lines)
  writeFixture('mongodb-answers', await readDatabase({ uri: mongodbUri, name: other.name }, lines))
}

async function startPrograms(database: string): Promise<Running[]> {
  const kafka = {
    KAFKA_BROKERS: kafkaBrokers.join(','),
    KAFKA_TOPIC: topics.records,
    KAFKA_DEAD_LETTER_TOPIC: topics.deadLetters,
  }
  const mongodb = { MONGODB_URI: mongodbUri, MONGODB_DATABASE: database }
  const source = { ...kafka, SINK_URL: 'http://localhost/', KAFKA_GROUP: 'persist' }
  const deadLetters = {
    ...source,
    SINK_URL: 'http://localhost/dead-letters',
    KAFKA_TOPIC: topics.deadLetters,
    KAFKA_GROUP: 'dead-letters',
  }
  const programs = [
    startProgram('functions/ingest/main.ts', { ...kafka, PORT: `${ports.ingest}` }),
    startProgram('functions/persist/main.ts', { ...mongodb, PORT: `${persistPort}` }),
    startProgram('functions/query/main.ts', { ...mongodb, PORT: `${ports.query}` }),
    startProgram('functions/local/kafka-source.ts', source),
    startProgram('functions/local/kafka-source.ts', deadLetters),
  ]
  await Promise.all(programs.map((program, n) => written(program, n < 3 ? /listening/ : /joined/)))
  return programs
}

async function send(port: number, request: FrozenRequest): Promise<string[]> {
  const answers = await overSocket(port, request)
  return answers.map(({ body }) => String(body))
}

async function query(path: string) {
  const [body = ''] = await send(ports.query, ask('query', path, path))
  return JSON.parse(body)
}

async function readRecords(): Promise<RecordLine[]> {
  const kafka = kafkaForTests()
  const admin = kafka.admin()
  await admin.connect()
  const lines: RecordLine[] = []
  for await (const { partition, messages } of readTopic(
    kafka,
    admin,
    topics.records,
    await kafkaRangesOf(admin, topics.records),
  )) {
    for (const { offset, timestamp, headers = {}, value } of messages) {
      const raw = Object.entries(headers).map(
        ([name, content]) => [name, Buffer.from(content as Buffer).toString('base64')] as const,
      )
      lines.push({
        partition,
        offset: Number(offset),
        timestamp,
        headers: raw,
        base64: (value ?? Buffer.of()).toString('base64'),
      })
    }
  }
  await admin.disconnect()
  return lines
}

/** Chooses the records with strange names first, and keeps the order of the topic. */
function chosen(lines: readonly RecordLine[]): RecordLine[] {
  const isPlain = ({ base64 }: RecordLine) => /"id":"(hundred|kept)-/.test(Buffer.from(base64, 'base64').toString())
  const some = new Set(lines.toSorted((a, b) => Number(isPlain(a)) - Number(isPlain(b))).slice(0, recordCount))
  return lines.filter((line) => some.has(line))
}

async function produce(records: typeof strangers) {
  const producer = kafkaForTests().producer()
  await producer.connect()
  await producer.send({ topic: topics.records, messages: records.map((record) => ({ ...record, partition: 3 })) })
  await producer.disconnect()
}

await main()
process.exit(0)
