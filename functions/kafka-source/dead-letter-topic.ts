import { within } from '@activity-log/shared/within.ts'
import { type Kafka, Partitioners, type Producer } from 'kafkajs'

export type DeadLetter = { headers: { [name: string]: string }; key: string | null; value: Buffer | null }

export type DeadLetters = AsyncDisposable & {
  /** Resolves once enough brokers have the dead letter; rejects if that is uncertain. */
  publish(deadLetter: DeadLetter): Promise<void>
}

const disconnectMs = 1000

/** The key chooses the partition. The idempotent producer of kafkajs reports some records as stored that are not. */
export function deadLetterProducer(kafka: Kafka): Producer {
  return kafka.producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    allowAutoTopicCreation: false,
    idempotent: false,
  })
}

/** Writes dead letters to a topic, as a KafkaSink does. One record per request means one partition per request. */
export function openDeadLetters(
  producer: Pick<Producer, 'connect' | 'send' | 'disconnect'>,
  topic: string,
): DeadLetters {
  return {
    async publish(deadLetter) {
      await producer.connect()
      const acknowledged = await producer.send({ topic, acks: -1, timeout: 2500, messages: [deadLetter] })
      // kafkajs may resolve although it never sent to the partition; its answer then does not name the partition
      if (acknowledged.length !== 1 || acknowledged[0]?.errorCode !== 0) {
        throw new Error('Kafka did not acknowledge the dead letter', { cause: acknowledged })
      }
    },
    [Symbol.asyncDispose]: () =>
      within(disconnectMs, producer.disconnect(), 'Kafka did not disconnect').catch(() => {}),
  }
}
