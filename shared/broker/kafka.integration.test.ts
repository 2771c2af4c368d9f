import { describe, expect, test } from 'vitest'
import { silent } from '../testing/builders.ts'
import { aTopic, kafkaBrokers, readTopic } from '../testing/servers.ts'
import { testBroker } from './broker.testsuite.ts'
import { openKafkaBroker } from './kafka.ts'

const connection = { brokers: kafkaBrokers }

describe('Kafka broker', () =>
  testBroker(async () => {
    const topic = await aTopic()
    const broker = openKafkaBroker({ connection, topic: topic.name, log: silent })
    return {
      broker,
      readBack: async (positions) => {
        const all = await readTopic(topic.name)
        return positions.map(({ partition, offset }) => {
          const found = all.find((record) => record.partition === partition && record.offset === offset)
          return { headers: found?.headers ?? {}, value: String(found?.value) }
        })
      },
      [Symbol.asyncDispose]: async () => {
        await broker[Symbol.asyncDispose]()
        await topic[Symbol.asyncDispose]()
      },
    }
  }))
void expect
void test
