import { within } from '@activity-log/shared/within.ts'
import { type Kafka, Partitioners, type Producer } from 'kafkajs'

export type DeadLetter = { headers: { [name: string]: string }; key: string | null; value: Buffer | null }

export type DeadLetters = AsyncDisposable & {
  /** Resolves once enough brokers have it; rejects when they may not. */
  publish(deadLetter: DeadLetter): Promise<void>
}

const disconnectMs = 1000

/** The partition is that of the key. Not idempotent: kafkajs then takes some records for stored that are not. */
export function deadLetterProducer(kafka: Kafka): Producer {
  return kafka.producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
    idempotent: false,
  })
}

/** Writes to a topic, as the KafkaSink for dead letters does; one record a request, so that it has one partition. */
export function openDeadLetters(
  producer: Pick<Producer, 'connect' | 'send' | 'disconnect'>,
  topic: string,
): DeadLetters {
  return {
    async publish(deadLetter) {
      await producer.connect()
      const acknowledged = await producer.send({ topic, acks: -1, timeout: 2500, messages: [deadLetter] })
      // kafkajs can resolve although a partition was never sent to; then the answer does not name it
      if (acknowledged.length !== 1 || acknowledged[0]?.errorCode !== 0) {
        throw new Error('Kafka did not acknowledge the dead letter', { cause: acknowledged })
      }
    },
    [Symbol.asyncDispose]: () => within(disconnectMs, producer.disconnect(), 'Kafka did not let go').catch(() => {}),
  }
}
