import { setTimeout as wait } from 'node:timers/promises'
import type { Admin, Kafka, KafkaMessage, PartitionMetadata } from 'kafkajs'
import Batch from 'kafkajs/src/consumer/batch.js'
import { within } from '../within.ts'
import { isUnknownTopic, kafkaErrorKind } from './kafka-error.ts'

/**
 * The offsets of a partition in Kafka: `first` is the oldest one left, `end` the first of an open transaction or the
 * next new one.
 */
export type KafkaRange = { partition: number; first: number; end: number }

/** Returns the ranges of all partitions, in order. Waits for a leader that is down, because it may be replaced. */
export async function kafkaRangesOf(admin: Admin, topic: string): Promise<KafkaRange[]> {
  const offsets = await withRetries(() => within(answerMs, admin.fetchTopicOffsets(topic), 'Kafka did not answer'))
  return offsets
    .map(({ partition, low, high }) => ({ partition, first: Number(low), end: Number(high) }))
    .sort((a, b) => a.partition - b.partition)
}

/** Records in the order of their offsets, and the number of offsets they span, including those without a record. */
export type ReadBatch = { partition: number; messages: readonly KafkaMessage[]; offsets: number }

const bytesPerFetch = 4 * 1024 * 1024
const maxWaitMs = 500
const answerMs = 10_000
const pauseMs = 250
/** How long to retry without new records: longer than Kafka takes to notice that a leader is dead. */
const timeoutMs = 30_000

/**
 * Reads the records within these offset ranges without a consumer group: this needs no permission beyond reading the
 * topic, leaves no trace in Kafka, and allows several readers at the same time. kafkajs itself consumes only in groups,
 * so this uses its internals to ask the brokers.
 */
export async function* readTopic(
  kafka: Kafka,
  admin: Admin,
  topic: string,
  ranges: readonly KafkaRange[],
): AsyncGenerator<ReadBatch> {
  const cluster = newCluster(kafka)
  await cluster.connect()
  try {
    await cluster.addTargetTopic(topic)
    for (const { partition, first, end } of ranges) {
      let heardAt = performance.now()
      for (let next = first; next < end; ) {
        const batch = await fetchFrom(cluster, topic, partition, next).catch(async (error) => {
          if (performance.now() - heardAt > timeoutMs) throw error
          await wait(pauseMs)
          await cluster.refreshMetadata().catch(() => {})
        })
        // these offsets may have been deleted in the meantime
        const from = batch ? next : await firstOf(admin, topic, partition, next)
        const messages = batch?.messages.filter(({ offset }) => Number(offset) < end) ?? []
        const after = Math.min(end, Math.max(from, Number(batch?.rawMessages.at(-1)?.offset ?? -1) + 1))
        if (after > next) {
          yield { partition, messages, offsets: after - next }
          heardAt = performance.now()
        } else if (performance.now() - heardAt > timeoutMs) {
          throw new Error(`Kafka returns no records of partition ${partition} of ${topic} from offset ${next} on`)
        }
        next = after
      }
    }
  } finally {
    await cluster.disconnect().catch(() => {})
  }
}

async function withRetries<Value>(work: () => Promise<Value>): Promise<Value> {
  for (const startedAt = performance.now(); ; ) {
    try {
      return await work()
    } catch (error) {
      const mayPass = kafkaErrorKind(error) !== 'rejected' && !isUnknownTopic(error)
      if (!mayPass || performance.now() - startedAt > timeoutMs) throw error
      await wait(pauseMs)
    }
  }
}

async function fetchFrom(cluster: Cluster, topic: string, partition: number, offset: number): Promise<Batch> {
  const leader = cluster.findTopicPartitionMetadata(topic).find(({ partitionId }) => partitionId === partition)?.leader
  if (leader === undefined) throw new Error(`Partition ${partition} of ${topic} has no leader`)
  const broker = await cluster.findBroker({ nodeId: leader })
  const fetchOffset = String(offset)
  const asked = broker.fetch({
    isolationLevel: readCommitted,
    maxWaitTime: maxWaitMs,
    minBytes: 1,
    maxBytes: bytesPerFetch,
    topics: [{ topic, partitions: [{ partition, fetchOffset, maxBytes: bytesPerFetch }] }],
  })
  const { responses } = await within(answerMs, asked, `Broker ${leader} did not answer`)
  const answer = responses.flatMap(({ partitions }) => partitions).find((one) => one.partition === partition)
  if (!answer) throw new Error(`The answer of broker ${leader} does not name partition ${partition}`)
  return new Batch(topic, fetchOffset, answer)
}

async function firstOf(admin: Admin, topic: string, partition: number, next: number): Promise<number> {
  const ranges = await kafkaRangesOf(admin, topic).catch(() => [])
  return Math.max(next, ranges.find((range) => range.partition === partition)?.first ?? 0)
}

const readCommitted = 1

type FetchRequest = {
  isolationLevel: number
  maxWaitTime: number
  minBytes: number
  maxBytes: number
  topics: { topic: string; partitions: { partition: number; fetchOffset: string; maxBytes: number }[] }[]
}
type Cluster = {
  connect(): Promise<void>
  disconnect(): Promise<void>
  addTargetTopic(topic: string): Promise<void>
  refreshMetadata(): Promise<void>
  findTopicPartitionMetadata(topic: string): readonly PartitionMetadata[]
  findBroker(which: { nodeId: number }): Promise<{
    fetch(request: FetchRequest): Promise<{ responses: { partitions: Batch.Answer[] }[] }>
  }>
}

/** Creates the cluster that kafkajs builds consumers and producers on (kafkajs 2.2.4, src/index.js). */
function newCluster(kafka: Kafka): Cluster {
  const symbols = Object.getOwnPropertySymbols(kafka)
  const name = symbols.find(({ description }) => description === 'private:Kafka:createCluster')
  const make = name && (kafka as unknown as { [name]?: (options: object) => Cluster })[name]
  if (!make) throw new Error('This version of kafkajs has no createCluster')
  return make({ allowAutoTopicCreation: false, metadataMaxAge: 300_000, isolationLevel: readCommitted })
}
