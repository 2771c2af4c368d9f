import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { anAccessFile } from '@activity-log/shared/testing/access.ts'
import { written } from '@activity-log/shared/testing/processes.ts'
import { aTopic, kafkaBrokers } from '@activity-log/shared/testing/servers.ts'
import type { Note } from './bench-report.ts'
import type { Kind, Seen } from './load.ts'
import type { Paced } from './paced-load.ts'
import { loadCore, serverCore, startPinned } from './pinned.ts'
import { asImages } from './programs.ts'

const here = import.meta.dirname
const quietRate = 50
/**
 * The clients of the tenant that sends much. With a pause, they send all at once and leave the process time for others,
 * so that the queue alone is what the tenants share; without one, they take its CPU time as well, which no queue can
 * share.
 */
const floods: readonly { what: string; kind: Kind; connections: number; pauseMs: number }[] = [
  { what: '8 × 500 activities at once, every second', kind: 'lines', connections: 8, pauseMs: 1_000 },
  { what: '128 connections, one activity each', kind: 'activities', connections: 128, pauseMs: 0 },
  { what: '32 connections, 500 activities each', kind: 'lines', connections: 32, pauseMs: 0 },
]

/**
 * Measures how long a tenant of 50 activities a second waits for its 202 from ingest over Kafka, alone and while another
 * tenant sends much more.
 */
export async function measureFairness(options: { rounds: number; seconds: number; note: Note }): Promise<void> {
  const { rounds, seconds, note } = options
  await using stack = new AsyncDisposableStack()
  const { path, keys } = anAccessFile({ quiet: { tenant: 'quiet' }, flood: { tenant: 'flood' } })
  const { command, env } = (await asImages()).start('ingest')
  const ownEnv = { KAFKA_BROKERS: kafkaBrokers.join(','), KAFKA_TOPIC: stack.use(await aTopic(12)).name }
  const server = stack.use(startPinned(serverCore, command, { ...env, ...ownEnv, ACCESS_FILE: path, PORT: '0' }))
  const origin = `http://localhost:${await written(server, /"port":(\d+)/)}`
  // meanwhile it connects to Kafka
  await wait(2_000)

  /** The client of the quiet tenant goes first on the core that it shares with those of the flood. */
  async function run(script: string, ...words: readonly string[]): Promise<string> {
    const priority = script === 'load.ts' ? '19' : '0'
    const command = ['nice', '-n', priority, process.execPath, join(here, script), origin, ...words] as const
    await using program = startPinned(loadCore, command)
    return await written(program, /\{.*\}/)
  }
  const quiet = async () => JSON.parse(await run('paced-load.ts', `${quietRate}`, `${seconds}`, keys.quiet)) as Paced
  const noteQuiet = (what: string, { rejected, p50, p99 }: Paced) => {
    note(`quiet tenant, ${what}: p50, ms`, p50)
    note(`quiet tenant, ${what}: p99, ms`, p99)
    note(`quiet tenant, ${what}: rejected`, rejected)
  }

  for (let round = 0; round < rounds; round++) {
    const alone = await quiet()
    noteQuiet('alone', alone)
    for (const { what, kind, connections, pauseMs } of floods) {
      // the flood begins a second before the quiet tenant, and ends after it
      const flood = run('load.ts', kind, `${connections}`, `${seconds + 2}`, keys.flood, `${pauseMs}`)
      await wait(1_000)
      const beside = await quiet()
      noteQuiet(`beside ${what}`, beside)
      note(`beside ${what}: p99 against alone`, beside.p99 / alone.p99)
      const { rate, rejected } = JSON.parse(await flood) as Seen
      note(`flood of ${what}: requests/s`, rate)
      note(`flood of ${what}: rejected`, rejected)
    }
  }
}
