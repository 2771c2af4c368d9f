import { Kafka, logLevel } from 'kafkajs'
import { MongoClient } from 'mongodb'

/** Brings the records of the plain design to its store: a consumer that inserts one document for each message. */
const { KAFKA_BROKERS = '', KAFKA_TOPIC = '', MONGODB_URI = '', MONGODB_DATABASE = '' } = process.env
const client = new MongoClient(MONGODB_URI)
await client.connect()
const activities = client.db(MONGODB_DATABASE).collection('activities')
await activities.createIndexes([{ key: { timestamp: -1 } }, { key: { userId: 1, timestamp: -1 } }])

const kafka = new Kafka({ brokers: KAFKA_BROKERS.split(','), logLevel: logLevel.NOTHING })
const consumer = kafka.consumer({ groupId: `plain-${KAFKA_TOPIC}` })
await consumer.connect()
await consumer.subscribe({ topic: KAFKA_TOPIC, fromBeginning: true })
consumer.on('consumer.group_join', () => console.log('joined'))
await consumer.run({
  eachMessage: async ({ message }) => {
    await activities.insertOne(JSON.parse(String(message.value)))
  },
})
