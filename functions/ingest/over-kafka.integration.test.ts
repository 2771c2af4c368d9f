import { kafkaTimes, openKafkaBroker } from '@activity-log/shared/broker/kafka.ts'
import { anActivity, answerOf, post, silent } from '@activity-log/shared/testing/builders.ts'
import { startProgram } from '@activity-log/shared/testing/processes.ts'
import { aTopic, controlKafka, kafkaBrokers, readTopic, uniqueName } from '@activity-log/shared/testing/servers.ts'
import { describe, expect, test } from 'vitest'
import { createApp } from './app.ts'

const connection = { brokers: kafkaBrokers }
/** This many clients keep two batches in flight. */
const clients = 64
const secondFrom = 16
/**
 * How long clients wait here. Until Kafka has fenced a dead broker, nothing is acknowledged; if that broker was the
 * active controller, its successor waits for a whole session of the broker before it does.
 */
const deadlineMs = 20_000
const times = { ...kafkaTimes, timeout: deadlineMs - 400 }

let ids = 0

/** Runs clients that each post one activity after another, every one with its own id, until `stop` is called. */
function load(broker: ReturnType<typeof openKafkaBroker>) {
  const app = createApp({
    broker,
    log: silent,
    now: () => new Date(),
    newId: () => `made-${++ids}`,
    deadlineMs,
    secondFrom,
  })
  const statuses = new Map<number, number>()
  const acknowledged: string[] = []
  let stopped = false
  async function client() {
    while (!stopped) {
      const id = `id-${++ids}`
      const response = await app.request('/logs', post(anActivity({ id })))
      statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1)
      if (response.status === 202) acknowledged.push((await answerOf(response)).id)
    }
  }
  const all = Promise.all(Array.from({ length: clients }, client))
  return {
    acknowledged,
    statuses,
    /** Resolves once `count` more activities are acknowledged. */
    async more(count: number) {
      const goal = acknowledged.length + count
      while (acknowledged.length < goal) await new Promise((resolve) => setTimeout(resolve, 10))
    },
    async stop() {
      stopped = true
      await all
    },
  }
}

async function lost(acknowledged: readonly string[], topic: string): Promise<string[]> {
  const found = new Set((await readTopic(topic)).map(({ headers }) => headers['ce_id']))
  return acknowledged.filter((id) => !found.has(id))
}

describe.skipIf(!controlKafka || kafkaBrokers.length < 3)('three brokers (KAFKA_CONTROL)', () => {
  test.each([
    ['kill', 'restart'],
    ['pause', 'resume'],
  ] as const)('a %s of one broker under load causes no 503 and loses no acknowledged activity', async (fault, cure) => {
    await using topic = await aTopic(12)
    await using broker = openKafkaBroker({ connection, topic: topic.name, log: silent, times })
    const running = load(broker)
    await running.more(2000)
    await controlKafka?.(fault, 3)
    try {
      await running.more(4000)
      // everyone is answered before the broker is back
      await running.stop()
    } finally {
      await controlKafka?.(cure, 3)
    }
    const later = load(broker)
    await later.more(2000)
    await later.stop()
    expect([...running.statuses.keys(), ...later.statuses.keys()]).toEqual([202, 202])
    expect(await lost([...running.acknowledged, ...later.acknowledged], topic.name)).toEqual([])
  })

  test('leaders that move under load cause no 503 and lose no acknowledged activity', async () => {
    await using topic = await aTopic(12)
    await using broker = openKafkaBroker({ connection, topic: topic.name, log: silent, times })
    const running = load(broker)
    for (let moves = 0; moves < 5; moves++) {
      await running.more(500)
      await controlKafka?.('move', topic.name)
    }
    await running.more(500)
    await running.stop()
    expect([...running.statuses.keys()]).toEqual([202])
    expect(await lost(running.acknowledged, topic.name)).toEqual([])
  })
})

test('exits with 78 if Kafka does not have the topic, and says how to create it', async () => {
  await using ingest = startProgram('functions/ingest/main.ts', {
    PORT: '0',
    KAFKA_BROKERS: kafkaBrokers.join(','),
    KAFKA_TOPIC: uniqueName('nowhere'),
  })
  expect(await ingest.ended).toBe(78)
  expect(ingest.output()).toMatch(/KAFKA_TOPIC names a topic that Kafka does not have.*kafka-topics.sh .*nowhere/)
})
