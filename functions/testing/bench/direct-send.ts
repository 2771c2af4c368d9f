import { Kafka, logLevel } from 'kafkajs'
import { median } from './bench-report.ts'

/** Use: node direct-send.ts SECONDS. Sends one record at a time through kafkajs, and writes the median in ms. */
const { KAFKA_BROKERS = '', KAFKA_TOPIC = '' } = process.env
const producer = new Kafka({ brokers: KAFKA_BROKERS.split(','), logLevel: logLevel.NOTHING }).producer()
await producer.connect()
const value = JSON.stringify({ userId: 'user_123', action: 'click_button', timestamp: '2024-01-15T10:00:00Z' })
const tookMs: number[] = []
const begin = performance.now() + 1000
const end = begin + 1000 * Number(process.argv[2])
for (let now = performance.now(); now < end; ) {
  const sentAt = now
  await producer.send({ topic: KAFKA_TOPIC, messages: [{ value }] })
  now = performance.now()
  if (sentAt > begin) tookMs.push(now - sentAt)
}
console.log(JSON.stringify({ p50: median(tookMs) }))
await producer.disconnect()
