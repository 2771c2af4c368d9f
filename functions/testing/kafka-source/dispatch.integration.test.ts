import { aRecord, silent, until } from '@activity-log/shared/testing/builders.ts'
import type { Answered } from '@activity-log/shared/testing/http-sink.ts'
import { kafkaForTests, uniqueName } from '@activity-log/shared/testing/servers.ts'
import { ConfigResourceTypes, Partitioners } from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { aJourney, idOf, idsIn, quick, records } from '../source-journey.ts'

describe('the dispatcher', () => {
  test('delivers an activity as a CloudEvent to the path of the sink', async () => {
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
      'ce-sequence': '0',
      'ce-knativekafkapartition': '0',
      'ce-knativekafkaoffset': '0',
    })
  })

  test('delivers foreign records too, and continues with the partition', async () => {
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

  test('skips aborted transactions and their markers, and commits to the end', async () => {
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
    // the abort and its marker arrive alone, after everything that was delivered
    await until(async () => (await committed()) === 4)
    await write('c', 'abort')
    await until(async () => (await committed()) === 6)
    await transactional.disconnect()
    expect(idsIn(sink)).toEqual(['a'])
  })
})

describe('dead letters', () => {
  test('are written immediately after a rejection or the last retry, even if HTTP cannot carry the record', async () => {
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

  test('are delivered from their own topic, and do not return to it when they are rejected', async () => {
    const { source, sink, produce, admin, topic, committed } = await aJourney(1, (received) => ({
      status: idOf(received) === 'p0-0' ? 400 : 204,
    }))
    await produce(records(2))
    const errors: object[] = []
    const log = { ...silent, error: (fields: object) => void errors.push(fields) }
    source({ deadLetterTopic: topic, log, sinkUrl: `${sink.url}undelivered` })
    await until(async () => (await committed()) === 2)
    expect(sink.received.map(({ path }) => path)).toEqual(['/undelivered', '/undelivered'])
    expect(errors).toEqual([expect.objectContaining({ topic, offset: 0, knativeerrorcode: '400' })])
    expect((await admin.fetchTopicOffsets(topic))[0]?.high).toBe('2')
  })

  test('wait while their topic does not accept them, and hold back the commit', async () => {
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
    await until(() => facts.includes('a dead letter could not be written; retrying'))
    expect(await committed()).toBeLessThan(1)
    await limit('1048588')
    await until(async () => (await committed()) === 1)
    expect(await readDeadLetters()).toHaveLength(1)
  })
})
