import { createApp, maxRecordBytes } from '@activity-log/persist/app.ts'
import { listen } from '@activity-log/shared/http/serve.ts'
import { silent } from '@activity-log/shared/testing/builders.ts'

/** persist with a store that accepts everything immediately, to measure the cost of persist itself. */
const store = {
  save: async (activities: readonly unknown[]) => activities.map(() => 'stored' as const),
  deadLetter: async () => {},
  getDeadLetter: async () => undefined,
  resolve: async () => {},
}
const app = createApp({ store, log: silent, now: () => new Date() })
const { port } = await listen({
  fetch: app.fetch,
  front: app.front,
  port: 0,
  log: silent,
  maxHeaderBytes: maxRecordBytes,
})
console.log(`http://localhost:${port}`)
