import { anAccessFile, bearer } from '@activity-log/shared/testing/access.ts'
import { anActivity } from '@activity-log/shared/testing/builders.ts'
import { aDatabase } from '@activity-log/shared/testing/mongodb.ts'
import { aTopic, kafkaBrokers, mongodbUri } from '@activity-log/shared/testing/servers.ts'
import { freePorts } from '../production.ts'
import { median } from './bench-report.ts'
import { type Comparison, comparisonTable, interleaved, isMet } from './compare-rounds.ts'
import { firstAnswer } from './first-answer.ts'
import { fillList } from './measure-list.ts'
import { asImages, aside, type Start } from './programs.ts'
import { aServer, type LoadOptions, rowsOf, type Server } from './server.ts'

/** The least share of the requests without keys, and the most CPU time for each, that a server with keys has. */
const wanted = { ingest: [{ min: 0.9 }, { max: 1.11 }], list: [{ min: 0.95 }, { max: 1.05 }] } as const
const manyKeys = 10_000
/** What the keys of a log may take more than a log without keys. */
const maxMebibytes = 15
const start = { keys: 1_000, maxCpuMs: 10 }
/** Starts take little time and differ much, so there are this many for each round of the others. */
const startsPerRound = 10 / 3

/** Compares the same functions with keys and without, and returns which of them take more than they should. */
export async function measureAccess(options: LoadOptions): Promise<readonly string[]> {
  const images = await asImages()
  const { comparisons, memory } = await measureRequests(images.start, options)
  const cpu = await measureStarts(images.start('ingest'), Math.ceil(options.rounds * startsPerRound))
  console.log(`\n${comparisonTable(comparisons)}`)
  console.log('\n| measurement | with | without | more | target |\n| --- | ---: | ---: | ---: | ---: |')
  const more = [memory, cpu]
  for (const each of more) console.log(rowOf(each))
  return [
    ...comparisons.filter((comparison) => isMet(comparison) === false).map(({ what }) => what),
    ...more.filter(isTooMuch).map(({ what }) => what),
  ].map((what) => `missed: ${what}`)
}

/** What a log takes with keys and without. */
type More = { what: string; ours: readonly number[]; theirs: readonly number[]; max: number }
const isTooMuch = ({ ours, theirs, max }: More) => !(median(ours) - median(theirs) <= max)

function rowOf(more: More): string {
  const [ours, theirs] = [median(more.ours), median(more.theirs)]
  const figures = [ours, theirs, ours - theirs].map((figure) => figure.toFixed(1))
  return `| ${[more.what, ...figures].join(' | ')} | ≤ ${more.max}${isTooMuch(more) ? ' (missed)' : ''} |`
}

async function measureRequests(startOf: (name: 'ingest' | 'query') => Start, { rounds, seconds }: LoadOptions) {
  await using stack = new AsyncDisposableStack()
  const { path, keys } = anAccessFile(customers(manyKeys))
  const kafka = { KAFKA_BROKERS: kafkaBrokers.join(','), KAFKA_TOPIC: stack.use(await aTopic(12)).name }
  const mongodb = { MONGODB_URI: mongodbUri, MONGODB_DATABASE: stack.use(aDatabase()).name }
  await fillList(mongodb.MONGODB_DATABASE)

  async function both(program: Start, env: NodeJS.ProcessEnv): Promise<readonly [Server, Server]> {
    const open = stack.use(await aServer(program, env))
    return [stack.use(await aServer(program, { ...env, ACCESS_FILE: path })), open]
  }
  const [keyed, open] = await both(startOf('ingest'), kafka)
  const [keyedAlone, openAlone] = await both(aside('ingest-alone'), {})
  const [keyedQuery, openQuery] = await both(startOf('query'), mongodb)
  const measured = await interleaved(
    {
      keyed: () => keyed.under('activities', 128, seconds, keys.program),
      open: () => open.under('activities', 128, seconds),
      keyedAlone: () => keyedAlone.under('activities', 128, seconds, keys.program),
      openAlone: () => openAlone.under('activities', 128, seconds),
      keyedList: () => keyedQuery.under('pages', 8, seconds, keys.program),
      openList: () => openQuery.under('pages', 8, seconds),
    },
    rounds,
  )
  const row = rowsOf(measured)
  const against = 'the same without keys'
  const rows = (
    what: string,
    goal: keyof typeof wanted,
    ours: keyof typeof measured,
    theirs: keyof typeof measured,
  ) => [
    row(`${what}: requests/s`, against, wanted[goal][0], [ours, 'rate'], [theirs, 'rate']),
    row(`${what}: CPU µs a request`, against, wanted[goal][1], [ours, 'cpuMicros'], [theirs, 'cpuMicros']),
  ]
  const comparisons: readonly Comparison[] = [
    ...rows('ingest with a key, 128 connections', 'ingest', 'keyed', 'open'),
    ...rows('ingest with a key, no queue', 'ingest', 'keyedAlone', 'openAlone'),
    ...rows('list with a key, 8 connections', 'list', 'keyedList', 'openList'),
  ]
  const [ours, theirs] = [measured.keyed, measured.open].map((served) => served.map((each) => each.residentMebibytes))
  const what = `ingest with ${manyKeys.toLocaleString('en')} keys: resident memory after the requests, MiB`
  return { comparisons, memory: { what, ours: ours ?? [], theirs: theirs ?? [], max: maxMebibytes } }
}

/** Starts ingest with keys and without until its first answer. */
async function measureStarts({ command, env }: Start, rounds: number): Promise<More> {
  await using stack = new AsyncDisposableStack()
  const kafka = { KAFKA_BROKERS: kafkaBrokers.join(','), KAFKA_TOPIC: stack.use(await aTopic()).name }
  const { path, keys } = anAccessFile(customers(start.keys))
  let next = 0
  const first = (own: NodeJS.ProcessEnv, more: { [name: string]: string }) => async () => {
    const [port = 0] = await freePorts(1)
    return firstAnswer({ command, env: { ...env, ...kafka, ...own } }, port, {
      method: 'POST',
      path: '/logs',
      headers: { 'content-type': 'application/json', ...more },
      body: JSON.stringify(anActivity({ id: `first-${next++}` })),
      status: 202,
    })
  }
  const measured = await interleaved(
    { keyed: first({ ACCESS_FILE: path }, bearer(keys.program)), open: first({}, {}) },
    rounds,
  )
  const [ours, theirs] = [measured.keyed, measured.open].map((answers) => answers.map(({ cpuMs }) => cpuMs))
  const what = `ingest with ${start.keys.toLocaleString('en')} keys: CPU time until the first answer, ms`
  return { what, ours: ours ?? [], theirs: theirs ?? [], max: start.maxCpuMs }
}

/** So many keys, each of another tenant. */
function customers(count: number) {
  const others = Array.from({ length: count - 1 }, (_, n) => [`customer-${n}`, { tenant: `customer-${n}` }])
  return { ...(Object.fromEntries(others) as { [name: string]: { tenant: string } }), program: {} }
}
