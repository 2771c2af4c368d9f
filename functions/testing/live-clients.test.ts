import { openEmbedded } from '@activity-log/local/embedded-log.ts'
import { listen } from '@activity-log/shared/http/serve.ts'
import { post, silent, until } from '@activity-log/shared/testing/builders.ts'
import { aFolder } from '@activity-log/shared/testing/processes.ts'
import { EventSource } from 'eventsource'
import { expect, test } from 'vitest'

/** Serves the log of a folder until disposed of. */
async function openLog(folder: string, port: number) {
  const opened = new AsyncDisposableStack()
  const stop = new AbortController()
  const embedded = opened.use(await openEmbedded({ folder, log: silent, stopping: stop.signal }))
  const server = opened.use(await listen({ fetch: embedded.fetch, front: embedded.front, port, log: silent }))
  // ends the live streams before the server waits for requests in flight
  opened.defer(() => stop.abort())
  return Object.assign(opened, { port: server.port })
}

test('the eventsource package resumes without a gap, although it has not seen any activity before', {
  timeout: 60_000,
}, async () => {
  const folder = aFolder()
  const first = await openLog(folder, 0)
  const { port } = first
  const seen: string[] = []
  let positions = 0
  const source = new EventSource(`http://localhost:${port}/live?userId=rare`)
  source.addEventListener('position', () => {
    positions++
  })
  source.addEventListener('activity', ({ data }) => seen.push(JSON.parse(data).id))
  try {
    await until(() => positions > 0)
    await first.disposeAsync()
    await using _second = await openLog(folder, port)
    // the client comes back later than this
    await fetch(`http://localhost:${port}/logs`, post({ id: 'in-the-gap', userId: 'rare', action: 'login' }))
    await until(() => seen.length > 0)
    expect(seen).toEqual(['in-the-gap'])
  } finally {
    source.close()
  }
})
