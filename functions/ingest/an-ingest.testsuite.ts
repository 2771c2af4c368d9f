import type { EventRecord } from '@activity-log/shared/activity-recorded.ts'
import { listen } from '@activity-log/shared/http/serve.ts'
import { post, receivedAt, silent } from '@activity-log/shared/testing/builders.ts'
import { createApp, type IngestDependencies } from './app.ts'

/** ingest over a broker that keeps what is published. */
export function anIngest(changes: Partial<IngestDependencies> = {}) {
  const published: EventRecord[] = []
  let ids = 0
  const app = createApp({
    broker: {
      async publish(records) {
        published.push(...records)
        return records.map((_record, index) => ({ partition: 0, offset: published.length - records.length + index }))
      },
    },
    log: silent,
    now: () => receivedAt,
    newId: () => `made-${++ids}`,
    ...changes,
  })
  const send = (body: unknown, headers?: Record<string, string>, path = '/logs') =>
    app.request(path, post(body, headers))
  const stored = () => published.map(({ value }) => JSON.parse(value))
  return { app, published, stored, send }
}

/** ingest over a socket, for headers that a Request cannot have. */
export async function anIngestOverASocket() {
  const { app, stored, published } = anIngest()
  const server = await listen({ front: app.front, fetch: app.fetch, port: 0, log: silent })
  return { ...server, stored, published }
}
