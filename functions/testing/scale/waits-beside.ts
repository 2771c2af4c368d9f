import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { aFolder, startLog } from '@activity-log/shared/testing/processes.ts'
import type { Busy } from './busy-thread.ts'
import { openConnection } from './connection.ts'
import { endMs } from './made-up-log.ts'

/** What others wait while something is read: the 99th percentiles in ms, and how many of them were not served. */
export type Waits = { name: string; pageMs: number; postMs: number; failed: number }

const [from, day, to] = [endMs - 30 * 86_400_000, endMs - 86_400_000, endMs].map((ms) => new Date(ms).toISOString())

type Beside = { name: string; path?: string; threads?: number }

/**
 * Nothing, programs that have nothing to do with the log, and reads that look at most of it, or would without counters
 * and indexes.
 */
const besides = ({ asOf, size }: WaitOptions): Beside[] => [
  { name: 'nothing', threads: 0 },
  { name: 'another program, which computes', threads: 1 },
  { name: 'two other programs, which compute' },
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

/** How many requests of each kind come before the first measurement, so that the code is compiled. */
const warmUps = 2000

/**
 * Measures first pages and POSTs of others beside each read that takes long, over a copy of the log, since the
 * activities that are sent would change it.
 */
export async function waitsBeside(folder: string, options: WaitOptions): Promise<Waits[]> {
  const { readers = 2, times = 1000 } = options
  const copy = join(aFolder(), 'log')
  cpSync(folder, copy, { recursive: true, filter: (name) => !name.includes('plain.sqlite') })
  await using log = await startLog(copy)
  await measured(log.origin, warmUps)
  const waits: Waits[] = []
  for (const { name, path, threads = readers } of besides(options)) {
    const workerData: Busy = { url: path && log.origin + path }
    const busy = Array.from(
      { length: threads },
      () => new Worker(join(import.meta.dirname, 'busy-thread.ts'), { workerData }),
    )
    waits.push({ name, ...(await measured(log.origin, times)) })
    await Promise.all(busy.map((thread) => thread.terminate()))
  }
  return waits
}

/** Asks for first pages of users and sends activities, in turn, over one connection. */
async function measured(origin: string, times: number): Promise<Omit<Waits, 'name'>> {
  using connection = openConnection(origin)
  const [pages, posts]: [number[], number[]] = [[], []]
  let failed = 0
  const ask = async (took: number[], path: string, body?: string) => {
    const start = performance.now()
    const { status } = await connection.ask(path, body)
    took.push(performance.now() - start)
    if (status >= 300) failed++
  }
  for (let n = 0; n < times; n++) {
    await ask(pages, `/logs?count=none&userId=user_${n % 300}`)
    await ask(posts, '/logs', JSON.stringify({ userId: `beside_${n}`, action: 'beside' }))
  }
  return { pageMs: percentile(pages), postMs: percentile(posts), failed }
}

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
