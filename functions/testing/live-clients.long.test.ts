import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { openEmbedded } from '@activity-log/local/embedded-log.ts'
import { listen } from '@activity-log/shared/http/serve.ts'
import { post, silent, until } from '@activity-log/shared/testing/builders.ts'
import { aFolder, startCommand } from '@activity-log/shared/testing/processes.ts'
import { EventSource } from 'eventsource'
import { expect, test } from 'vitest'

const hasPython = spawnSync('python3', ['-c', 'import sys; sys.exit(sys.version_info < (3, 9))']).status === 0
if (!hasPython) console.log('The Python client of /live is skipped: there is no python3 of version 3.9 or later.')

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

type Client = Disposable & { positions(): number; seen(): readonly string[] }

function followWithEventSource(url: string): Client {
  const seen: string[] = []
  let positions = 0
  const source = new EventSource(url)
  source.addEventListener('position', () => {
    positions++
  })
  source.addEventListener('activity', ({ data }) => seen.push(JSON.parse(data).id))
  return { positions: () => positions, seen: () => seen, [Symbol.dispose]: () => source.close() }
}

function followWithPython(url: string): Client {
  const { child, output } = startCommand('python3', [join(import.meta.dirname, 'follow-live.py'), url])
  const lines = () => output().split('\n')
  return {
    positions: () => lines().filter((line) => line === 'position').length,
    seen: () => lines().flatMap((line) => /^activity (.+)$/.exec(line)?.[1] ?? []),
    [Symbol.dispose]: () => child.kill('SIGKILL'),
  }
}

const clients = [
  ['the eventsource package', followWithEventSource],
  ...(hasPython ? [['a Python client', followWithPython] as const] : []),
] as const

test.each(clients)(
  '%s resumes without a gap over restarts, although it had not seen any activity before',
  {
    timeout: 60_000,
  },
  async (_, follow) => {
    const folder = aFolder()
    const first = await openLog(folder, 0)
    const { port } = first
    const send = (id: string) => fetch(`http://localhost:${port}/logs`, post({ id, userId: 'rare', action: 'login' }))
    using client = follow(`http://localhost:${port}/live?userId=rare`)
    await until(() => client.positions() > 0)
    await first.disposeAsync()
    {
      await using _second = await openLog(folder, port)
      // the client comes back later than this
      await send('in-the-gap')
      await until(() => client.seen().length > 0)
      await send('connected')
      await until(() => client.seen().length > 1)
    }
    await using _third = await openLog(folder, port)
    await send('after-another')
    await until(() => client.seen().length > 2)
    expect(client.seen()).toEqual(['in-the-gap', 'connected', 'after-another'])
  },
)
