import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { type DeliveryPolicy, maxPollRecords } from '@activity-log/shared/broker/delivery.ts'
import { aRecord, silent, until } from '@activity-log/shared/testing/builders.ts'
import { type Answered, anHttpSink, type HttpSink, type Received } from '@activity-log/shared/testing/http-sink.ts'
import { startProgram, written } from '@activity-log/shared/testing/processes.ts'
import { aTopic, controlKafka, kafkaBrokers, kafkaForTests, uniqueName } from '@activity-log/shared/testing/servers.ts'
import { type Admin, ConfigResourceTypes, type Message, Partitioners } from 'kafkajs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type KafkaSourceOptions, openKafkaSource } from './kafka-source/source.ts'

const quick: DeliveryPolicy = { retry: 2, backoffPolicy: 'linear', backoffDelayMs: 1, timeoutMs: 20_000 }
const patient: DeliveryPolicy = { ...quick, backoffDelayMs: 3_600_000 }
const records = (count: number, partition = 0, first = 0): Message[] =>
  Array.from({ length: count }, (_, n) => ({ ...aRecord({ id: `p${partition}-${first + n}` }), partition }))

/** A topic, one for its dead letters and a group, and sources that are gone when the test is over. */
async function aJourney(partitions: number, answer?: (received: Received) => Answered | Promise<Answered>) {
  const [topic, deadLetterTopic] = [await aTopic(partitions), await aTopic(1, uniqueName('dead-letters'))]
  const sink = await anHttpSink(answer)
  const group = uniqueName('persist')
  const connection = { brokers: kafkaBrokers }
  const options = { connection, topic: topic.name, deadLetterTopic: deadLetterTopic.name, group, sinkUrl: sink.url }
  // of its own: kafkajs asks for every topic that a client ever used, also for those that are gone
  const admin = kafkaForTests().admin()
  const producer = kafkaForTests().producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await Promise.all([admin.connect(), producer.connect()])
  const opened = new AsyncDisposableStack()
  for (const each of [topic, deadLetterTopic, sink]) opened.use(each)
  for (const client of [admin, producer]) opened.defer(() => client.disconnect())
  onTestFinished(() => opened.disposeAsync())

  async function produce(messages: Message[]) {
    for (let at = 0; at < messages.length; at += 500) {
      await producer.send({ topic: topic.name, messages: messages.slice(at, at + 500) })
    }
  }

  function source(changes: Partial<KafkaSourceOptions> = {}) {
    const fixed = { ordering: 'unordered', log: silent, policy: quick, commitEveryMs: 50 } as const
    return opened.use(openKafkaSource({ ...options, ...fixed, ...changes }))
  }
  const committed = async (partition = 0) => {
    const [offsets] = await admin.fetchOffsets({ groupId: group, topics: [topic.name] })
    return Number(offsets?.partitions.find((one) => one.partition === partition)?.offset)
  }
  const env = {
    KAFKA_BROKERS: kafkaBrokers.join(','),
    KAFKA_TOPIC: topic.name,
    KAFKA_DEAD_LETTER_TOPIC: deadLetterTopic.name,
    KAFKA_GROUP: group,
    SINK_URL: sink.url,
  }
  const readDeadLetters = () => readAll(admin, deadLetterTopic.name)
  return { ...options, admin, sink, source, produce, committed, env, readDeadLetters }
}

const idOf = ({ headers }: Received) => headers['ce-id'] ?? ''
const idsIn = ({ received }: HttpSink) => received.map(idOf)

/** Keeps the requests until the test answers them, the oldest first in `held`, or all of them from now on. */
function heldAnswers() {
  const held: ((status: number) => void)[] = []
  let open = false
  const answer = () => {
    if (open) return { status: 204 }
    return new Promise<Answered>((resolve) => held.push((status) => resolve({ status })))
  }
  function answerAll() {
    open = true
    for (const answer of held) answer(204)
  }
  return { held, answer, answerAll }
}

/** How many share a group, once they have agreed how. */
async function members(admin: Admin, group: string) {
  const { groups } = await admin.describeGroups([group])
  return groups[0]?.state === 'Stable' ? groups[0].members.length : 0
}

/** Everything that is in a topic of one partition. */
async function readAll(admin: Admin, topic: string) {
  const [end] = await admin.fetchTopicOffsets(topic)
  const found: { key: string | undefined; value: string | undefined; headers: { [name: string]: string } }[] = []
  if (Number(end?.high) === 0) return found
  const consumer = kafkaForTests().consumer({ groupId: uniqueName('reader'), maxWaitTimeInMs: 50 })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  await consumer.run({
    autoCommit: false,
    eachMessage: async ({ message: { key, value, headers = {} } }) => {
      const text = Object.entries(headers).map(([name, content]) => [name, String(content)])
      found.push({ key: key?.toString(), value: value?.toString(), headers: Object.fromEntries(text) })
    },
  })
  await until(() => found.length === Number(end?.high))
  await consumer.disconnect()
  return found
}

describe('what a record becomes', () => {
  test('our own becomes a CloudEvent at the path of the sink', async () => {
    const { source, sink, produce, committed } = await aJourney(1)
    const { headers, value } = aRecord({ id: 'a', userId: 'ada ☃' })
    await produce([{ headers, value, key: 'a key that is not surfaced' }])
    source({ sinkUrl: `${sink.url}save` })
    await until(async () => (await committed()) === 1)
    expect(sink.received).toHaveLength(1)
    expect(sink.received[0]).toMatchObject({ path: '/save', body: Buffer.from(value) })
    const { host: _host, connection: _connection, ...sent } = sink.received[0]!.headers
    expect(sent).toEqual({
      prefer: 'reply',
      'kn-namespace': 'local',
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(value)),
      'ce-specversion': '1.0',
      'ce-id': 'a',
      'ce-source': '/activity-log/default',
      'ce-type': 'dev.activity-log.activity.recorded.v1',
      'ce-subject': 'ada%20%E2%98%83',
      'ce-time': '2024-01-15T10:00:00Z',
      'ce-partitionkey': 'ada%20%E2%98%83',
      'ce-tenant': 'default',
      'ce-recordedtime': headers['ce_recordedtime'],
      'ce-knativekafkapartition': '0',
      'ce-knativekafkaoffset': '0',
    })
  })

  test('whatever is not ours goes through, and the partition goes on', async () => {
    const { source, sink, produce, topic, group, committed } = await aJourney(1)
    const { headers } = aRecord({ id: 'b' })
    const structured = { specversion: '1.0', id: 's', source: '/s', type: 't', data: { n: 1 } }
    await produce([
      { key: 'user-1', value: 'no event', headers: { TRACE_id: 'ü☃' }, timestamp: '1700000000123' },
      { value: '{"broken":', headers },
      { value: '{}', headers: { ...headers, ce_specversion: '9.9' } },
      { value: '{}', headers: { ...headers, ce_type: 'of.somebody.else' } },
      { value: null, headers },
      { value: 'x'.repeat(1_040_000), headers },
      { value: JSON.stringify(structured), headers: { 'content-type': 'application/cloudevents+json' } },
      { value: '{"specversion":', headers: { 'content-type': 'application/cloudevents+json' } },
      { value: null },
    ])
    await produce(records(1))
    source()
    await until(async () => (await committed()) === 10)
    const at = (offset: number) =>
      sink.received.find((received) => received.headers['ce-knativekafkaoffset'] === String(offset))!
    const raw = (offset: number) => ({
      'ce-type': 'dev.knative.kafka.event',
      'ce-id': `partition:0/offset:${offset}`,
      'ce-source': `/apis/v1/namespaces/local/kafkasources/${group}#${topic}`,
      'ce-subject': `partition:0#${offset}`,
    })
    expect(at(0).headers).toMatchObject({
      ...raw(0),
      'ce-key': 'user-1',
      'ce-partitionkey': 'user-1',
      'ce-time': '2023-11-14T22:13:20.123Z',
      'ce-kafkaheadertraceid': 'ü?',
    })
    expect(at(1)).toMatchObject({ headers: { 'ce-id': 'b' }, body: Buffer.from('{"broken":') })
    expect(at(2).headers).toMatchObject({ ...raw(2), 'ce-kafkaheaderceid': 'b' })
    expect(at(3).headers).toMatchObject({ 'ce-type': 'of.somebody.else' })
    expect(at(4)).toMatchObject({ headers: { 'ce-id': 'b', 'content-length': '0' } })
    expect(at(5).body.length).toBe(1_040_000)
    expect(at(6)).toMatchObject({ headers: { 'ce-id': 's' }, body: Buffer.from('{"n":1}') })
    expect(at(7).headers).toMatchObject({ ...raw(7), 'content-type': 'application/cloudevents+json' })
    expect(at(8).headers).toMatchObject(raw(8))
    expect(at(9).headers['ce-id']).toBe('p0-0')
    expect(sink.received).toHaveLength(10)
  })

  test('aborted transactions and what marks the end of one are passed over, and the commit reaches the end', async () => {
    const { source, sink, topic, committed } = await aJourney(1)
    const transactional = kafkaForTests().producer({
      createPartitioner: Partitioners.DefaultPartitioner,
      transactionalId: uniqueName('transaction'),
      maxInFlightRequests: 1,
      idempotent: true,
    })
    await transactional.connect()
    const write = async (id: string, end: 'commit' | 'abort') => {
      const transaction = await transactional.transaction()
      await transaction.send({ topic, messages: [aRecord({ id })] })
      await transaction[end]()
    }
    await write('a', 'commit')
    await write('b', 'abort')
    source()
    // the abort and its marker come alone, after all that was delivered
    await until(async () => (await committed()) === 4)
    await write('c', 'abort')
    await until(async () => (await committed()) === 6)
    await transactional.disconnect()
    expect(idsIn(sink)).toEqual(['a'])
  })
})

describe('where it starts', () => {
  test('records that Kafka has deleted since the commit do not stop the partition', async () => {
    const { source, sink, produce, admin, topic, group, committed } = await aJourney(1)
    await produce(records(100))
    await admin.setOffsets({ groupId: group, topic, partitions: [{ partition: 0, offset: '10' }] })
    await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '50' }] })
    source()
    await until(async () => (await committed()) === 100)
    expect(sink.received).toHaveLength(50)
  })
})

describe('unordered', () => {
  test('takes all at once, goes on below 50 under way, and never has more than 99', async () => {
    const { held, answer } = heldAnswers()
    const { source, sink, produce, committed } = await aJourney(3, answer)
    for (const partition of [0, 1, 2]) await produce(records(300, partition))
    source()
    await until(() => sink.underWay() === maxPollRecords)
    let most = 0
    let answered = 0
    while (answered < 900) {
      await until(() => held.length > 0)
      most = Math.max(most, sink.underWay())
      held.shift()!(204)
      answered++
      // one less than 50, and the next 50 come
      if (answered === 1) await until(() => sink.underWay() === 2 * maxPollRecords - 1)
    }
    for (const partition of [0, 1, 2]) await until(async () => (await committed(partition)) === 300)
    expect(most).toBe(2 * maxPollRecords - 1)
    expect(new Set(idsIn(sink)).size).toBe(900)
    expect(sink.received).toHaveLength(900)
  })

  test('a record that waits for its retry holds back only the commit; after a restart all from there come again', async () => {
    const { source, sink, produce, committed } = await aJourney(1, (received) => ({
      status: idOf(received) === 'p0-10' && sink.received.length <= 300 ? 503 : 204,
    }))
    await produce(records(300))
    {
      await using _source = source({ policy: patient })
      await until(() => sink.received.length === 300)
      await until(async () => (await committed()) === 10)
    }
    expect(await committed()).toBe(10)
    source()
    await until(async () => (await committed()) === 300)
    expect(idsIn(sink).slice(300).toSorted()).toEqual(
      records(290, 0, 10)
        .map(({ headers }) => String(headers?.['ce_id']))
        .toSorted(),
    )
  })

  test('with all places taken it stays in its group: another one gets its share at once', async () => {
    const { answer, answerAll } = heldAnswers()
    const { source, sink, produce, admin, group, committed } = await aJourney(2, answer)
    for (const partition of [0, 1]) await produce(records(200, partition))
    source()
    await until(() => sink.underWay() === maxPollRecords)
    source()
    await until(async () => (await members(admin, group)) === 2)
    await until(() => sink.underWay() === 2 * maxPollRecords)
    answerAll()
    for (const partition of [0, 1]) await until(async () => (await committed(partition)) === 200)
    expect(new Set(idsIn(sink)).size).toBe(400)
  })
})

describe('when the group rebalances', () => {
  test('what is delivered is committed first: nobody delivers it again', async () => {
    const { source, sink, produce, admin, group } = await aJourney(2)
    for (const partition of [0, 1]) await produce(records(20, partition))
    const never = { commitEveryMs: 3_600_000 }
    source(never)
    await until(() => sink.received.length === 40)
    source(never)
    await until(async () => (await members(admin, group)) === 2)
    for (const partition of [0, 1]) await produce(records(1, partition, 20))
    await until(() => ['p0-20', 'p1-20'].every((id) => idsIn(sink).includes(id)))
    expect(sink.received).toHaveLength(42)
  })

  test('a partition that stays goes on where it was, with what is under way', async () => {
    const { answer, answerAll } = heldAnswers()
    const { source, sink, produce, admin, group, committed } = await aJourney(2, answer)
    source()
    await using other = source()
    await until(async () => (await members(admin, group)) === 2)
    for (const partition of [0, 1]) await produce(records(20, partition))
    await until(() => sink.received.length === 40)
    await other[Symbol.asyncDispose]()
    // only those that the other one had
    await until(() => sink.received.length === 60)
    await produce(records(1, 0, 20))
    await produce(records(1, 1, 20))
    answerAll()
    for (const partition of [0, 1]) await until(async () => (await committed(partition)) === 21)
    expect(sink.received).toHaveLength(62)
  })

  test('only whoever has a partition goes on with its retries', async () => {
    const { source, sink, produce } = await aJourney(2, () => ({ status: 503 }))
    for (const partition of [0, 1]) await produce(records(1, partition))
    const policy = { ...quick, retry: 1000, backoffDelayMs: 5 }
    const attempts = (id: string) => (path: string) =>
      sink.received.filter((one) => idOf(one) === id && one.path === path).length
    source({ policy, sinkUrl: `${sink.url}first` })
    await until(() => sink.received.length > 2)
    source({ policy, sinkUrl: `${sink.url}second` })
    await until(() => sink.received.some(({ path }) => path === '/second'))
    const moved = attempts(idOf(sink.received.find(({ path }) => path === '/second')!))
    await until(() => moved('/second') > 2)
    const before = moved('/first')
    await until(() => moved('/second') > 20)
    expect(moved('/first')).toBe(before)
  })

  test('ordered: a partition that went while it was busy is read when it comes back', async () => {
    const { answer, answerAll } = heldAnswers()
    const { source, sink, produce, admin, group, committed } = await aJourney(2, answer)
    for (const partition of [0, 1]) await produce(records(2, partition))
    source({ ordering: 'ordered' })
    await until(() => sink.received.length === 2)
    await using other = source({ ordering: 'ordered' })
    await until(async () => (await members(admin, group)) === 2)
    await until(() => sink.received.length === 3)
    await other[Symbol.asyncDispose]()
    answerAll()
    for (const partition of [0, 1]) await until(async () => (await committed(partition)) === 2)
  })
})

describe('ordered', () => {
  test('has one record of a partition under way, in the order of its offsets', async () => {
    const underWay = new Map<string, number>()
    let most = 0
    const { source, sink, produce, committed } = await aJourney(3, async ({ headers }) => {
      const partition = headers['ce-knativekafkapartition'] ?? ''
      underWay.set(partition, (underWay.get(partition) ?? 0) + 1)
      most = Math.max(most, underWay.get(partition) ?? 0)
      await new Promise(setImmediate)
      underWay.set(partition, (underWay.get(partition) ?? 0) - 1)
      return { status: 204 }
    })
    for (const partition of [0, 1, 2]) await produce(records(120, partition))
    source({ ordering: 'ordered' })
    for (const partition of [0, 1, 2]) await until(async () => (await committed(partition)) === 120)
    expect(most).toBe(1)
    for (const partition of ['0', '1', '2']) {
      const offsets = sink.received
        .filter(({ headers }) => headers['ce-knativekafkapartition'] === partition)
        .map(({ headers }) => Number(headers['ce-knativekafkaoffset']))
      expect(offsets).toEqual(Array.from({ length: 120 }, (_, offset) => offset))
    }
  })

  test('a record that waits for its retry holds back its partition and no other', async () => {
    const { source, sink, produce, committed } = await aJourney(2, (received) => ({
      status: idOf(received) === 'p0-5' ? 503 : 204,
    }))
    for (const partition of [0, 1]) await produce(records(120, partition))
    source({ ordering: 'ordered', policy: patient })
    await until(async () => (await committed(1)) === 120)
    await until(async () => (await committed(0)) === 5)
    expect(idsIn(sink).filter((id) => id.startsWith('p0-'))).toHaveLength(6)
  })
})

describe('dead letters', () => {
  test('at once for what is refused, after the schedule for what fails; what HTTP cannot carry, too', async () => {
    const answers: { [id: string]: Answered } = {
      'p0-1': { status: 400, headers: { 'kne-Reason': 'schema', 'kne-error-detail': 'dropped' }, body: 'bad thing' },
      'p0-2': { status: 503 },
    }
    const { source, sink, produce, committed, readDeadLetters } = await aJourney(
      1,
      (received) => answers[idOf(received)] ?? { status: 204 },
    )
    const damaged = aRecord({ id: 'damaged' })
    await produce([
      ...records(4),
      { value: damaged.value, headers: { ...damaged.headers, ce_subject: 'a\nb' } },
      { key: 'user-1', value: 'raw' },
    ])
    source()
    await until(async () => (await committed()) === 6)
    const attempts = (id: string) => idsIn(sink).filter((one) => one === id).length
    expect(['p0-0', 'p0-1', 'p0-2', 'p0-3', 'damaged'].map(attempts)).toEqual([1, 1, 1 + quick.retry, 1, 0])
    const found = await readDeadLetters()
    const byId = Object.fromEntries(found.map((one) => [one.headers['ce_id'], one]))
    expect(Object.keys(byId).toSorted()).toEqual(['damaged', 'p0-1', 'p0-2'])
    const { headers, value } = aRecord({ id: 'p0-1' })
    expect(byId['p0-1']).toEqual({
      key: 'user_123',
      value,
      headers: {
        ...headers,
        ce_time: '2024-01-15T10:00:00Z',
        ce_recordedtime: headers['ce_recordedtime'],
        ce_knativekafkapartition: '0',
        ce_knativekafkaoffset: '1',
        ce_knativeerrordest: sink.url,
        ce_knativeerrorcode: '400',
        ce_knativeerrordata: Buffer.from('bad thing').toString('base64'),
        ce_reason: 'schema',
      },
    })
    expect(byId['p0-2']?.headers).toMatchObject({ ce_knativeerrorcode: '503', ce_knativekafkaoffset: '2' })
    expect(byId['damaged']).toMatchObject({ value: damaged.value, headers: { ce_subject: 'a\nb' } })
    expect(byId['damaged']?.headers).not.toHaveProperty('ce_knativeerrorcode')
  })

  test('come back from their own topic, and do not go round when they are refused again', async () => {
    const { source, sink, produce, admin, topic, committed } = await aJourney(1, (received) => ({
      status: idOf(received) === 'p0-0' ? 400 : 204,
    }))
    await produce(records(2))
    const errors: object[] = []
    const log = { ...silent, error: (fields: object) => void errors.push(fields) }
    source({ deadLetterTopic: topic, log, sinkUrl: `${sink.url}dead-letters` })
    await until(async () => (await committed()) === 2)
    expect(sink.received.map(({ path }) => path)).toEqual(['/dead-letters', '/dead-letters'])
    expect(errors).toEqual([expect.objectContaining({ topic, offset: 0, knativeerrorcode: '400' })])
    expect((await admin.fetchTopicOffsets(topic))[0]?.high).toBe('2')
  })

  test('wait for their topic when it does not take them, and hold the commit', async () => {
    const { source, produce, admin, committed, readDeadLetters, deadLetterTopic } = await aJourney(1, () => ({
      status: 400,
    }))
    const limit = (value: string) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [
          {
            type: ConfigResourceTypes.TOPIC,
            name: deadLetterTopic,
            configEntries: [{ name: 'max.message.bytes', value }],
          },
        ],
      })
    await limit('100')
    await produce(records(1))
    const facts: string[] = []
    const log = { ...silent, warn: (_fields: object, fact: string) => void facts.push(fact) }
    source({ log })
    await until(() => facts.includes('a dead letter could not be written; trying again'))
    expect(await committed()).toBe(-1)
    await limit('1048588')
    await until(async () => (await committed()) === 1)
    expect(await readDeadLetters()).toHaveLength(1)
  })
})

describe('starts, stops and outages', () => {
  test('two share the partitions, and nothing is lost when one is killed', async () => {
    const { sink, produce, env, committed } = await aJourney(4)
    const partitions = [0, 1, 2, 3]
    await using survivor = startProgram('functions/local/kafka-source.ts', env)
    await using victim = startProgram('functions/local/kafka-source.ts', env)
    await written(survivor, /"partitions":\[\d,\d\]/)
    await written(victim, /"partitions":\[\d,\d\]/)
    for (const partition of partitions) await produce(records(500, partition))
    await until(() => sink.received.length > 1000)
    victim.child.kill('SIGKILL')
    for (const partition of partitions) await produce(records(100, partition, 500))
    for (const partition of partitions) await until(async () => (await committed(partition)) === 600)
    expect(new Set(idsIn(sink)).size).toBe(2400)
  })

  test('SIGTERM: what is under way is finished and committed, what waits is not, and it ends with 0', async () => {
    const { held, answer, answerAll } = heldAnswers()
    const { produce, env, committed, sink } = await aJourney(1, answer)
    await produce(records(200))
    await using program = startProgram('functions/local/kafka-source.ts', env)
    await until(() => held.length === maxPollRecords)
    held[7]?.(503)
    program.child.kill('SIGTERM')
    await written(program, /stopping/)
    answerAll()
    expect(await program.ended).toBe(0)
    expect(sink.received).toHaveLength(maxPollRecords)
    expect(await committed()).toBe(Number(sink.received[7]?.headers['ce-knativekafkaoffset']))
  })

  test('SIGTERM with a sink that does not answer: it ends all the same', async () => {
    const { held, answer } = heldAnswers()
    const { produce, env } = await aJourney(1, answer)
    await produce(records(1))
    await using program = startProgram('functions/local/kafka-source.ts', env)
    await until(() => held.length === 1)
    program.child.kill('SIGTERM')
    expect(await program.ended).toBe(0)
  })

  test('a topic that does not exist is a wrong configuration, named', async () => {
    const { env } = await aJourney(1)
    await using program = startProgram('functions/local/kafka-source.ts', { ...env, KAFKA_TOPIC: 'nowhere' })
    expect(await program.ended).toBe(78)
    expect(program.output()).toMatch(/KAFKA_TOPIC: Kafka has no topic nowhere/)
  })

  test('credentials that Kafka does not want are a wrong configuration, named', async () => {
    const { env } = await aJourney(1)
    const credentials = { KAFKA_SASL_MECHANISM: 'PLAIN', KAFKA_USERNAME: 'persist', KAFKA_PASSWORD: 'secret' }
    await using program = startProgram('functions/local/kafka-source.ts', { ...env, ...credentials })
    expect(await program.ended).toBe(78)
    expect(program.output()).toMatch(/KAFKA_SASL_MECHANISM/)
  })

  test('brokers that are away only make it wait, with a warning', async () => {
    const { source, sink, produce } = await aJourney(1)
    await produce(records(1))
    const [host = '', port = ''] = kafkaBrokers[0]?.split(':') ?? []
    const proxy = createServer((client) => {
      const broker = connect(Number(port), host)
      client.pipe(broker).pipe(client)
      for (const socket of [client, broker]) socket.on('error', () => socket.destroy())
    })
    await once(proxy.listen(0, '127.0.0.1'), 'listening')
    const { port: proxyPort } = proxy.address() as AddressInfo
    proxy.close()
    const facts: string[] = []
    const log = { ...silent, warn: (_fields: object, fact: string) => void facts.push(fact) }
    source({ log, connection: { brokers: [`127.0.0.1:${proxyPort}`] } })
    await until(() => facts.some((fact) => fact.includes('KAFKA_BROKERS')))
    proxy.listen(proxyPort, '127.0.0.1')
    await until(() => sink.received.length === 1)
    proxy.close()
  })

  test.skipIf(!controlKafka)('a broker that is killed and comes back: nothing is lost, without a restart', async () => {
    const { source, sink, produce, committed } = await aJourney(2)
    for (const partition of [0, 1]) await produce(records(1000, partition))
    source()
    await until(() => sink.received.length > 500)
    await controlKafka!('kill', 1)
    await controlKafka!('restart', 1)
    await until(async () => {
      return await produce(records(100, 0, 1000)).then(
        () => true,
        () => false,
      )
    })
    await until(() => new Set(idsIn(sink)).size === 2100)
    await until(async () => (await committed(1)) === 1000)
    await until(async () => (await committed(0)) >= 1100)
  })
})
