import { createServer, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { aRecord, silent, until } from '../testing/builders.ts'
import { positionsIn } from './broker-connection.ts'
import { kafkaTimes, openKafkaBroker } from './kafka.ts'

const times = { ...kafkaTimes, acknowledge: 50, refreshAgain: 100, timeout: 600 }

/** A server that accepts connections and never answers. */
async function blackHole() {
  const sockets = new Set<Socket>()
  let accepted = 0
  const server = createServer((socket) => {
    accepted++
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    socket.resume()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    address: `127.0.0.1:${typeof address === 'object' && address?.port}`,
    open: () => sockets.size,
    accepted: () => accepted,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe('a broker that never answers', () => {
  test('is abandoned, and its connections are closed', async () => {
    await using hole = await blackHole()
    await using broker = openKafkaBroker({ connection: { brokers: [hole.address] }, topic: 'a', log: silent, times })
    await expect(broker.publish([aRecord()])).rejects.toThrow()
    await until(() => hole.accepted() >= 3)
    await until(() => hole.open() <= 1)
    await broker[Symbol.asyncDispose]()
    await until(() => hole.open() === 0)
  })
})

test('a broker that refuses connections is not a configuration error, and is retried', async () => {
  const warnings: object[] = []
  const log = { ...silent, warn: (fields: object) => warnings.push(fields) }
  const brokers = ['127.0.0.1:1', 'no-such-host.invalid:9092']
  await using broker = openKafkaBroker({ connection: { brokers }, topic: 'a', log, times })
  await expect(broker.publish([aRecord()])).rejects.toThrow()
  await expect(broker.publish([aRecord()])).rejects.toThrow()
  expect(warnings).toMatchObject([{ brokers }])
  await broker[Symbol.asyncDispose]()
  await expect(broker.publish([aRecord()])).rejects.toThrow('closed')
})

describe('an answer from Kafka', () => {
  const named = { topicName: 'a', partition: 3, errorCode: 0, baseOffset: '41' }

  test('yields the positions in order', () => {
    expect(positionsIn([named], 3, 2)).toEqual([
      { partition: 3, offset: 41 },
      { partition: 3, offset: 42 },
    ])
  })

  test.each<[string, Parameters<typeof positionsIn>[0]]>([
    ['without the partition', []],
    ['for another partition', [{ ...named, partition: 2 }]],
    ['for several partitions', [named, { ...named, partition: 4 }]],
    ['with an error', [{ ...named, errorCode: 7 }]],
    ['without an offset', [{ topicName: 'a', partition: 3, errorCode: 0 }]],
    ['with an invalid offset', [{ ...named, baseOffset: '-1' }]],
  ])('%s acknowledges nothing', (_what, answer) => {
    expect(() => positionsIn(answer, 3, 1)).toThrow('does not name partition 3')
  })
})
