import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { aFolder, startLog } from '@activity-log/shared/testing/processes.ts'
import { endMs } from './made-up-log.ts'

/** What others wait while something is read: the 99th percentiles in ms, and how many of them were not served. */
export type Waits = { name: string; pageMs: number; postMs: number; failed: number }

const [from, day, to] = [endMs - 30 * 86_400_000, endMs - 86_400_000, endMs].map((ms) => new Date(ms).toISOString())
const nothing = { name: 'nothing', path: undefined }

/** Reads that look at most of the log, or would without counters and indexes, and none at all. */
const readsOf = ({ asOf, size }: WaitOptions) => [
  nothing,
  { name: 'the last page', path: `/logs?page=${Math.floor(size / 10)}` },
  { name: 'an exact count', path: '/logs?limit=1&count=exact' },
  { name: 'the first page of *', path: '/logs?action=*' },
  { name: 'the first page of cart.*', path: '/logs?action=cart.*' },
  { name: 'the heaviest user and no such action', path: '/logs?userId=user_0&action=nowhere' },
  { name: 'the first page as of 1 % of the log', path: `/logs?asOf=${asOf}` },
  {
    name: 'an exact count by metadata, a day',
    path: `/logs?limit=1&count=exact&metadata.path=/nowhere&from=${day}&to=${to}`,
  },
  { name: 'a search for text that is nowhere, 30 days', path: `/logs?count=none&q=nowhere&from=${from}&to=${to}` },
  { name: 'a count by user of cart.*', path: '/stats?by=userId&action=cart.*' },
  { name: 'an export of everything', path: '/export?format=csv' },
  { name: 'a live stream from the first percent on', path: `/live?asOf=${asOf}` },
  { name: 'the same of an action that there is not', path: `/live?asOf=${asOf}&action=nowhere` },
]

export type WaitOptions = {
  /** How many activities the log has. */
  size: number
  /** Names a snapshot of the first activities. */
  asOf: string
  /** How many clients read at a time. */
  readers?: number
  /** How many pages and activities the others send, one after another. */
  times?: number
}

/**
 * Measures first pages and POSTs of others beside each read that takes long, over a copy of the log, since the
 * activities that are sent would change it.
 */
export async function waitsBeside(folder: string, options: WaitOptions): Promise<Waits[]> {
  const { readers = 2, times = 300 } = options
  const copy = join(aFolder(), 'log')
  cpSync(folder, copy, { recursive: true, filter: (name) => !name.includes('plain.sqlite') })
  await using log = await startLog(copy)
  const waits: Waits[] = []
  // the first round only warms up the process
  for (const { name, path } of [nothing, ...readsOf(options)]) {
    const reading = Array.from(
      { length: path === undefined ? 0 : readers },
      () => new Worker(join(import.meta.dirname, 'read-again.ts'), { workerData: log.origin + path }),
    )
    const [pages, posts]: [number[], number[]] = [[], []]
    let failed = 0
    const ask = async (took: number[], url: string, init?: RequestInit) => {
      const start = performance.now()
      const response = await fetch(log.origin + url, init)
      await response.arrayBuffer()
      took.push(performance.now() - start)
      if (!response.ok) failed++
    }
    for (let n = 0; n < times; n++) {
      await ask(pages, `/logs?count=none&userId=user_${n}`)
      await ask(posts, '/logs', post(n))
    }
    await Promise.all(reading.map((reader) => reader.terminate()))
    waits.push({ name, pageMs: percentile(pages), postMs: percentile(posts), failed })
  }
  return waits.slice(1)
}

const post = (n: number): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ userId: `beside_${n}`, action: 'beside' }),
})

const percentile = (took: readonly number[]) =>
  took.toSorted((one, other) => one - other)[Math.ceil(took.length * 0.99) - 1] as number

/** A line for each read, and how many times as long the others wait as beside nothing. */
export function waitsTable(waits: readonly Waits[]): string {
  const [alone] = waits
  const cell = (ms: number, aloneMs = Number.NaN) => `${ms.toFixed(1)} (${(ms / aloneMs).toFixed(2)} ×)`
  const lines = waits.map(
    ({ name, pageMs, postMs, failed }) =>
      `| ${name} | ${cell(pageMs, alone?.pageMs)} | ${cell(postMs, alone?.postMs)} | ${failed} |`,
  )
  return ['| beside | first page, p99 ms | POST, p99 ms | failed |', '| --- | ---: | ---: | ---: |', ...lines].join(
    '\n',
  )
}
