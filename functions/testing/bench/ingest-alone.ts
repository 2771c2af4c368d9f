import { randomUUID as newId } from 'node:crypto'
import { createApp } from '@activity-log/ingest/app.ts'
import { listen } from '@activity-log/shared/http/serve.ts'
import { silent } from '@activity-log/shared/testing/builders.ts'

/** ingest with a queue that accepts everything immediately, to measure the cost of ingest itself. */
let offset = 0
const broker = {
  publish: async (records: readonly unknown[]) => records.map(() => ({ partition: 0, offset: offset++ })),
}
const app = createApp({ broker, log: silent, now: () => new Date(), newId })
const { port } = await listen({ fetch: app.fetch, front: app.front, port: 0, log: silent })
console.log(`http://localhost:${port}`)
