import { randomUUID as newId } from 'node:crypto'
import { createApp } from '@activity-log/ingest/app.ts'
import { listen } from '@activity-log/shared/http/serve.ts'
import { accessOf } from '@activity-log/shared/testing/access.ts'
import { silent } from '@activity-log/shared/testing/builders.ts'

/** ingest with a queue that accepts everything immediately, to measure the cost of ingest itself, perhaps with keys. */
let offset = 0
const broker = {
  publish: async (records: readonly unknown[]) => records.map(() => ({ partition: 0, offset: offset++ })),
}
const file = process.env['ACCESS_FILE']
const access = file === undefined ? undefined : accessOf(file)
const app = createApp({ broker, log: silent, now: () => new Date(), newId, access })
const { port } = await listen({ fetch: app.fetch, front: app.front, port: 0, log: silent })
console.log(`http://localhost:${port}`)
