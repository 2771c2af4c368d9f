import express from 'express'
import { MongoClient } from 'mongodb'

/** The baseline of query: Express and, for each page, a skip and a count. The benchmark creates its indexes. */
const { MONGODB_URI = '', MONGODB_DATABASE = '', PORT = 0 } = process.env
const client = new MongoClient(MONGODB_URI)
await client.connect()
const activities = client.db(MONGODB_DATABASE).collection('activities')

const app = express()
app.get('/logs', async (request, response) => {
  const { userId } = request.query
  const page = Number(request.query['page'] ?? 1)
  const limit = Number(request.query['limit'] ?? 10)
  const filter = typeof userId === 'string' ? { userId } : {}
  const [data, total] = await Promise.all([
    activities
      .find(filter)
      .sort({ timestamp: -1 })
      .skip((page - 1) * limit)
      .limit(limit)
      .toArray(),
    activities.countDocuments(filter),
  ])
  response.json({ data, page, limit, total })
})
const server = app.listen(PORT, () => {
  const address = server.address()
  console.log(`http://localhost:${typeof address === 'object' && address?.port}/logs`)
})
