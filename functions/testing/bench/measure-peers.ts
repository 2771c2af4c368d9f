import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { StartError } from '@activity-log/shared/config.ts'
import { anAccessFile } from '@activity-log/shared/testing/access.ts'
import { aFolder } from '@activity-log/shared/testing/processes.ts'
import { aTopic, kafkaBrokers } from '@activity-log/shared/testing/servers.ts'
import { median } from './bench-report.ts'
import { interleaved } from './compare-rounds.ts'
import { linesAtOnce } from './load.ts'
import { asImages, aside, asPlain, type Start } from './programs.ts'
import { aServer, type LoadOptions, type Served } from './server.ts'

const loads = [
  ['activities', 1],
  ['activities', 128],
  ['activities', 512],
  ['lines', 1],
  ['lines', 128],
] as const
const withKey = 'ingest, with a key'
type Load = (typeof loads)[number]

/**
 * Compares ingest with a Go service (net/http and franz-go without linger), with the plain design and with the upper
 * limit of Node, each on one core, over the same brokers, and ingest also with a key in each request. Prints a row for
 * each load and server.
 */
export async function measurePeers({ rounds, seconds }: LoadOptions): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const ingest = (await asImages()).start('ingest')
  const { path, keys } = anAccessFile({ program: {} })
  const starts: { [name: string]: Start } = {
    ingest,
    [withKey]: { ...ingest, env: { ...ingest.env, ACCESS_FILE: path } },
    'Go, franz-go': goPeer(),
    'plain design': asPlain().start('ingest'),
    'node:http, no queue': aside('ceiling'),
  }
  const variants: { [name: string]: () => Promise<Served> } = {}
  for (const [name, start] of Object.entries(starts)) {
    const topic = stack.use(await aTopic(12)).name
    const env = { KAFKA_BROKERS: kafkaBrokers.join(','), KAFKA_TOPIC: topic, GOMAXPROCS: '1' }
    const server = stack.use(await aServer(start, env))
    for (const load of loads) {
      if (load[0] === 'lines' && !takesLines.has(name)) continue
      variants[nameOf(load, name)] = () =>
        server.under(load[0], load[1], secondsOf(load, seconds), name === withKey ? keys.program : undefined)
    }
  }
  const measured = await interleaved(variants, rounds)
  console.log(`\n| load | server | per second | CPU µs each | p50 ms | p99 ms | rate against Go | min–max |`)
  console.log('| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |')
  for (const load of loads) {
    const go = measured[nameOf(load, 'Go, franz-go')] ?? []
    for (const name of Object.keys(starts)) {
      const served = measured[nameOf(load, name)]
      if (served) console.log(row(load, name, served, go))
    }
  }
}

/** The plain design and the upper limit take one activity a request. */
const takesLines: ReadonlySet<string> = new Set(['ingest', withKey, 'Go, franz-go'])
/** Behind those of 127 others, a request with many lines takes seconds. */
const secondsOf = ([kind, connections]: Load, seconds: number) =>
  kind === 'lines' && connections > 1 ? 3 * seconds : seconds
const nameOf = ([kind, connections]: Load, server: string) => `${kind} ${connections} ${server}`

function row([kind, connections]: Load, name: string, served: readonly Served[], go: readonly Served[]): string {
  const each = kind === 'lines' ? linesAtOnce : 1
  const ratios = served.map(({ rate }, round) => rate / (go[round]?.rate ?? Number.NaN)).toSorted((a, b) => a - b)
  const what = kind === 'lines' ? `${linesAtOnce} lines a request` : 'one activity a request'
  const cells = [
    `${what}, ${connections} connection${connections === 1 ? '' : 's'}`,
    name,
    Math.round(median(served.map(({ rate }) => rate)) * each).toLocaleString('en'),
    (median(served.map(({ cpuMicros }) => cpuMicros)) / each).toFixed(1),
    median(served.map(({ p50 }) => p50)).toFixed(2),
    median(served.map(({ p99 }) => p99)).toFixed(2),
    median(ratios).toFixed(2),
    `${ratios[0]?.toFixed(2)}–${ratios.at(-1)?.toFixed(2)}`,
  ]
  return `| ${cells.join(' | ')} |`
}

/** Builds the Go service; the modules come from the module proxy and stay in Go's cache. */
function goPeer(): Start {
  const program = join(aFolder(), 'go-peer')
  try {
    execFileSync('go', ['build', '-o', program, '.'], { cwd: join(import.meta.dirname, 'go-peer'), stdio: 'pipe' })
  } catch (error) {
    const reason = error instanceof Error && 'stderr' in error ? String(error.stderr) || error.message : String(error)
    throw new StartError(`The Go service of this benchmark needs Go 1.26 or newer: ${reason.trim()}`)
  }
  return { command: [program], env: {} }
}
