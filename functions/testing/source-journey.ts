import { type KafkaSourceOptions, openKafkaSource } from '@activity-log/kafka-source/source.ts'
import type { DeliveryPolicy } from '@activity-log/shared/dispatch/delivery.ts'
import { aRecord, silent, until } from '@activity-log/shared/testing/builders.ts'
import { type Answered, anHttpSink, type HttpSink, type Received } from '@activity-log/shared/testing/http-sink.ts'
import { aTopic, kafkaBrokers, kafkaForTests, uniqueName } from '@activity-log/shared/testing/servers.ts'
import { type Admin, type Message, Partitioners } from 'kafkajs'
import { onTestFinished } from 'vitest'

export const quick: DeliveryPolicy = { retry: 2, backoffPolicy: 'linear', backoffDelayMs: 1, timeoutMs: 20_000 }
export const slow: DeliveryPolicy = { ...quick, backoffDelayMs: 3_600_000 }
export const records = (count: number, partition = 0, first = 0): Message[] =>
  Array.from({ length: count }, (_, n) => ({ ...aRecord({ id: `p${partition}-${first + n}` }), partition }))

/** Creates a topic, a dead-letter topic, a group and sources, all of which are removed when the test is over. */
export async function aJourney(partitions: number, answer?: (received: Received) => Answered | Promise<Answered>) {
  const [topic, deadLetterTopic] = [await aTopic(partitions), await aTopic(1, uniqueName('dead-letters'))]
  const sink = await anHttpSink(answer)
  const group = uniqueName('persist')
  const connection = { brokers: kafkaBrokers }
  const options = { connection, topic: topic.name, deadLetterTopic: deadLetterTopic.name, group, sinkUrl: sink.url }
  // each journey has its own client, because kafkajs asks for every topic that a client ever used, even deleted ones
  const admin = kafkaForTests().admin()
  const producer = kafkaForTests().producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await Promise.all([admin.connect(), producer.connect()])
  const opened = new AsyncDisposableStack()
  for (const each of [topic, deadLetterTopic, sink]) opened.use(each)
  for (const client of [admin, producer]) opened.defer(() => client.disconnect())
  onTestFinished(() => opened.disposeAsync())

  async function produce(messages: Message[]) {
    for (let at = 0; at < messages.length; at += 500) {
      await producer.send({ topic: topic.name, messages: messages.slice(at, at + 500) })
    }
  }

  function source(changes: Partial<KafkaSourceOptions> = {}) {
    const fixed = { log: silent, policy: quick, commitEveryMs: 50 } as const
    return opened.use(openKafkaSource({ ...options, ...fixed, ...changes }))
  }
  const committed = async (partition = 0) => {
    const [offsets] = await admin.fetchOffsets({ groupId: group, topics: [topic.name] })
    return Number(offsets?.partitions.find((one) => one.partition === partition)?.offset)
  }
  const env = {
    KAFKA_BROKERS: kafkaBrokers.join(','),
    KAFKA_TOPIC: topic.name,
    KAFKA_DEAD_LETTER_TOPIC: deadLetterTopic.name,
    KAFKA_GROUP: group,
    SINK_URL: sink.url,
  }
  const readDeadLetters = () => readAll(admin, deadLetterTopic.name)
  return { ...options, admin, sink, source, produce, committed, env, readDeadLetters }
}

export const idOf = ({ headers }: Received) => headers['ce-id'] ?? ''
export const idsIn = ({ received }: HttpSink) => received.map(idOf)

/** Holds the requests until the test answers them: the oldest first in `held`, or all of them from now on. */
export function heldAnswers() {
  const held: ((status: number) => void)[] = []
  let open = false
  const answer = () => {
    if (open) return { status: 204 }
    return new Promise<Answered>((resolve) => held.push((status) => resolve({ status })))
  }
  function answerAll() {
    open = true
    for (const answer of held) answer(204)
  }
  return { held, answer, answerAll }
}

/** The number of members of a group; 0 until they have agreed on their partitions. */
export async function members(admin: Admin, group: string) {
  const { groups } = await admin.describeGroups([group])
  return groups[0]?.state === 'Stable' ? groups[0].members.length : 0
}

/** Reads everything in a topic of one partition. */
async function readAll(admin: Admin, topic: string) {
  const [end] = await admin.fetchTopicOffsets(topic)
  const found: { key: string | undefined; value: string | undefined; headers: { [name: string]: string } }[] = []
  if (Number(end?.high) === 0) return found
  const consumer = kafkaForTests().consumer({ groupId: uniqueName('reader'), maxWaitTimeInMs: 50 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ message: { key, value, headers = {} } }) => {
      const text = Object.entries(headers).map(([name, content]) => [name, String(content)])
      found.push({ key: key?.toString(), value: value?.toString(), headers: Object.fromEntries(text) })
    },
  })
  await until(() => found.length === Number(end?.high))
  await consumer.disconnect()
  return found
}
