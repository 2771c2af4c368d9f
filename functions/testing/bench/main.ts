import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { ConfigError, StartError } from '@activity-log/shared/config.ts'
import { run } from '@activity-log/shared/http/run.ts'
import { machine, noteIn, printTable, type Results } from './bench-report.ts'
import { measureCold } from './cold.ts'
import { type Comparison, comparisonTable, type Report } from './compare-rounds.ts'
import { fallen } from './gate.ts'
import { measureGrowth } from './growth.ts'
import { measureIdle } from './idle.ts'
import { measureAccess } from './measure-access.ts'
import { measureEmbedded } from './measure-embedded.ts'
import { measureEventLoop } from './measure-event-loop.ts'
import { measureFairness } from './measure-fairness.ts'
import { measureIngest } from './measure-ingest.ts'
import { measureJourney } from './measure-journey.ts'
import { measureList } from './measure-list.ts'
import { measurePeers } from './measure-peers.ts'
import { measurePersist } from './measure-persist.ts'
import { measureProduction } from './measure-production.ts'
import { measureQuery } from './measure-query.ts'
import { measureOutage } from './outage.ts'

const usage = `Usage: npm run bench -- NAME [--rounds 9] [--seconds 3] [--json FILE]

  embedded   the log in one process (npm start) over loopback; imports --file FILE, or made-up activities, twice
  query      lists, export and live streams over 1,000,000 activities; --folder FOLDER keeps them for the next run
  event-loop the CPU time of the longest turn of the event loop under each hostile input; exits with 1 above 50 ms;
             --only TEXT sends those whose description contains it
  fairness   how long a quiet tenant waits for ingest over Kafka, beside one that sends much more
  access     ingest and lists with a key, compared with the same without keys, and starts with many keys, over the
             servers below; exits with 1 when keys take more than they should
  production the import of a file through all functions, over the servers below
  peers      ingest, a Go service (which needs Go), the plain design and the upper limit of Node, over Kafka

These compare the log with the plain design, over the servers that KAFKA_BROKERS and MONGODB_URI name:

  ingest     activities a second, latency and CPU time, over Kafka; also of gzip bodies and mapped items
  persist    events a second and CPU time, over MongoDB
  list       first pages a second and CPU time, over MongoDB
  cold       the time from spawn to the first acknowledgment, and the memory at that moment
  idle       the CPU time of an idle ingest for --seconds 20, at most 5 rounds
  outage     an outage of Kafka for 20 s, at most 3 rounds; needs KAFKA_CONTROL
  journey    the time from the POST until the activity is found, at --rate 2000 a second for --seconds 60
  growth     the CPU time per activity in one process: a log of 1,000,000 compared with one of 100,000; --folder FOLDER
             keeps them
  all        all comparisons; writes results.json and results.md beside the benchmarks
  gate       a short form of ingest, persist and list; exits with 1 when a ratio is more than 15 % worse than recorded`

type Options = {
  rounds: number
  seconds: number | undefined
  rate: number
  file: string | undefined
  folder: string | undefined
  only: string | undefined
}
type Benchmark = (options: Options) => Promise<readonly Comparison[]>

const recorded = join(import.meta.dirname, 'results.json')
const short = 2

const compared: { readonly [name: string]: Benchmark } = {
  ingest: ({ rounds, seconds = 3 }) => measureIngest({ rounds, seconds }),
  persist: ({ rounds, seconds = 3 }) => measurePersist({ rounds, seconds }),
  list: ({ rounds, seconds = 3 }) => measureList({ rounds, seconds }),
  growth: ({ rounds, seconds = 3, folder }) => measureGrowth({ rounds, seconds, folder }),
  cold: ({ rounds }) => measureCold({ rounds }),
  idle: ({ rounds, seconds = 20 }) => measureIdle({ rounds: Math.min(5, rounds), seconds }),
  outage: ({ rounds }) => measureOutage({ rounds: Math.min(3, rounds) }),
  journey: ({ seconds = 60, rate }) => measureJourney({ rounds: 1, seconds, rate }),
}
/** These benchmarks print tables of their own. */
const described: { readonly [name: string]: (options: Options, results: Results) => Promise<void> } = {
  embedded: ({ rounds, seconds = 4, file }, results) =>
    measureEmbedded({ rounds, seconds, file, note: noteIn(results) }),
  'event-loop': async ({ rounds, folder, only }, results) => {
    const tooLong = await measureEventLoop({ rounds: Math.min(3, rounds), folder, only, note: noteIn(results) })
    for (const line of tooLong) console.log(line)
    if (tooLong.length > 0) process.exitCode = 1
  },
  access: async ({ rounds, seconds = 3 }) => {
    const missed = await measureAccess({ rounds, seconds })
    for (const line of missed) console.log(line)
    if (missed.length > 0) process.exitCode = 1
  },
  peers: ({ rounds, seconds = 3 }) => measurePeers({ rounds, seconds }),
  fairness: ({ rounds, seconds = 5 }, results) => measureFairness({ rounds, seconds, note: noteIn(results) }),
  production: ({ rounds, file }, results) => measureProduction({ rounds, file, note: noteIn(results) }),
  query: ({ rounds, folder }, results) => measureQuery({ rounds, folder, note: noteIn(results) }),
}

const needsNone: ReadonlySet<string> = new Set(['embedded', 'event-loop', 'query', 'growth'])
const needsKafka: ReadonlySet<string> = new Set(['peers', 'fairness'])

function serversOf(what: string): readonly string[] {
  if (needsNone.has(what)) return []
  return needsKafka.has(what) ? ['KAFKA_BROKERS'] : ['KAFKA_BROKERS', 'MONGODB_URI']
}

function requireVariables(variables: readonly string[]) {
  if (variables.length > 0) throw new StartError(`${variables.join(' and ')} not set.\n\n${usage}`)
}

async function main() {
  const text = { type: 'string' } as const
  const { values, positionals } = parseArgs({
    options: {
      rounds: text,
      seconds: text,
      rate: text,
      file: text,
      folder: text,
      only: text,
      json: text,
      help: { type: 'boolean' },
    },
    allowPositionals: true,
  })
  const [what = ''] = positionals
  if (values.help) return console.log(usage)
  const number = (name: 'rounds' | 'seconds' | 'rate'): number | undefined => {
    const text = values[name]
    if (text === undefined || /^[1-9]\d{0,5}$/.test(text)) return text === undefined ? undefined : Number(text)
    throw new ConfigError(`--${name} must be a whole number above 0, not "${text}".`)
  }
  const options: Options = {
    rounds: number('rounds') ?? (what === 'gate' ? 3 : 9),
    seconds: number('seconds'),
    rate: number('rate') ?? 2000,
    file: values.file,
    folder: values.folder,
    only: values.only,
  }
  const missing = serversOf(what).filter((name) => !process.env[name])
  const describe = described[what]
  if (describe) {
    requireVariables(missing)
    const results: Results = new Map()
    console.log(machine())
    await describe({ ...options, rounds: number('rounds') ?? (what === 'peers' || what === 'access' ? 9 : 5) }, results)
    if (results.size > 0) printTable(results)
    return
  }
  const names = what === 'all' ? Object.keys(compared) : what === 'gate' ? ['ingest', 'persist', 'list'] : [what]
  const unknown = names.find((name) => !Object.hasOwn(compared, name))
  if (unknown !== undefined) throw new ConfigError(`Unknown benchmark: "${unknown}".\n\n${usage}`)
  requireVariables(missing)

  console.log(machine())
  const comparisons: Comparison[] = []
  for (const name of names) {
    const found = await (compared[name] as Benchmark)(what === 'gate' ? { ...options, seconds: short } : options)
    console.log(`\n${comparisonTable(found)}`)
    comparisons.push(...found)
    // the report is written after each benchmark, so that a failure does not lose the results before it
    const report: Report = { machine: machine(), comparisons }
    const json = `${JSON.stringify(report, undefined, 2)}\n`
    if (values.json) writeFileSync(values.json, json)
    if (what === 'all') {
      writeFileSync(recorded, json)
      writeFileSync(recorded.replace(/json$/, 'md'), `${report.machine}\n\n${comparisonTable(comparisons)}\n`)
    }
  }
  if (what === 'gate') {
    const worse = fallen((JSON.parse(readFileSync(recorded, 'utf8')) as Report).comparisons, comparisons)
    for (const line of worse) console.log(line)
    if (worse.length > 0) process.exitCode = 1
  }
}

run(main)
