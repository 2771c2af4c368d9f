import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { ConfigError } from '../config.ts'
import { aRecord, silent, until } from '../testing/builders.ts'
import { aTopic, controlKafka, kafkaBrokers, kafkaForTests, readTopic, uniqueName } from '../testing/servers.ts'
import { testBroker } from './broker.testsuite.ts'
import { kafkaTimes, openKafkaBroker } from './kafka.ts'

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

test('writes the records of a call to one partition, and those of overlapping calls to different ones', async () => {
  await using topic = await aTopic(6)
  await using broker = openKafkaBroker({ connection, topic: topic.name, log: silent })
  const partitionOf = async (name: string) => {
    const positions = await broker.publish([aRecord({ id: `${name}-a` }), aRecord({ id: `${name}-b` })])
    expect(new Set(positions.map(({ partition }) => partition)).size).toBe(1)
    return positions[0]?.partition ?? -1
  }
  const overlapping = await Promise.all(Array.from({ length: 6 }, (_, call) => partitionOf(`${call}`)))
  expect(overlapping.toSorted()).toEqual([0, 1, 2, 3, 4, 5])
  const seen = new Set<number>()
  for (let call = 6; seen.size < 6; call++) seen.add(await partitionOf(`${call}`))
})

test('concurrent calls have their own connections, and later calls reuse them', async () => {
  // with one leader, all calls go to the same broker
  await using topic = await aTopic(1)
  let opened = 0
  const count = () => {
    opened++
  }
  subscribe('net.client.socket', count)
  await using broker = openKafkaBroker({ connection, topic: topic.name, log: silent })
  const publish = () => broker.publish([aRecord()])
  const openedBy = async (calls: () => Promise<unknown>) => {
    const before = opened
    await calls()
    return opened - before
  }
  await publish()
  expect(await openedBy(publish)).toBe(0)
  const twoAtOnce = () => Promise.all([publish(), publish()])
  expect(await openedBy(twoAtOnce)).toBeGreaterThan(0)
  expect(await openedBy(twoAtOnce)).toBe(0)
  expect(await openedBy(publish)).toBe(0)
  unsubscribe('net.client.socket', count)
})

test('uses partitions that are added to the topic later', async () => {
  await using topic = await aTopic(1)
  const times = { ...kafkaTimes, topology: 0 }
  await using broker = openKafkaBroker({ connection, topic: topic.name, log: silent, times })
  await broker.publish([aRecord()])
  const admin = kafkaForTests().admin()
  await admin.connect()
  await admin.createPartitions({ topicPartitions: [{ topic: topic.name, count: 3 }] })
  await admin.disconnect()
  await until(async () => (await broker.publish([aRecord()])).some(({ partition }) => partition > 0))
})

test('a missing topic is a configuration error, and is not created', async () => {
  const topic = uniqueName('nowhere')
  const times = { ...kafkaTimes, unknownTopic: 500 }
  await using broker = openKafkaBroker({ connection, topic, log: silent, times })
  await expect(broker.misconfigured).rejects.toThrow(ConfigError)
  await expect(broker.misconfigured).rejects.toThrow(`KAFKA_TOPIC names a topic that Kafka does not have`)
  await expect(broker.publish([aRecord()])).rejects.toThrow()
  const admin = kafkaForTests().admin()
  await admin.connect()
  expect(await admin.listTopics()).not.toContain(topic)
  await admin.disconnect()
})

test('waits for a topic that is unknown at first when Kafka starts after this process', async () => {
  const name = uniqueName('activities')
  const times = { ...kafkaTimes, unknownTopic: 5_000 }
  const port = await freePort()
  await using broker = openKafkaBroker({
    connection: { brokers: [`127.0.0.1:${port}`] },
    topic: name,
    log: silent,
    times,
  })
  const ended = broker.misconfigured.catch((error) => error)
  await wait(times.unknownTopic)
  await using _kafka = await forwardFrom(port, kafkaBrokers[0] as string)
  expect(await Promise.race([ended, wait(2_500, 'still waiting')])).toBe('still waiting')
  await using _topic = await aTopic(1, name)
  expect(await broker.publish([aRecord()])).toHaveLength(1)
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Forwards connections to a broker. */
async function forwardFrom(port: number, broker: string): Promise<AsyncDisposable> {
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const [host, brokerPort] = broker.split(':')
    const target = connect(Number(brokerPort), host)
    for (const socket of [client, target]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
    }
    client.pipe(target).pipe(client)
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe.skipIf(!controlKafka)('outages (KAFKA_CONTROL)', () => {
  test('rejects in time while all brokers are down, and recovers by itself', async () => {
    await using topic = await aTopic()
    await using broker = openKafkaBroker({ connection, topic: topic.name, log: silent })
    const [first] = await broker.publish([aRecord({ id: 'before' })])
    expect(first).toBeDefined()
    for (const index of kafkaBrokers.keys()) await controlKafka?.('kill', index + 1)
    await using late = openKafkaBroker({ connection, topic: topic.name, log: silent })
    try {
      for (let n = 0; n < 20; n++) await expect(broker.publish([aRecord({ id: 'during' })])).rejects.toThrow()
      await expect(late.publish([aRecord({ id: 'during' })])).rejects.toThrow()
    } finally {
      await controlKafka?.('start')
    }
    expect(await broker.publish([aRecord({ id: 'after' })])).toHaveLength(1)
    expect(await late.publish([aRecord({ id: 'after' })])).toHaveLength(1)
    const ids = (await readTopic(topic.name)).map(({ headers }) => headers['ce_id'])
    expect(ids.toSorted()).toEqual(['after', 'after', 'before'])
  })

  test.skipIf(kafkaBrokers.length < 3)('does not acknowledge records that only one of three brokers has', async () => {
    await using topic = await aTopic()
    const times = { ...kafkaTimes, timeout: 3000, acknowledge: 500 }
    await using broker = openKafkaBroker({ connection, topic: topic.name, log: silent, times })
    await broker.publish([aRecord()])
    await controlKafka?.('pause', 2)
    await controlKafka?.('pause', 3)
    try {
      await expect(broker.publish([aRecord()])).rejects.toThrow()
    } finally {
      await controlKafka?.('resume', 2)
      await controlKafka?.('resume', 3)
    }
  })
})
