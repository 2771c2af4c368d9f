import { createServer } from 'node:net'
import { createKafka } from '@activity-log/shared/broker/kafka-client.ts'
import { silent } from '@activity-log/shared/testing/builders.ts'
import { expect, test } from 'vitest'
import { explainKafka } from './open-kafka.ts'
import { ServiceUnavailable } from './service-unavailable.ts'

test('a server that answers like no Kafka is told in a sentence, not as a mistake of the program', async () => {
  // an answer that ends after the id of its request
  const server = createServer((socket) => {
    socket.on('data', (request) => socket.write(Buffer.concat([Buffer.from([0, 0, 0, 4]), request.subarray(8, 12)])))
    socket.on('error', () => {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const brokers = [`127.0.0.1:${(server.address() as { port: number }).port}`]
  const admin = createKafka({ brokers }, { log: silent, clientId: 'test', requestTimeoutMs: 1000 }).admin()
  try {
    const error = await admin.connect().then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(() => explainKafka(error, brokers)).toThrow(ServiceUnavailable)
    const ours = new TypeError('a mistake')
    expect(() => explainKafka(ours, brokers)).toThrow(ours)
  } finally {
    await admin.disconnect().catch(() => {})
    server.close()
  }
})
