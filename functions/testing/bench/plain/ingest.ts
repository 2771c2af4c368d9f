import express from 'express'
import { Kafka, logLevel } from 'kafkajs'

/** The baseline of ingest: Express and one send for each request, with default settings. */
const { KAFKA_BROKERS = '', KAFKA_TOPIC = '', PORT = 0 } = process.env
const producer = new Kafka({ brokers: KAFKA_BROKERS.split(','), logLevel: logLevel.NOTHING }).producer()
await producer.connect()

const app = express()
app.use(express.json())
app.post('/logs', async (request, response) => {
  const { userId, action, timestamp } = request.body
  if (!userId || !action || !timestamp)
    return response.status(400).json({ error: 'userId, action and timestamp are required' })
  await producer.send({ topic: KAFKA_TOPIC, messages: [{ key: userId, value: JSON.stringify(request.body) }] })
  return response.status(202).json({ accepted: true })
})
const server = app.listen(PORT, () => {
  const address = server.address()
  console.log(`http://localhost:${typeof address === 'object' && address?.port}/logs`)
})
