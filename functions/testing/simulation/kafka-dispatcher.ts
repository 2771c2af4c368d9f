import { openDeadLetters } from '@activity-log/kafka-source/dead-letter-topic.ts'
import { createDispatch, type Dispatch } from '@activity-log/kafka-source/dispatch.ts'
import { openInFlight } from '@activity-log/kafka-source/in-flight.ts'
import { startSession } from '@activity-log/kafka-source/session.ts'
import type { DeliveryPolicy, Send } from '@activity-log/shared/dispatch/delivery.ts'
import { within } from '@activity-log/shared/within.ts'
import type { Deliveries } from './deliveries.ts'
import type { Group } from './group.ts'
import type { Life } from './life.ts'
import { fakeBroker } from './simulated-broker.ts'
import { fakeKafka, type Link } from './simulated-consumer.ts'
import type { Setting } from './simulated-processes.ts'
import type { Topic } from './topic.ts'

export type Dispatcher = {
  life: Life
  link: Link
  /** Stops the dispatcher as SIGTERM does. */
  stop(): Promise<void>
}

export type DispatcherOptions = {
  life: Life
  topic: Topic
  group: Group
  deliveries: Deliveries
  /** Undefined when this dispatcher delivers the dead letters. */
  deadLetters: Topic | undefined
  send: Send
  policy: DeliveryPolicy
}

const restartMs = 1000

/**
 * Runs the real sessions of the stand-in for KafkaSource over a fake Kafka. The code here takes the place of source.ts,
 * which runs them over a real one.
 */
export function startKafkaDispatcher(
  { world, log, without }: Setting,
  { life, topic, group, deliveries, deadLetters, send, policy }: DispatcherOptions,
): Dispatcher {
  const { random } = world
  const link: Link = { closedUntil: 0 }
  const kafka = fakeKafka({ world, life, topic, group, link })
  const inFlight = openInFlight()
  const stopping = new AbortController()
  const stopped = new Promise<void>((resolve) => stopping.signal.addEventListener('abort', () => resolve()))
  const dispatch = createDispatch({
    source: { namespace: 'local', name: 'persist', topic: topic.name },
    send,
    sinkUrl: 'http://persist/',
    policy,
    deadLetters: deadLetters && openDeadLetters(producer(deadLetters), deadLetters.name),
    log,
  })

  /** The answer names the position of the record, as kafkajs's does. */
  function producer(to: Topic) {
    const partition = random.between(0, to.partitions - 1)
    return {
      connect: async () => {},
      async send({ messages: [message] }: { messages: readonly { headers?: object; value: unknown }[] }) {
        const headers = (message?.headers ?? {}) as { [name: string]: string }
        const value = message?.value as Buffer | null
        const broker = fakeBroker(world, life, async () => {
          deliveries.deadLettered({
            partition: Number(headers['ce_knativekafkapartition']),
            offset: Number(headers['ce_knativekafkaoffset']),
          })
          return to.append([{ headers, value }], partition)
        })
        const [position] = await broker.publish([{ headers, value: '' }])
        return [{ topicName: to.name, partition, errorCode: 0, baseOffset: String(position?.offset) }]
      },
      disconnect: async () => {},
    }
  }

  const eager: Dispatch = async (record, signal) => void dispatch(record, signal).catch(() => {})

  async function run() {
    while (!stopping.signal.aborted) {
      try {
        await using session = startSession({
          kafka,
          topic: topic.name,
          group: 'persist',
          dispatch: without === 'commit after outcome' ? eager : dispatch,
          inFlight,
          commitEveryMs: random.pick([500, 5000]),
          log,
        })
        await Promise.race([session.failed, stopped])
      } catch (error) {
        world.note(`${life.name} starts again: ${(error as Error).message}`)
        await within(restartMs, stopped, 'It was not stopped').catch(() => {})
      }
    }
  }
  const running = run()

  return {
    life,
    link,
    async stop() {
      stopping.abort()
      await running
      life.end()
    },
  }
}
