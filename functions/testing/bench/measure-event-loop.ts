import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { answerOf, post, until } from '@activity-log/shared/testing/builders.ts'
import { aFolder, startLog } from '@activity-log/shared/testing/processes.ts'
import type { Note } from './bench-report.ts'
import { hostileBursts } from './hostile-bursts.ts'
import { hostileInputs, type Target } from './hostile-inputs.ts'
import { fillStore } from './query-store.ts'

/** No turn of the event loop may take more CPU time than this, because every other client waits meanwhile. */
export const maxTurnMs = 50
const activities = 100_000
const worst = 1_000

export type EventLoopOptions = {
  rounds: number
  folder: string | undefined
  /** Sends only the inputs whose description contains this text. */
  only: string | undefined
  note: Note
}

/** Measures the longest turn under each hostile input. Returns a line for each whose median is too long. */
export async function measureEventLoop({
  rounds,
  folder = aFolder(),
  only = '',
  note,
}: EventLoopOptions): Promise<string[]> {
  const inputs = [...hostileInputs, ...hostileBursts].filter(({ what }) => what.includes(only))
  await fillStore(folder, activities, () => {})
  const file = join(aFolder(), 'turns')
  const env = {
    TURNS_FILE: file,
    NODE_OPTIONS: `--import=${join(import.meta.dirname, 'turns.ts')}`,
    LOG_LEVEL: 'error',
  }
  await using log = await startLog(folder, env)
  const { origin } = log
  const oldAsOf = await asOfOf(origin)
  await postWorst(origin)
  const target: Target = { origin, port: Number(new URL(origin).port), oldAsOf, asOf: await asOfOf(origin) }

  async function longestTurn(): Promise<number> {
    rmSync(file, { force: true })
    log.child.kill('SIGUSR2')
    await until(() => existsSync(file) && readFileSync(file, 'utf8') !== '')
    return JSON.parse(readFileSync(file, 'utf8'))
  }

  const tooLong = new Map<string, number[]>()
  for (let round = 0; round < rounds; round++) {
    for (const { what, send } of inputs) {
      await longestTurn()
      await send(target)
      const ms = Math.round((await longestTurn()) * 10) / 10
      note(`longest turn in ms: ${what}`, ms)
      console.error(`  ${what}: ${ms} ms`)
      tooLong.set(what, [...(tooLong.get(what) ?? []), ms])
      const isAlive = await fetch(`${origin}/healthz`).then(({ ok }) => ok)
      if (!isAlive) throw new Error(`${what}: the log does not answer any more`)
    }
  }
  return [...tooLong].flatMap(([what, times]) => {
    const sorted = times.toSorted((a, b) => a - b)
    const ms = sorted[Math.floor(sorted.length / 2)] ?? 0
    return ms > maxTurnMs ? [`${what}: a turn took ${ms} ms of CPU time; at most ${maxTurnMs} are allowed`] : []
  })
}

async function asOfOf(origin: string): Promise<string> {
  for (;;) {
    const { asOf } = await answerOf(await fetch(`${origin}/logs?limit=1`))
    if (asOf) return asOf
  }
}

/** Rows that take twenty times their bytes as objects, if anybody parses them. */
async function postWorst(origin: string) {
  const metadata = { a: Array(1_900).fill({}), text: 'x'.repeat(20_000) }
  const some = Array.from({ length: 100 }, () => ({ userId: 'u', action: 'worst', metadata }))
  for (let sent = 0; sent < worst; sent += some.length) {
    const response = await fetch(`${origin}/logs/batch`, post(some))
    if (response.status !== 202) throw new Error(`POST /logs/batch: ${response.status}`)
    await response.text()
  }
}
