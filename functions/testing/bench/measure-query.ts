import { once } from 'node:events'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as wait } from 'node:timers/promises'
import { type Answer, answerOf } from '@activity-log/shared/testing/builders.ts'
import { aFolder, startCommand, startLog, written } from '@activity-log/shared/testing/processes.ts'
import { randomFrom } from '../seeded-random.ts'
import { median, type Note, residentMebibytes } from './bench-report.ts'
import { fillStore } from './query-store.ts'

const large = 1_000_000
const small = 100_000
const limit = 10

export type QueryOptions = { rounds: number; folder: string | undefined; note: Note }

/** Measures lists, export and live streams of the log in one process, over a store of a million activities. */
export async function measureQuery({ rounds, folder = aFolder(), note }: QueryOptions): Promise<void> {
  const sizes = { [small]: join(folder, 'small'), [large]: join(folder, 'large') }
  for (const [count, path] of Object.entries(sizes)) {
    await fillStore(path, Number(count), (done) => {
      if (done % small === 0)
        console.error(`${done.toLocaleString('en')} of ${Number(count).toLocaleString('en')} made`)
    })
  }
  await measureLists(sizes[large] as string, sizes[small] as string, rounds, note)
  await measureExport(sizes[large] as string, note)
  await measureLive(note)
}

async function measureLists(path: string, smallPath: string, rounds: number, note: Note) {
  await using log = await startLog(path)
  await using smaller = await startLog(smallPath)
  const list = async (url: string, origin = log.origin): Promise<Answer> => {
    const response = await fetch(origin + url)
    if (!response.ok) throw new Error(`GET ${url}: ${response.status}`)
    return answerOf(response)
  }
  const page = Math.floor(large / limit) - 1
  const deep = (await list(`/logs?page=${page}&count=none`)).next as string
  const plain = plainPage(join(path, 'store.db'))
  const first = '/logs?count=none'
  const ofUser = '/logs?count=none&userId=user_0'
  const shapes: { [what: string]: () => unknown } = {
    'first page': () => list(first),
    'first page of a user': () => list(ofUser),
    'first page of an action': () => list('/logs?count=none&action=action.1'),
    'first page with its total, up to 10,000': () => list('/logs?userId=user_9999'),
    'page by cursor at depth 1,000,000': () => list(deep),
    'first page of 100,000 activities': () => list(first, smaller.origin),
    'first page of a user of 100,000 activities': () => list(ofUser, smaller.origin),
  }
  const expensive: typeof shapes = {
    'page by number at depth 1,000,000': () => list(`/logs?page=${page}`),
    'skip/limit and count at depth 1,000,000': () => plain((page - 1) * limit),
  }
  for (const ask of Object.values({ ...shapes, ...expensive })) await ask()
  const { shuffled } = randomFrom('rounds')
  const medians = new Map<string, number[]>()
  for (let round = 0; round < rounds; round++) {
    const all = [
      ...Object.entries(shapes).map((each) => [...each, 100] as const),
      ...Object.entries(expensive).map((each) => [...each, 3] as const),
    ]
    for (const [what, ask, times] of shuffled(all)) {
      const took: number[] = []
      for (let n = 0; n < times; n++) {
        const began = performance.now()
        await ask()
        took.push(performance.now() - began)
      }
      const ms = median(took)
      note(`${what}: p50 in ms`, round3(ms))
      medians.set(what, [...(medians.get(what) ?? []), ms])
    }
  }
  const ratio = (what: string, one: string, other: string) => {
    const others = medians.get(other) ?? []
    for (const [at, ms] of (medians.get(one) ?? []).entries()) note(what, round3(ms / (others[at] ?? Number.NaN)))
  }
  ratio('cursor at depth 1,000,000 ÷ first page', 'page by cursor at depth 1,000,000', 'first page')
  ratio('first page: 1,000,000 ÷ 100,000 activities', 'first page', 'first page of 100,000 activities')
  ratio(
    'first page of a user: 1,000,000 ÷ 100,000 activities',
    'first page of a user',
    'first page of a user of 100,000 activities',
  )
  ratio(
    'skip/limit and count ÷ page by number',
    'skip/limit and count at depth 1,000,000',
    'page by number at depth 1,000,000',
  )
}

/** Runs the queries of the plain design for one page of the same file. It leaves out HTTP, in favor of that design. */
function plainPage(path: string): (skip: number) => void {
  const db = new DatabaseSync(path, { readOnly: true })
  const rows = db.prepare(`SELECT * FROM activities WHERE tenant = 'default' ORDER BY key DESC LIMIT ${limit} OFFSET ?`)
  const total = db.prepare(`SELECT count(*) FROM activities WHERE tenant = 'default'`)
  return (skip) => {
    rows.all(skip)
    total.get()
  }
}

async function measureExport(path: string, note: Note) {
  for (const format of ['ndjson', 'csv']) {
    await using log = await startLog(path)
    await fetch(`${log.origin}/logs`)
    const before = residentMebibytes(log.child.pid)
    let max = before
    const watch = setInterval(() => {
      max = Math.max(max, residentMebibytes(log.child.pid))
    }, 50)
    const began = performance.now()
    const response = await fetch(`${log.origin}/export?format=${format}`)
    let lines = 0
    for await (const chunk of response.body as ReadableStream<Uint8Array>) {
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++
    }
    clearInterval(watch)
    note(`export as ${format}: rows/s`, Math.round((lines * 1000) / (performance.now() - began)))
    note(`export as ${format}: MiB more than before, at most`, max - before)
  }
}

const followers = 200
const perSecond = 500
const seconds = 20

/** The followers run in another process, so that their work is not measured. */
async function measureLive(note: Note) {
  await using log = await startLog(aFolder())
  const script = join(import.meta.dirname, 'followers.ts')
  await using program = startCommand(process.execPath, [script, log.origin, String(followers)])
  await written(program, /following/)
  const post = (number: number) => {
    const batch = Array.from({ length: number }, () => ({
      userId: 'ann',
      action: 'live',
      metadata: { sentAt: Date.now() },
    }))
    return fetch(`${log.origin}/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(batch),
    })
  }
  for (let n = 0; n < 20; n++) await post(25)
  await wait(1000)
  const before = residentMebibytes(log.child.pid)
  const every = 50
  const began = performance.now()
  for (let n = 0; n < (seconds * 1000) / every; n++) {
    const response = await post((perSecond * every) / 1000)
    await response.arrayBuffer()
    await wait(Math.max(0, began + (n + 1) * every - performance.now()))
  }
  await wait(2000)
  note(
    `${followers} followers, ${perSecond} activities/s: MiB more than before`,
    residentMebibytes(log.child.pid) - before,
  )
  program.child.kill('SIGTERM')
  await once(program.child, 'exit').catch(() => {})
  const [, seen, p50, p99] = /seen (\d+) p50 (\d+) p99 (\d+)/.exec(program.output()) ?? []
  note(
    `${followers} followers: share of the activities that they saw`,
    round3(Number(seen) / (followers * (perSecond * seconds + 500))),
  )
  note(`${followers} followers: p50 in ms from the POST until an activity is seen`, Number(p50))
  note(`${followers} followers: p99 in ms from the POST until an activity is seen`, Number(p99))
}

const round3 = (value: number) => Math.round(value * 1000) / 1000
