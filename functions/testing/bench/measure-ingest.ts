import { join } from 'node:path'
import { written } from '@activity-log/shared/testing/processes.ts'
import { aTopic, kafkaBrokers } from '@activity-log/shared/testing/servers.ts'
import { startProxy } from '../faults/proxy.ts'
import { type Comparison, interleaved } from './compare-rounds.ts'
import { type Kind, linesAtOnce } from './load.ts'
import { serverCore, startPinned } from './pinned.ts'
import { asImages, aside, asPlain } from './programs.ts'
import { aServer, type LoadOptions, rowsOf, type Server } from './server.ts'

const here = import.meta.dirname
const connections = 128

/** Compares ingest over Kafka with the plain design, with the upper limit of Node, and with ingest without Kafka. */
export async function measureIngest(options: LoadOptions): Promise<Comparison[]> {
  await using stack = new AsyncDisposableStack()
  const ourTopic = stack.use(await aTopic(12)).name
  const plainTopic = stack.use(await aTopic(12)).name
  const KAFKA_BROKERS = kafkaBrokers.join(',')
  const farther = stack.use(await fartherKafka())
  const ourEnv = { KAFKA_BROKERS, KAFKA_TOPIC: ourTopic }
  const plainEnv = { KAFKA_BROKERS, KAFKA_TOPIC: plainTopic }

  const images = await asImages()
  const image = images.start('ingest')
  const design = asPlain().start('ingest')
  const ours = stack.use(await aServer(image, ourEnv))
  const plain = stack.use(await aServer(design, plainEnv))
  const ceiling = stack.use(await aServer(aside('ceiling'), {}))
  const alone = stack.use(await aServer(aside('ingest-alone'), {}))
  const behindHttp = stack.use(await aServer(aside('direct-server'), plainEnv))
  const oursFarther = stack.use(await aServer(image, { ...ourEnv, ...farther.env }))
  const plainFarther = stack.use(await aServer(design, { ...plainEnv, ...farther.env }))

  const under =
    (server: Server, kind: Kind = 'activities', count = connections) =>
    () =>
      server.under(kind, count, options.seconds)
  const { direct, ...measured } = await interleaved(
    {
      ours: under(ours),
      plain: under(plain),
      ceiling: under(ceiling),
      alone: under(alone),
      oursFarther: under(oursFarther),
      plainFarther: under(plainFarther),
      lines: under(ours, 'lines', 4),
      gzip: under(alone, 'gzip'),
      mapped: under(alone, 'mapped'),
      aloneLines: under(alone, 'lines', 4),
      gzipLines: under(alone, 'gzipLines', 4),
      mappedLines: under(alone, 'mappedLines', 4),
      single: under(ours, 'activities', 1),
      behindHttp: under(behindHttp, 'activities', 1),
      direct: () => directSend(plainEnv, options.seconds),
    },
    options.rounds,
  )
  const row = rowsOf(measured)
  const plainDesign = 'Express, one send per request'
  const plainNode = 'node:http + JSON.parse + valibot, no queue'
  const single = measured.single.map(({ p50 }) => p50)
  return [
    row(
      `ingest, ${connections} connections: activities/s`,
      plainDesign,
      { min: 12 },
      ['ours', 'rate'],
      ['plain', 'rate'],
    ),
    row(
      'ingest, Kafka 2 ms away: activities/s',
      plainDesign,
      { min: 20 },
      ['oursFarther', 'rate'],
      ['plainFarther', 'rate'],
    ),
    row('ingest: activities/s', plainNode, { min: 0.4 }, ['ours', 'rate'], ['ceiling', 'rate']),
    row('ingest, no queue: activities/s', plainNode, { min: 0.75 }, ['alone', 'rate'], ['ceiling', 'rate']),
    row('ingest, no queue: CPU µs a request', plainNode, undefined, ['alone', 'cpuMicros'], ['ceiling', 'cpuMicros']),
    row('ingest: CPU µs a request', plainDesign, undefined, ['ours', 'cpuMicros'], ['plain', 'cpuMicros']),
    row(
      'ingest, 1 connection: p50 in ms',
      'node:http + producer.send',
      undefined,
      ['single', 'p50'],
      ['behindHttp', 'p50'],
    ),
    {
      what: 'ingest, 1 connection: p50 in ms',
      against: 'producer.send, no server',
      target: { max: 1.05 },
      ours: single,
      theirs: direct,
    },
    row(`ingest, ${connections} connections: p99 in ms`, plainDesign, { max: 0.15 }, ['ours', 'p99'], ['plain', 'p99']),
    row(
      `ingest, ${linesAtOnce} lines a request: activities/s`,
      'one per request',
      { min: 8 },
      ['lines', 'rate', linesAtOnce],
      ['ours', 'rate'],
    ),
    ...(['gzip', 'mapped'] as const).flatMap((kind) => [
      row(
        `ingest, no queue, ${kind}: CPU µs a request`,
        'the same without',
        undefined,
        [kind, 'cpuMicros'],
        ['alone', 'cpuMicros'],
      ),
      row(
        `ingest, no queue, ${linesAtOnce} lines a request, ${kind}: CPU µs a request`,
        'the same without',
        undefined,
        [`${kind}Lines`, 'cpuMicros'],
        ['aloneLines', 'cpuMicros'],
      ),
    ]),
  ]
}

/** Kafka behind a network with a round trip of 2 ms. */
async function fartherKafka(): Promise<AsyncDisposable & { env: NodeJS.ProcessEnv }> {
  const stack = new AsyncDisposableStack()
  const detours: string[] = []
  for (const broker of kafkaBrokers) {
    const [host = '', port = ''] = broker.split(':')
    const proxy = stack.use(await startProxy({ upstreams: [{ host, port: Number(port) }] }))
    await proxy.set({ kind: 'latency', ms: 1 })
    detours.push(`${port}=${proxy.port}`)
  }
  const preload = join(here, '../detour.ts')
  return Object.assign(stack, { env: { DETOUR: detours.join(','), NODE_OPTIONS: `--import ${preload}` } })
}

async function directSend(env: NodeJS.ProcessEnv, seconds: number): Promise<number> {
  const command = [process.execPath, join(here, 'direct-send.ts'), `${seconds}`] as const
  await using program = startPinned(serverCore, command, env)
  return JSON.parse(await written(program, /\{.*\}/)).p50
}
