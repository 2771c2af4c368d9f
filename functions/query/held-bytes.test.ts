import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { encodeSnapshot } from '@activity-log/shared/snapshot.ts'
import { recorded, silent } from '@activity-log/shared/testing/builders.ts'
import { openTestStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { beforeAll, expect, test } from 'vitest'
import { createApp } from './app.ts'
import { partBytes } from './export.ts'

const kibibyte = 1024
const mebibyte = 1024 * kibibyte
/** Small rows make readers take many at once, and then rows of 256 KiB follow. */
const small = 100
const large = 40
const rowBytes = 256 * kibibyte

let app: ReturnType<typeof createApp>
beforeAll(async () => {
  const store = openTestStore()
  const start = Date.UTC(2024, 0, 15)
  const activity = (n: number, metadata: object) =>
    recorded({ id: `${n}`, timestamp: new Date(start + n * 1000).toISOString(), metadata: metadata as never }, n)
  await store.save(Array.from({ length: small }, (_, n) => activity(n, {})))
  for (let n = small; n < small + large; n++) await store.save([activity(n, { text: 'x'.repeat(rowBytes) })])
  app = createApp({ store, log: silent, now: () => new Date() })
})

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

async function usedBytes(): Promise<number> {
  for (let n = 0; n < 3; n++) {
    collect()
    await new Promise(setImmediate)
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Reads until a large row arrives, and then no more. */
async function readHalf(path: string, headers: Record<string, string> = {}) {
  const { body } = await app.request(path, { headers })
  const reader = body!.getReader()
  let largest = 0
  for (let bytes = 0; bytes < rowBytes; ) {
    const { value } = (await reader.read()) as { value: Uint8Array }
    bytes = value.byteLength
    largest = Math.max(largest, bytes)
  }
  return { reader, largest }
}

test.each([
  ['exports', 8, '/export?format=ndjson&order=asc', {}],
  ['exports as CSV', 4, '/export?format=csv&order=asc', {}],
  ['followers', 8, '/live', { 'last-event-id': encodeSnapshot([]) }],
])('%s that are read half hold a part each, also if rows of 256 KiB follow small ones', async (_what, count, path, headers) => {
  const before = await usedBytes()
  const halves = []
  for (let n = 0; n < count; n++) halves.push(await readHalf(path, headers))
  const held = (await usedBytes()) - before
  expect(Math.max(...halves.map(({ largest }) => largest))).toBeLessThanOrEqual(partBytes + 1.1 * rowBytes)
  // the rest is what streams need by themselves
  expect(held).toBeLessThan(count * (partBytes + 1.1 * rowBytes) + 8 * mebibyte)
  for (const { reader } of halves) await reader.cancel()
})
