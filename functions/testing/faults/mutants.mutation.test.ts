import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { collections } from '@activity-log/shared/store/mongo-documents.ts'
import { type Answer, anActivity, aRecord, delivery, post, until } from '@activity-log/shared/testing/builders.ts'
import { aDatabase, type TestDatabase } from '@activity-log/shared/testing/mongodb.ts'
import { startProgram, written } from '@activity-log/shared/testing/processes.ts'
import {
  aTopic,
  controlKafka,
  controlMongodb,
  kafkaBrokers,
  kafkaForTests,
  mongodbUri,
  readTopic,
  uniqueName,
} from '@activity-log/shared/testing/servers.ts'
import { describe, expect, onTestFinished, test } from 'vitest'
import { aJourney, records } from '../source-journey.ts'
import { withFaults } from './preload.ts'

/** Each safeguard is tested twice, with it and without it, as in mutants.embedded.long.test.ts. */
type Faults = Parameters<typeof withFaults>[0]

async function startPersist({ name }: TestDatabase, faults: Faults) {
  const env = { MONGODB_URI: mongodbUri, MONGODB_DATABASE: name, PORT: '0', ...withFaults(faults) }
  const program = startProgram('functions/persist/main.ts', env)
  const port = await written(program, /"port":(\d+)/)
  const deliver = (changes: Parameters<typeof aRecord>[0], offset: number, limitMs = 60_000) =>
    fetch(`http://localhost:${port}/`, {
      ...delivery(aRecord(changes), offset),
      signal: AbortSignal.timeout(limitMs),
    }).then(
      ({ status }) => status,
      () => 'no answer',
    )
  return Object.assign(program, { deliver })
}

async function startIngest(topic: string, mutant: string, brokers: readonly string[] = kafkaBrokers) {
  const env = { KAFKA_BROKERS: brokers.join(','), KAFKA_TOPIC: topic, PORT: '0', ...withFaults({ mutant }) }
  const program = startProgram('functions/ingest/main.ts', env)
  const url = `http://localhost:${await written(program, /"port":(\d+)/)}/logs`
  const send = (body: unknown, limitMs = 60_000) =>
    fetch(url, { ...post(body), signal: AbortSignal.timeout(limitMs) }).catch(() => undefined)
  return Object.assign(program, { send })
}

const countIn = (database: TestDatabase, ...names: string[]) =>
  Promise.all(names.map((name) => database.db.collection(name).countDocuments({})))

test.each([
  { faults: {}, second: { action: 'click_button' }, kept: [1, 0, 1] },
  { faults: { mutant: 'unique-id' }, second: { action: 'click_button' }, kept: [2, 0, 0] },
  { faults: { mutant: 'outcome-of-a-duplicate' }, second: { action: 'click_button' }, kept: [1, 0, 0] },
  { faults: {}, second: { action: 'other' }, kept: [1, 1, 1] },
  { faults: { mutant: 'conflict' }, second: { action: 'other' }, kept: [1, 0, 1] },
  { faults: { mutant: 'dead-lettering' }, second: { action: 'other' }, kept: [1, 0, 0] },
  { faults: { mutant: 'write-concern' }, second: { action: 'other' }, kept: [1, 0, 0] },
  { faults: { mutant: 'outcome-of-a-dead-letter' }, second: { action: 'other' }, kept: [1, 1, 0] },
  { faults: { crashAt: 'persist:after-outcome' }, second: { action: 'other' }, kept: [1, 1, 1] },
  {
    faults: { crashAt: 'persist:after-outcome', mutant: 'dead-letter-before-outcome' },
    second: { action: 'other' },
    kept: [1, 0, 1],
  },
])('with $faults, two activities under one id leave $kept activities, dead letters and outcomes', async ({
  faults,
  second,
  kept,
}) => {
  await using database = aDatabase()
  await using persist = await startPersist(database, faults)
  expect(await persist.deliver({}, 1)).toBe(204)
  await persist.deliver(second, 2)
  expect(await countIn(database, collections.activities, collections.deadLetters, collections.outcomes)).toEqual(kept)
})

describe.runIf(controlMongodb)('while MongoDB hangs, and then dies', () => {
  test.each([
    { mutant: '', answered: 503 },
    { mutant: 'write-concern', answered: 204 },
    { mutant: 'save-before-answer', answered: 204 },
    { mutant: 'store-deadline', answered: 'no answer' },
  ])('without "$mutant", a delivery gets $answered and is not stored', { timeout: 120_000 }, async ({
    mutant,
    answered,
  }) => {
    await using database = aDatabase()
    {
      await using persist = await startPersist(database, { mutant })
      expect(await persist.deliver({ id: 'before' }, 1)).toBe(204)
      await until(async () => (await countIn(database, collections.activities))[0] === 1)
      await controlMongodb?.('pause')
      try {
        expect(await persist.deliver({ id: 'meanwhile' }, 2, 25_000)).toBe(answered)
      } finally {
        await controlMongodb?.('kill')
        persist.child.kill('SIGKILL')
        await persist.ended
        await controlMongodb?.('start')
      }
    }
    expect(await countIn(database, collections.activities)).toEqual([1])
  })
})

test.each([
  { mutant: '', status: 0, committed: 0 },
  { mutant: 'commit-after-outcome', status: 0, committed: 1 },
  { mutant: '', status: 503, committed: 0 },
  { mutant: 'retry-rule', status: 503, committed: 1 },
])('without "$mutant", the source commits $committed when persist answers $status (0: nothing)', async ({
  mutant,
  status,
  committed,
}) => {
  const journey = await aJourney(1, () => (status === 0 ? new Promise(() => {}) : { status }))
  await journey.produce(records(1))
  await using source = startProgram('functions/kafka-source/main.ts', { ...journey.env, ...withFaults({ mutant }) })
  await until(() => journey.sink.received.length > 0)
  // before it ends, the source commits every record that it may
  source.child.kill('SIGTERM')
  await source.ended
  expect(await journey.committed()).toBe(committed)
  expect(await journey.readDeadLetters()).toEqual([])
})

/** A broker that accepts connections and never answers. */
async function aStuckBroker(): Promise<string> {
  const stuck = createServer()
  await once(stuck.listen(0, '127.0.0.1'), 'listening')
  onTestFinished(() => void stuck.close())
  return `127.0.0.1:${(stuck.address() as AddressInfo).port}`
}

test.each([
  { mutant: '', answered: 503 },
  { mutant: 'publish-deadline', answered: undefined },
])('without "$mutant", ingest answers $answered while Kafka hangs', async ({ mutant, answered }) => {
  await using ingest = await startIngest('activities', mutant, [await aStuckBroker()])
  expect((await ingest.send(anActivity(), 20_000))?.status).toBe(answered)
})

test.each([
  { mutant: '', isRejected: true },
  { mutant: 'bounded-waiting', isRejected: false },
])('without "$mutant", ingest bounds 25,000 activities that wait for Kafka: $isRejected', async ({
  mutant,
  isRejected,
}) => {
  await using ingest = await startIngest('activities', mutant, [await aStuckBroker()])
  const many = Array.from({ length: 1000 }, (_, n) => anActivity({ id: `${n}` }))
  const answers = await Promise.all(Array.from({ length: 25 }, () => ingest.send(many)))
  expect(new Set(answers.map((answer) => answer?.status))).toEqual(new Set([503]))
  expect(ingest.output().includes('are already waiting')).toBe(isRejected)
})

test.each([
  { mutant: '', answered: 202 },
  { mutant: 'bounded-group', answered: 503 },
])('without "$mutant", ingest answers $answered to a request of 2 MB', async ({ mutant, answered }) => {
  await using topic = await aTopic(3)
  await using ingest = await startIngest(topic.name, mutant)
  const large = Array.from({ length: 100 }, (_, n) =>
    anActivity({ id: `${n}`, metadata: { text: 'x'.repeat(20_000) } }),
  )
  expect((await ingest.send(large))?.status).toBe(answered)
})

async function idsIn(topic: string): Promise<Set<string | undefined>> {
  for (;;) {
    // for a moment there may be no leader
    const found = await readTopic(topic).catch(() => undefined)
    if (found) return new Set(found.map(({ headers }) => headers['ce_id']))
  }
}

describe.runIf(controlKafka && kafkaBrokers.length === 3)('with three brokers', () => {
  const control = async (...args: Parameters<NonNullable<typeof controlKafka>>) => controlKafka?.(...args)

  /** A topic with one partition, led by the third broker. */
  async function aTopicOfTheThird(): Promise<string> {
    const topic = uniqueName('activities')
    const admin = kafkaForTests().admin()
    await admin.connect()
    const replicaAssignment = [{ partition: 0, replicas: [3, 1, 2] }]
    await admin.createTopics({
      waitForLeaders: false,
      topics: [{ topic, numPartitions: -1, replicationFactor: -1, replicaAssignment }],
    })
    onTestFinished(async () => {
      await admin.deleteTopics({ topics: [topic] }).catch(() => {})
      await admin.disconnect()
    })
    return topic
  }

  async function leaderOf(topic: string): Promise<number> {
    const admin = kafkaForTests().admin()
    try {
      await admin.connect()
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      return topics[0]?.partitions[0]?.leader ?? -1
    } catch {
      return -1
    } finally {
      await admin.disconnect().catch(() => {})
    }
  }

  test.each([
    { mutant: '', acknowledged: 0 },
    { mutant: 'acks', acknowledged: 5 },
  ])('without "$mutant", ingest acknowledges $acknowledged of 5 activities while the followers hang', {
    timeout: 240_000,
  }, async ({ mutant, acknowledged }) => {
    const topic = await aTopicOfTheThird()
    await until(async () => (await leaderOf(topic)) === 3)
    const answered: string[] = []
    {
      await using ingest = await startIngest(topic, mutant)
      expect((await ingest.send(anActivity({ id: 'before' })))?.status).toBe(202)
      await control('pause', 1)
      await control('pause', 2)
      try {
        // they are sent one at a time, because an answer on its way to a follower before its pause may hold the first
        for (const id of ['1', '2', '3', '4', '5']) {
          if ((await ingest.send(anActivity({ id })))?.status === 202) answered.push(id)
          else break
        }
        ingest.child.kill('SIGKILL')
        await ingest.ended
      } finally {
        await control('kill', 3)
        await control('resume', 1)
        await control('resume', 2)
      }
    }
    await until(async () => [1, 2].includes(await leaderOf(topic)))
    await control('start')
    expect(answered).toHaveLength(acknowledged)
    const found = await idsIn(topic)
    expect(found).toContain('before')
    expect(answered.some((id) => !found.has(id))).toBe(acknowledged > 0)
  })

  test.each([
    { mutant: '', rounds: 5 },
    { mutant: 'one-partition-per-acknowledgement', rounds: 30 },
  ])('leaders that move under load lose acknowledged activities only if a safeguard is missing: "$mutant"', {
    timeout: 400_000,
  }, async ({ mutant, rounds }) => {
    // each broker leads one partition; the one that moves goes to a leader that the next send also uses
    await using topic = await aTopic(3)
    await using ingest = await startIngest(topic.name, mutant)
    const acknowledged: string[] = []
    let sent = 0
    let moving = true
    async function client() {
      while (moving) {
        const some = Array.from({ length: 12 }, () => anActivity({ id: `${sent++}` }))
        const answer = (await (await ingest.send(some))?.json()) as Answer | undefined
        for (const { id, status } of answer?.results ?? []) if (status === 'accepted') acknowledged.push(id)
      }
    }
    const lost = async () => {
      const so = [...acknowledged]
      const found = await idsIn(topic.name)
      return so.filter((id) => !found.has(id))
    }
    const clients = Array.from({ length: 8 }, client)
    for (let round = 0; round < rounds; round++) {
      await control('move', topic.name, 0)
      if (mutant && (await lost()).length > 0) break
    }
    moving = false
    await Promise.all(clients)
    expect((await lost()).length > 0).toBe(mutant !== '')
  })
})
