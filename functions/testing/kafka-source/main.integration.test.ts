import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { maxPollRecords } from '@activity-log/shared/dispatch/delivery.ts'
import { silent, until } from '@activity-log/shared/testing/builders.ts'
import { startProgram, written } from '@activity-log/shared/testing/processes.ts'
import { controlKafka, kafkaBrokers } from '@activity-log/shared/testing/servers.ts'
import { describe, expect, test } from 'vitest'
import { aJourney, heldAnswers, idsIn, records } from '../source-journey.ts'

describe('starts, stops and outages', () => {
  test('two sources share the partitions, and nothing is lost when one is killed', async () => {
    const { sink, produce, env, committed } = await aJourney(4)
    const partitions = [0, 1, 2, 3]
    await using survivor = startProgram('functions/kafka-source/main.ts', env)
    await using victim = startProgram('functions/kafka-source/main.ts', env)
    await written(survivor, /"partitions":\[\d,\d\]/)
    await written(victim, /"partitions":\[\d,\d\]/)
    for (const partition of partitions) await produce(records(500, partition))
    await until(() => sink.received.length > 1000)
    victim.child.kill('SIGKILL')
    for (const partition of partitions) await produce(records(100, partition, 500))
    for (const partition of partitions) await until(async () => (await committed(partition)) === 600)
    expect(new Set(idsIn(sink)).size).toBe(2400)
  })

  test('on SIGTERM finishes and commits requests in flight, leaves waiting records, and exits with 0', async () => {
    const { held, answer, answerAll } = heldAnswers()
    const { produce, env, committed, sink } = await aJourney(1, answer)
    await produce(records(200))
    await using program = startProgram('functions/kafka-source/main.ts', env)
    await until(() => held.length === maxPollRecords)
    held[7]?.(503)
    program.child.kill('SIGTERM')
    await written(program, /stopping/)
    answerAll()
    expect(await program.ended).toBe(0)
    expect(sink.received).toHaveLength(maxPollRecords)
    expect(await committed()).toBe(Number(sink.received[7]?.headers['ce-knativekafkaoffset']))
  })

  test('ends on SIGTERM even if the sink does not answer', async () => {
    const { held, answer } = heldAnswers()
    const { produce, env } = await aJourney(1, answer)
    await produce(records(1))
    await using program = startProgram('functions/kafka-source/main.ts', env)
    await until(() => held.length === 1)
    program.child.kill('SIGTERM')
    expect(await program.ended).toBe(0)
  })

  test('reports a topic that does not exist as a wrong configuration, and names it', async () => {
    const { env } = await aJourney(1)
    await using program = startProgram('functions/kafka-source/main.ts', { ...env, KAFKA_TOPIC: 'nowhere' })
    expect(await program.ended).toBe(78)
    expect(program.output()).toMatch(/KAFKA_TOPIC names a topic that Kafka does not have.*nowhere/)
  })

  test('reports credentials that Kafka rejects as a wrong configuration, and names them', async () => {
    const { env } = await aJourney(1)
    const credentials = { KAFKA_SASL_MECHANISM: 'PLAIN', KAFKA_USERNAME: 'persist', KAFKA_PASSWORD: 'secret' }
    await using program = startProgram('functions/kafka-source/main.ts', { ...env, ...credentials })
    expect(await program.ended).toBe(78)
    expect(program.output()).toMatch(/KAFKA_SASL_MECHANISM/)
  })

  test('waits for brokers that are down, with a warning', async () => {
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

  test.skipIf(!controlKafka)('survives the death and return of a broker without a loss or a restart', async () => {
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
