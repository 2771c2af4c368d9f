import { anIngest } from '@activity-log/ingest/an-ingest.testsuite.ts'
import { toRecord } from '@activity-log/shared/activity-recorded.ts'
import { listen } from '@activity-log/shared/http/serve.ts'
import { toReceipt } from '@activity-log/shared/receipt.ts'
import { openMongoStore } from '@activity-log/shared/store/mongo.ts'
import { collections } from '@activity-log/shared/store/mongo-documents.ts'
import { accessOf, anAccessFile } from '@activity-log/shared/testing/access.ts'
import { anEvent, aRecord, receivedAt, recorded, silent, until } from '@activity-log/shared/testing/builders.ts'
import { aDatabase } from '@activity-log/shared/testing/mongodb.ts'
import { startProgram } from '@activity-log/shared/testing/processes.ts'
import { aTopic, kafkaBrokers, kafkaForTests, mongodbUri, uniqueName } from '@activity-log/shared/testing/servers.ts'
import type { Message } from 'kafkajs'
import { expect, test } from 'vitest'
import { startProduction } from './production.ts'

type Range = { from: number; to: number }
type Report = {
  complete: boolean
  abandoned: number
  deadLetters: { read: number; closed: number; notInStore: number; withoutPosition: number; elsewhere: number }
  partitions: {
    partition: number
    abandoned: number
    missing: Range[]
    notDelivered: Range[]
    gone: Range[]
    isOfAnotherTopic: boolean
  }[]
}
type Over = { topic: string; deadLetterTopic: string; database: { name: string } }

async function runWriteOff({ topic, database }: Over, who: { [name: string]: string } = { ACCESS: 'open' }) {
  const env = { MONGODB_URI: mongodbUri, MONGODB_DATABASE: database.name, ...who }
  const all = ['--brokers', kafkaBrokers.join(','), '--topic', topic]
  await using program = startProgram('functions/cli/main.ts', env, 'ledger', 'write-off', ...all)
  return { code: await program.ended, output: program.output() }
}

async function runLedger(over: Over, ...args: string[]) {
  return await runLedgerAs({ ACCESS: 'open' }, over, ...args)
}

async function runLedgerAs(
  who: { [name: string]: string },
  { topic, deadLetterTopic, database }: Over,
  ...args: string[]
) {
  const env = { MONGODB_URI: mongodbUri, MONGODB_DATABASE: database.name, ...who }
  const names = ['--topic', topic, '--dead-letter-topic', deadLetterTopic]
  const all = ['--brokers', kafkaBrokers.join(','), ...names, ...args]
  await using program = startProgram('functions/cli/main.ts', env, 'ledger', ...all)
  return { code: await program.ended, output: program.output() }
}

async function readLedger(over: Over, ...args: string[]) {
  const { code, output } = await runLedger(over, '--json', ...args)
  const report = JSON.parse(output) as Report
  const open = report.partitions.filter(
    ({ missing, notDelivered, gone }) => [missing, notDelivered, gone].flat().length,
  )
  return { code, ...report, open }
}

async function produce(topic: string, messages: Message[]) {
  const producer = kafkaForTests().producer()
  await producer.connect()
  for (let at = 0; at < messages.length; at += 100)
    await producer.send({ topic, messages: messages.slice(at, at + 100) })
  await producer.disconnect()
}

/** A topic, a dead-letter topic and a store. */
async function aLog(partitions = 1) {
  const opened = new AsyncDisposableStack()
  const topic = opened.use(await aTopic(partitions)).name
  const deadLetterTopic = opened.use(await aTopic(1, uniqueName('dead-letters'))).name
  const database = opened.use(aDatabase())
  const migrate = { retentionDays: undefined }
  const store = opened.use(openMongoStore({ uri: mongodbUri, database: database.name, log: silent, migrate }))
  const save = (...offsets: number[]) => store.save(offsets.map((offset) => recorded({ id: `${offset}` }, offset)))
  const fill = (count: number) =>
    produce(
      topic,
      Array.from({ length: count }, () => ({ ...aRecord(), partition: 0 })),
    )
  const admin = kafkaForTests().admin()
  await admin.connect()
  opened.defer(() => admin.disconnect())
  async function deleteBelow(offset: number) {
    // kafkajs deletes records only of topics that it knows
    await admin.fetchTopicOffsets(topic)
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(offset) }] })
  }
  return Object.assign(opened, { topic, deadLetterTopic, database, store, save, fill, deleteBelow })
}

test('a record that the dispatcher gave up on is a gap until activity-log ledger finds it in the dead-letter topic', {
  timeout: 120_000,
}, async () => {
  await using production = await startProduction()
  const { query, topic } = production
  const get = async (path: string) => (await fetch(query + path)).json()
  const event = anEvent({ id: 'undelivered' })
  const { headers, value } = toRecord(event)
  const behind = Array.from({ length: 3 }, (_, n) => aRecord({ id: `behind-${n}` }))
  // persist rejects an event with NUL in an attribute
  const messages = [aRecord({ id: 'before' }), { headers: { ...headers, ce_subject: 'a%00b' }, value }, ...behind]
  await produce(
    topic,
    messages.map((message) => ({ ...message, partition: 3 })),
  )
  const activities = production.database.db.collection(collections.activities)
  const deadLetters = production.database.db.collection<{ _id: string }>(collections.deadLetters)
  await until(async () => (await activities.countDocuments()) === 4 && (await deadLetters.countDocuments()) === 1)
  const position = { partition: 3, offset: 1 }
  const receipt = toReceipt({ position, recordedAt: receivedAt })
  expect(await get('/ledger')).toMatchObject({
    complete: false,
    partitions: [{ partition: 3, missing: [{ from: 1, to: 1 }], missingCount: 1 }],
  })
  expect(await get(`/receipts/${receipt}`)).toMatchObject({ status: 'pending' })

  expect(await readLedger(production)).toMatchObject({
    code: 0,
    complete: true,
    deadLetters: { read: 1, closed: 1, notInStore: 0, withoutPosition: 0, elsewhere: 0 },
  })
  expect(await get('/ledger')).toMatchObject({ complete: true, partitions: [{ counts: { stored: 4, rejected: 1 } }] })
  const kept = await deadLetters.findOne()
  expect(await get(`/receipts/${receipt}`)).toEqual({
    status: 'rejected',
    id: 'undelivered',
    position,
    links: { deadLetter: `/dead-letters/${kept?._id}` },
  })

  expect(await readLedger(production)).toMatchObject({ code: 0, deadLetters: { read: 1, closed: 0 } })
  const { code, output } = await runLedger(production)
  expect(output).toMatch(/^ +3 +0\.\.5 +0\.\.5 +0\.\.5 +4 +0 +0 +1 .*\nThe ledger is complete\.\n$/ms)
  expect(code).toBe(0)
})

test('reports missing, undelivered and deleted records, and abandons only deleted ones', async () => {
  await using log = await aLog()
  const { store, save, fill, deleteBelow } = log
  await fill(10)
  await save(5, 7)
  await deleteBelow(4)
  const missing = [4, 6].map((offset) => ({ from: offset, to: offset }))
  const notDelivered = [{ from: 8, to: 9 }]
  const open = { partition: 0, missing, notDelivered, gone: [{ from: 0, to: 3 }] }
  expect(await readLedger(log)).toMatchObject({ code: 1, complete: false, open: [open] })
  expect((await runLedger(log)).output).toMatch(/4 records gone from Kafka .*--abandon/)
  expect((await store.ledger()).partitions).toMatchObject([{ abandoned: 0 }])

  const written = { ...open, gone: [], abandoned: 4 }
  expect(await readLedger(log, '--abandon')).toMatchObject({ code: 1, abandoned: 4, open: [written] })
  expect(await readLedger(log, '--abandon')).toMatchObject({ code: 1, abandoned: 0, open: [written] })
  await save(4, 6, 8, 9)
  expect(await readLedger(log)).toMatchObject({ code: 0, complete: true, abandoned: 0 })
})

test('abandons records that were deleted before the store knew the topic', async () => {
  await using log = await aLog()
  await log.fill(3)
  await log.deleteBelow(3)
  expect(await readLedger(log)).toMatchObject({ code: 1, open: [{ gone: [{ from: 0, to: 2 }] }] })
  expect(await readLedger(log, '--abandon')).toMatchObject({ code: 0, abandoned: 3, open: [] })
})

test('closes any number of gaps with dead letters of its topic, and none with those of another topic', async () => {
  await using log = await aLog(2)
  const { fill, save, deadLetterTopic, store } = log
  const count = 3000
  await fill(count)
  await save(count - 1)
  const { headers, value } = aRecord()
  const padding = 'x'.repeat(4000)
  const dead = (offset: number, partition = 0): Message => ({
    headers: {
      ...headers,
      ce_padding: padding,
      ce_knativekafkapartition: String(partition),
      ce_knativekafkaoffset: String(offset),
    },
    value,
  })
  const givenUp = Array.from({ length: count - 1 }, (_, offset) => dead(offset))
  const foreign = [dead(count), dead(0, 1), dead(0, 9), { headers, value }]
  const all = [...givenUp, ...foreign, dead(1)]
  await produce(deadLetterTopic, all)
  expect(await readLedger(log)).toMatchObject({
    code: 0,
    deadLetters: { read: all.length, closed: count - 1, notInStore: count - 1, withoutPosition: 1, elsewhere: 3 },
  })
  expect((await store.ledger()).partitions).toMatchObject([{ counts: { stored: 1, rejected: count - 1 } }])
})

test('abandons nothing if the topic was created again, because its offsets start over', async () => {
  await using log = await aLog()
  await log.fill(4)
  await log.save(2, 9)
  await log.deleteBelow(2)
  const report = await readLedger(log, '--abandon')
  expect(report).toMatchObject({ code: 1, abandoned: 0, partitions: [{ isOfAnotherTopic: true, abandoned: 0 }] })
})

test('writes off what Kafka never had, so that the ledger is complete again', async () => {
  await using log = await aLog()
  await log.fill(4)
  await log.save(0, 1, 2, 3, 999_999_999_999)
  expect(await readLedger(log)).toMatchObject({ code: 1, partitions: [{ isOfAnotherTopic: true }] })
  expect((await runLedger(log)).output).toContain('activity-log ledger write-off')
  expect(await runWriteOff(log)).toEqual({ code: 0, output: '1 record written off.\n' })
  expect(await readLedger(log)).toMatchObject({ code: 0, complete: true, partitions: [{ counts: { stored: 4 } }] })
  expect(await log.store.count({ tenant: 'default' })).toBe(5)
  expect(await runWriteOff(log)).toEqual({ code: 0, output: '0 records written off.\n' })
})

test('records who writes off, and writes nothing off while it cannot', async () => {
  await using log = await aLog()
  await log.fill(1)
  await log.save(0, 7)
  const file = anAccessFile({ audit: { tenant: '*', scopes: ['audit'] }, writer: { scopes: ['write'] } })
  const { app, published } = anIngest({ access: accessOf(file.path), now: () => new Date() })
  const server = await listen({ ...app, port: 0, log: silent })
  const ingest = `http://localhost:${server.port}`
  const as = (key: string) => ({ INGEST_URL: ingest, ACTIVITY_LOG_KEY: key })
  const unable = { code: 69, output: expect.stringMatching(/so nothing was written off: .*INGEST_URL.*scope audit/) }
  expect(await runWriteOff(log, as(file.keys.writer))).toEqual(unable)
  expect(await runWriteOff(log, as(file.keys.audit))).toEqual({ code: 0, output: '1 record written off.\n' })
  expect(published.map(({ headers }) => headers['ce_tenant'])).toEqual(['$system'])
  expect(published.map(({ value }) => JSON.parse(value))).toMatchObject([
    { action: 'activity-log.write-off', userId: `key:${file.ids.audit}`, metadata: { topic: log.topic } },
  ])
  await server[Symbol.asyncDispose]()
  await log.save(9)
  expect(await runWriteOff(log, as(file.keys.audit))).toEqual(unable)
  expect(await runWriteOff(log)).toEqual({ code: 0, output: '1 record written off.\n' })
})

test('records who abandons records, and abandons none while it cannot', async () => {
  await using log = await aLog()
  await log.fill(3)
  await log.deleteBelow(2)
  const file = anAccessFile({ audit: { tenant: '*', scopes: ['audit'] } })
  const { app, published } = anIngest({ access: accessOf(file.path), now: () => new Date() })
  const server = await listen({ ...app, port: 0, log: silent })
  const as = { INGEST_URL: `http://localhost:${server.port}`, ACTIVITY_LOG_KEY: file.keys.audit }
  expect((await runLedgerAs({}, log, '--abandon')).code).toBe(78)
  expect((await runLedgerAs(as, log, '--abandon')).output).toMatch(/^2 records abandoned/m)
  expect(published.map(({ headers, value }) => [headers['ce_tenant'], JSON.parse(value)])).toMatchObject([
    ['$system', { action: 'activity-log.abandon', userId: `key:${file.ids.audit}`, metadata: { topic: log.topic } }],
  ])
  await runLedgerAs(as, log, '--abandon')
  expect(published).toHaveLength(1)
  await server[Symbol.asyncDispose]()
  await log.deleteBelow(3)
  const unable = { code: 69, output: expect.stringMatching(/so nothing was abandoned: .*INGEST_URL/) }
  expect(await runLedgerAs(as, log, '--abandon')).toEqual(unable)
  expect(await readLedger(log)).toMatchObject({ code: 1, open: [{ gone: [{ from: 2, to: 2 }] }] })
})

test('writes nothing off if the store is complete beyond the end of the topic, because that is another topic', async () => {
  await using log = await aLog()
  await log.fill(2)
  await log.save(0, 1, 2, 3)
  const { code, output } = await runWriteOff(log)
  expect([code, output]).toEqual([1, expect.stringMatching(/ends at 2\. .* Nothing was written off\.\n$/)])
  expect((await log.store.ledger()).partitions).toMatchObject([{ completeThrough: 3 }])
})

test('counts the outcomes that an earlier version never compacted', async () => {
  await using log = await aLog()
  await log.fill(1)
  const count = 21_000
  const documents = Array.from({ length: count }, (_, offset) => ({
    partition: 0,
    offset,
    id: `${offset}`,
    tenant: 't',
  }))
  await log.save(0)
  await log.database.db.collection(collections.activities).insertMany(documents.slice(1))
  expect((await log.store.ledger()).partitions).toMatchObject([{ uncounted: true }])
  const { partitions } = await readLedger(log)
  expect(partitions).toMatchObject([{ uncounted: false, last: count - 1, counts: { stored: count } }])
})

test.each<[string, (log: Over) => Promise<{ code: unknown; output: string }>, number, RegExp]>([
  ['a topic that does not exist', (log) => runLedger({ ...log, topic: 'nowhere' }), 78, /--topic .* nowhere/],
  [
    'a dead-letter topic that does not exist',
    (log) => runLedger({ ...log, deadLetterTopic: 'no' }),
    78,
    /--dead-letter-topic /,
  ],
  ['no brokers', (log) => runLedger(log, '--brokers', '127.0.0.1:1'), 69, /Kafka does not answer at 127.0.0.1:1/],
])('says plainly what is wrong: %s', async (_what, run, code, says) => {
  await using log = await aLog()
  const ended = await run(log)
  expect(ended.output).toMatch(says)
  expect(ended.output).not.toMatch(/^ +at /m)
  expect(ended.code).toBe(code)
})
