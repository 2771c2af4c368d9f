import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { anActivity } from '@activity-log/shared/testing/builders.ts'
import { startProgram, written } from '@activity-log/shared/testing/processes.ts'
import { expect, test } from 'vitest'

/** Accepts connections and never answers. */
async function silentServer(): Promise<AsyncDisposable & { address: string }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => sockets.add(socket.on('error', () => {}).resume()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

const mebibyte = 1024 * 1024
const maxRss = (pid: number) =>
  Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024

/** Activities of nearly the maximum size that fill nearly the largest body. */
const batch = JSON.stringify(
  Array.from({ length: 120 }, (_, n) => anActivity({ id: `many-${n}`, metadata: { text: 'x'.repeat(32_000) } })),
)

test.skipIf(process.platform !== 'linux')(
  'answers 400 MiB of simultaneous activities with 503 while Kafka is silent, and keeps its memory bounded',
  {
    timeout: 60_000,
  },
  async () => {
    await using kafka = await silentServer()
    const env = { PORT: '0', KAFKA_BROKERS: kafka.address, LOG_LEVEL: 'info' }
    await using ingest = await startProgram('functions/ingest/main.ts', env)
    const port = Number(await written(ingest, /"port":(\d+)/))
    const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY })
    const statuses = await Promise.all(
      Array.from(
        { length: 110 },
        () =>
          new Promise<number | 'cut off' | undefined>((resolve) => {
            const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(batch) }
            request({ port, agent, path: '/logs', method: 'POST', headers }, (response) => {
              response.resume().on('end', () => resolve(response.statusCode))
            })
              // the server may answer and close before it has the whole body
              .on('error', () => resolve('cut off'))
              .end(batch)
          }),
      ),
    )
    expect(statuses).toContain(503)
    expect(statuses).not.toContain(202)
    // unbounded it would be three times the 400 MiB; what was discarded counts until it is collected
    expect(maxRss(ingest.child.pid as number)).toBeLessThan(600 * mebibyte)
  },
)
