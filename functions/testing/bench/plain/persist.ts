import { HTTP } from 'cloudevents'
import express from 'express'
import { MongoClient } from 'mongodb'

/**
 * The baseline of persist: Express, the CloudEvents SDK and one insert for each request. The benchmark creates its
 * indexes.
 */
const { MONGODB_URI = '', MONGODB_DATABASE = '', PORT = 0 } = process.env
const client = new MongoClient(MONGODB_URI)
await client.connect()
const activities = client.db(MONGODB_DATABASE).collection('activities')

const app = express()
app.use(express.json({ type: '*/*' }))
app.post('/', async (request, response) => {
  const event = HTTP.toEvent({ headers: request.headers, body: request.body })
  if (Array.isArray(event) || !event.data) return response.status(400).json({ error: 'one CloudEvent with data' })
  await activities.insertOne({ ...event.data })
  return response.status(204).end()
})
const server = app.listen(PORT, () => {
  const address = server.address()
  console.log(`http://localhost:${typeof address === 'object' && address?.port}/`)
})
