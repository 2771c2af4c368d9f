import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { answerOf } from '@activity-log/shared/testing/builders.ts'
import { aFolder, written } from '@activity-log/shared/testing/processes.ts'
import { type Comparison, interleaved } from './compare-rounds.ts'
import type { Seen } from './load.ts'
import { cpuSeconds, loadCore, serverCore, startPinned } from './pinned.ts'
import { fillStore } from './query-store.ts'
import type { LoadOptions } from './server.ts'

const sizes = { small: 100_000, large: 1_000_000 }
const connections = 64

/**
 * Measures the cost of one more activity in one process when the log is ten times as large: CPU time from the POST
 * until it is found.
 */
export async function measureGrowth(options: LoadOptions & { folder: string | undefined }): Promise<Comparison[]> {
  const { rounds, seconds, folder = aFolder() } = options
  const variant = async (size: keyof typeof sizes) => {
    const filled = join(folder, size)
    await fillStore(filled, sizes[size], () => {})
    const copy = aFolder()
    cpSync(filled, copy, { recursive: true })
    return () => cpuMicros(copy, seconds)
  }
  const measured = await interleaved({ large: await variant('large'), small: await variant('small') }, rounds)
  const what = `one process, ${sizes.large.toLocaleString('en')} activities in the log: CPU µs for one more`
  const against = `${sizes.small.toLocaleString('en')} in the log`
  return [{ what, against, target: { max: 1.1 }, ours: measured.large, theirs: measured.small }]
}

async function cpuMicros(folder: string, seconds: number): Promise<number> {
  const env = { PORT: '0', DATA_DIR: folder }
  await using log = startPinned(serverCore, [process.execPath, 'functions/local/main.ts'], env)
  const origin = await written(log, /(http:\/\/localhost:\d+)\/logs/)
  const before = cpuSeconds(log.child.pid)
  const load = [process.execPath, join(import.meta.dirname, 'load.ts')] as const
  await using loading = startPinned(loadCore, [...load, origin, 'activities', `${connections}`, `${seconds}`])
  const seen = JSON.parse(await written(loading, /\{.*\}/)) as Seen
  const posted = await fetch(`${origin}/logs`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ userId: 'last', action: 'end' }),
  })
  const { receipt } = await answerOf(posted)
  const found = await fetch(`${origin}/logs?receipt=${receipt}&wait=30&limit=1`)
  if (!found.ok) throw new Error(`The last activity was not found: ${found.status}`)
  // the warm-up took one more second
  return ((cpuSeconds(log.child.pid) - before) / (seen.rate * (seconds + 1))) * 1e6
}
