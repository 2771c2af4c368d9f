import { anAccessFile } from '@activity-log/shared/testing/access.ts'
import { anActivity } from '@activity-log/shared/testing/builders.ts'
import { aDatabase } from '@activity-log/shared/testing/mongodb.ts'
import { aTopic, kafkaBrokers, mongodbUri } from '@activity-log/shared/testing/servers.ts'
import { freePorts } from '../production.ts'
import { median } from './bench-report.ts'
import { type Comparison, comparisonTable, interleaved, isMet } from './compare-rounds.ts'
import { type FirstAnswer, firstAnswer } from './first-answer.ts'
import { fillList } from './measure-list.ts'
import { asImages, aside, type Start } from './programs.ts'
import { aServer, type LoadOptions, rowsOf, type Server } from './server.ts'

/** The least share of the requests without keys, and the most CPU time for each, that a server with keys has. */
const wanted = { ingest: [{ min: 0.9 }, { max: 1.11 }], list: [{ min: 0.95 }, { max: 1.05 }] } as const
/** What a start with so many keys takes more than one without. */
const maxMore = [
  { what: 'CPU time until the first answer, ms', keys: 1_000, member: 'cpuMs', max: 10 },
  { what: 'memory after the first answer, MiB', keys: 10_000, member: 'residentMebibytes', max: 15 },
] as const
/** Starts take little time and differ much, so there are this many for each round of the others. */
const startsPerRound = 10 / 3

/** Compares the same functions with keys and without, and returns which of them take more than they should. */
export async function measureAccess(options: LoadOptions): Promise<readonly string[]> {
  const images = await asImages()
  const comparisons = await measureRequests(images.start, options)
  console.log(`\n${comparisonTable(comparisons)}`)
  const missed = comparisons.filter((comparison) => isMet(comparison) === false).map(({ what }) => what)
  const tooMuch = await measureStarts(images.start('ingest'), Math.ceil(options.rounds * startsPerRound))
  return [...missed, ...tooMuch].map((what) => `missed: ${what}`)
}

async function measureRequests(start: (name: 'ingest' | 'query') => Start, { rounds, seconds }: LoadOptions) {
  await using stack = new AsyncDisposableStack()
  const { path, keys } = anAccessFile({ ...manyKeys(1_000), program: {} })
  const kafka = { KAFKA_BROKERS: kafkaBrokers.join(','), KAFKA_TOPIC: stack.use(await aTopic(12)).name }
  const mongodb = { MONGODB_URI: mongodbUri, MONGODB_DATABASE: stack.use(aDatabase()).name }
  await fillList(mongodb.MONGODB_DATABASE)
  const withKeys = { ACCESS_FILE: path }

  async function both(program: Start, env: NodeJS.ProcessEnv): Promise<readonly [Server, Server]> {
    return [stack.use(await aServer(program, { ...env, ...withKeys })), stack.use(await aServer(program, env))]
  }
  const [keyed, open] = await both(start('ingest'), kafka)
  const [keyedAlone, openAlone] = await both(aside('ingest-alone'), {})
  const [keyedQuery, openQuery] = await both(start('query'), mongodb)
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
  return [
    ...rows('ingest with a key, 128 connections', 'ingest', 'keyed', 'open'),
    ...rows('ingest with a key, no queue', 'ingest', 'keyedAlone', 'openAlone'),
    ...rows('list with a key, 8 connections', 'list', 'keyedList', 'openList'),
  ] satisfies Comparison[]
}

/** Starts ingest with and without keys until its first answer, and prints what more the keys take. */
async function measureStarts({ command, env }: Start, rounds: number): Promise<readonly string[]> {
  await using stack = new AsyncDisposableStack()
  const kafka = { KAFKA_BROKERS: kafkaBrokers.join(','), KAFKA_TOPIC: stack.use(await aTopic()).name }
  let next = 0
  const first = (own: NodeJS.ProcessEnv, key?: string) => async () => {
    const [port = 0] = await freePorts(1)
    const asked = {
      method: 'POST',
      path: '/logs',
      headers: { 'content-type': 'application/json', ...(key !== undefined && { authorization: `Bearer ${key}` }) },
      body: JSON.stringify(anActivity({ id: `first-${next++}` })),
      status: 202,
    }
    return firstAnswer({ command, env: { ...env, ...kafka, ...own } }, port, asked)
  }
  const variants: { [keys: number]: () => Promise<FirstAnswer> } = { 0: first({}) }
  for (const { keys: count } of maxMore) {
    const { path, keys } = anAccessFile({ ...manyKeys(count - 1), program: {} })
    variants[count] = first({ ACCESS_FILE: path }, keys.program)
  }
  const measured = await interleaved<{ [keys: number]: FirstAnswer }>(variants, rounds)

  console.log(`\n| ingest with keys: what more a start takes | keys | with | without | more | target |`)
  console.log('| --- | ---: | ---: | ---: | ---: | ---: |')
  return maxMore.flatMap(({ what, keys, member, max }) => {
    const [ours, theirs] = [measured[keys] ?? [], measured[0] ?? []].map((answers) =>
      median(answers.map((answer) => answer[member])),
    ) as [number, number]
    const isTooMuch = !(ours - theirs <= max)
    const figures = [ours, theirs, ours - theirs].map((figure) => figure.toFixed(1))
    const cells = [what, keys.toLocaleString('en'), ...figures, `≤ ${max}${isTooMuch ? ' (missed)' : ''}`]
    console.log(`| ${cells.join(' | ')} |`)
    return isTooMuch ? [`${what}, with ${keys.toLocaleString('en')} keys`] : []
  })
}

/** A key for each of so many tenants. */
const manyKeys = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`customer-${n}`, { tenant: `customer-${n}` }]))
