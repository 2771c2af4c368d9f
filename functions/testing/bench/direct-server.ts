import { createServer } from 'node:http'
import { Kafka, logLevel } from 'kafkajs'

/** Node's own HTTP server with one kafkajs send for each request, and nothing else. */
const { KAFKA_BROKERS = '', KAFKA_TOPIC = '' } = process.env
const producer = new Kafka({ brokers: KAFKA_BROKERS.split(','), logLevel: logLevel.NOTHING }).producer()
await producer.connect()

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.once('end', async () => {
    await producer.send({ topic: KAFKA_TOPIC, messages: [{ value: Buffer.concat(chunks) }] })
    response.writeHead(202, { 'content-length': 0 })
    response.end()
  })
})
server.listen(0, () => {
  const address = server.address()
  console.log(`http://localhost:${typeof address === 'object' && address?.port}`)
})
