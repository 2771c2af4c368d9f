import type { Socket } from 'node:net'
import type { ICustomPartitioner, ISocketFactory, Message, PartitionMetadata, RecordMetadata } from 'kafkajs'
import defaultSocketFactory from 'kafkajs/src/network/socketFactory.js'
import type { EventRecord } from '../activity-recorded.ts'
import type { Log } from '../log.ts'
import type { Position } from '../receipt.ts'
import { createKafka } from './kafka-client.ts'
import type { KafkaConnection } from './kafka-config.ts'
import { batchMessage } from './produce-request.ts'
import { encodeRecordBatch } from './record-batch.ts'

export type BrokerConnectionOptions = { connection: KafkaConnection; topic: string; log: Log; acknowledgeMs: number }

/**
 * A connection to Kafka with its own sockets, so that one that is stuck can be closed without disturbing the others.
 */
export interface BrokerConnection {
  /** The partitions of the topic and their leaders, as the broker of this connection sees them. */
  partitions(): Promise<readonly PartitionMetadata[]>
  /** Appends the records to one partition. Resolves with their positions once all in-sync replicas have them. */
  send(records: readonly EventRecord[], partition: number): Promise<readonly Position[]>
  /** Destroys the sockets, so that requests in flight reject. */
  close(): void
}

/** The partition of a request that asks only for metadata and sends nothing. */
const none = -1

export function openBrokerConnection({
  connection,
  topic,
  log,
  acknowledgeMs,
}: BrokerConnectionOptions): BrokerConnection {
  const sockets = ownSockets()
  const kafka = createKafka(connection, {
    log,
    clientId: 'activity-log-ingest',
    // a live broker reports a failure before this time, so one that does not is silent
    requestTimeoutMs: acknowledgeMs + 500,
    retry: { retries: 0, initialRetryTime: 50 },
    socketFactory: sockets.factory,
  })
  let seen: readonly PartitionMetadata[] = []
  // kafkajs shows the leaders of a topic only to a partitioner
  const createPartitioner: ICustomPartitioner =
    () =>
    ({ partitionMetadata, message }) => {
      seen = partitionMetadata
      if (message.partition === none) throw new MetadataOnly()
      return message.partition as number
    }
  const producer = kafka.producer({ allowAutoTopicCreation: false, idempotent: false, createPartitioner })
  let connected: Promise<void> | undefined
  const connect = () => {
    connected ??= producer.connect()
    return connected
  }

  async function produce(message: Message) {
    await connect()
    return producer.send({ topic, acks: -1, timeout: acknowledgeMs, messages: [message] })
  }

  return {
    async partitions() {
      await produce({ value: '', partition: none }).catch((error) => {
        if (!isMetadataOnly(error)) throw error
      })
      return seen
    },
    async send(records, partition) {
      const answer = await produce(batchMessage(encodeRecordBatch(records, Date.now()), partition))
      return positionsIn(answer, partition, records.length)
    },
    close: sockets.close,
  }
}

/**
 * The positions of `count` records that were sent to a partition. kafkajs can resolve although it never sent a record
 * (tulios/kafkajs#1303), so records count as acknowledged only if the answer names their partition.
 */
export function positionsIn(answer: readonly RecordMetadata[], partition: number, count: number): readonly Position[] {
  const [named, ...others] = answer
  const first = Number(named?.baseOffset ?? Number.NaN)
  if (named?.partition !== partition || named.errorCode !== 0 || others.length > 0 || !(first >= 0)) {
    throw new Error(`Kafka's answer does not name partition ${partition}`)
  }
  return Array.from({ length: count }, (_, index) => ({ partition, offset: first + index }))
}

class MetadataOnly extends Error {
  override name = 'MetadataOnly'
}

const isMetadataOnly = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'MetadataOnly' || isMetadataOnly(error.cause))

/** kafkajs keeps a socket after its requests have timed out, and sends the next ones over it (tulios/kafkajs#919). */
function ownSockets(): { factory: ISocketFactory; close: () => void } {
  const make = defaultSocketFactory()
  const open = new Set<Socket>()
  let closed = false
  return {
    factory(options) {
      if (closed) throw new Error('the connection is closed')
      const socket = make(options)
      open.add(socket)
      socket.once('close', () => open.delete(socket))
      return socket
    },
    close() {
      closed = true
      for (const socket of open) socket.destroy(new Error('the connection is closed'))
    },
  }
}
