import { type Admin, type Message, Partitioners } from 'kafkajs'
import { expect, onTestFinished, test } from 'vitest'
import { silent, until } from '../testing/builders.ts'
import { aTopic, kafkaBrokers, kafkaForTests, uniqueName } from '../testing/servers.ts'
import { createKafka } from './kafka-client.ts'
import { type KafkaRange, kafkaRangesOf, readTopic } from './kafka-read.ts'

const kafka = createKafka({ brokers: kafkaBrokers }, { log: silent, clientId: 'test' })

async function aTopicOf(partitions: number) {
  const opened = new AsyncDisposableStack()
  onTestFinished(() => opened.disposeAsync())
  const topic = opened.use(await aTopic(partitions)).name
  const admin: Admin = kafka.admin()
  const producer = kafkaForTests().producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await Promise.all([admin.connect(), producer.connect()])
  for (const client of [admin, producer]) opened.defer(() => client.disconnect())
  const produce = (...messages: Message[]) => producer.send({ topic, messages })
  async function read(ranges: readonly KafkaRange[]) {
    const records: string[] = []
    let all = 0
    for await (const { partition, messages, offsets } of readTopic(kafka, admin, topic, ranges)) {
      all += offsets
      records.push(...messages.map(({ offset, value }) => `${partition}/${offset} ${value}`))
    }
    return { records, all }
  }
  return { topic, admin, produce, read }
}

test('reads the records within the offset ranges and no later ones', async () => {
  const { topic, admin, produce, read } = await aTopicOf(3)
  await produce({ partition: 2, value: 'a' }, { partition: 2, value: 'b' }, { partition: 0, value: 'c' })
  const ranges = await kafkaRangesOf(admin, topic)
  expect(ranges).toEqual([
    { partition: 0, first: 0, end: 1 },
    { partition: 1, first: 0, end: 0 },
    { partition: 2, first: 0, end: 2 },
  ])
  await produce({ partition: 2, value: 'later' })
  expect(await read(ranges)).toEqual({ records: ['0/0 c', '2/0 a', '2/1 b'], all: 3 })
})

test('reads more than fits in one answer, in order', async () => {
  const { topic, admin, produce, read } = await aTopicOf(1)
  const padding = 'x'.repeat(900_000)
  for (let n = 0; n < 12; n++) await produce({ value: padding })
  const { records, all } = await read(await kafkaRangesOf(admin, topic))
  expect(records.map((record) => record.replace(/ .*/s, ''))).toEqual(Array.from({ length: 12 }, (_, n) => `0/${n}`))
  expect(all).toBe(12)
})

test('skips an aborted transaction and its end marker', async () => {
  const { topic, admin, read } = await aTopicOf(1)
  const transactional = kafkaForTests().producer({
    createPartitioner: Partitioners.DefaultPartitioner,
    transactionalId: uniqueName('transaction'),
    maxInFlightRequests: 1,
    idempotent: true,
  })
  await transactional.connect()
  for (const end of ['commit', 'abort'] as const) {
    const transaction = await transactional.transaction()
    await transaction.send({ topic, messages: [{ value: end }] })
    await transaction[end]()
  }
  await transactional.disconnect()
  await until(async () => (await kafkaRangesOf(admin, topic))[0]?.end === 4)
  expect(await read(await kafkaRangesOf(admin, topic))).toEqual({ records: ['0/0 commit'], all: 4 })
})

test('skips records that were deleted in the meantime', async () => {
  const { topic, admin, produce, read } = await aTopicOf(1)
  await produce({ value: 'a' }, { value: 'b' }, { value: 'c' })
  const ranges = await kafkaRangesOf(admin, topic)
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '2' }] })
  expect(await read(ranges)).toEqual({ records: ['0/2 c'], all: 3 })
})
