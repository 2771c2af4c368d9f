import { aDatabase } from '@activity-log/shared/testing/mongodb.ts'
import { startProgram } from '@activity-log/shared/testing/processes.ts'
import {
  aTopic,
  controlKafka,
  controlMongodb,
  kafkaBrokers,
  kafkaForTests,
  mongodbUri,
  uniqueName,
} from '@activity-log/shared/testing/servers.ts'
import { freePorts, scripts as usualScripts } from '../production.ts'
import type { Random } from '../seeded-random.ts'
import { type Fault, kindOf, type LinkName, type PartName } from './fault.ts'
import type { History } from './history.ts'
import { rewriteAddresses } from './kafka-addresses.ts'
import { misbehavingClient } from './misbehaving-clients.ts'
import { type FaultProxy, startProxy } from './proxy.ts'
import { putEverythingAgain, putFile, putPoison } from './put.ts'
import { type Crashes, type System, supervise } from './system.ts'

export type RealOptions = {
  parts?: readonly PartName[]
  /** These servers do not run yet when the programs start. */
  absent?: 'store' | 'brokers'
  /** Connections wait until a server listens. */
  held?: boolean
  crashes?: Crashes
  mutant?: string | undefined
  file?: string | undefined
  history: History
  random: Random
}

export type Setup = Omit<RealOptions, 'history' | 'random' | 'mutant'> & {
  diskMebibytes?: number
  /** Clients use a gateway in front of the log in one process. */
  hasGateway?: boolean
  maxOldSpaceMebibytes?: number
  /** The maximum resident memory during an attack, as a multiple of that at its beginning. */
  maxGrowth?: number
}

const scripts = { ...usualScripts, replay: usualScripts.source, log: '' }
export const usualParts: readonly PartName[] = ['ingest', 'persist', 'query', 'source', 'deadLetterSource']

/**
 * Starts the functions and the stand-ins for KafkaSource as processes over Kafka and MongoDB, with a proxy in each
 * link.
 */
export async function startReal({
  parts = usualParts,
  absent,
  held,
  crashes,
  mutant,
  file,
  history,
  random,
}: RealOptions): Promise<System> {
  await using opened = new AsyncDisposableStack()
  const topic = opened.use(await aTopic(12)).name
  const deadLetterTopic = opened.use(await aTopic(1, uniqueName('dead-letters'))).name
  const database = opened.use(aDatabase())
  const admin = kafkaForTests().admin()
  opened.defer(() => admin.disconnect())
  await admin.connect()

  const portsOf = new Map<PartName, number>()
  const toPorts = (kind: PartName) => [...portsOf].flatMap(([part, port]) => (kindOf(part) === kind ? [{ port }] : []))
  const listening = (['ingest', 'persist', 'query'] as const).flatMap((kind) => [
    kind,
    ...parts.filter((part) => part.startsWith(`${kind}-`)),
  ])
  const ports = await freePorts(listening.length)
  listening.forEach((part, index) => {
    portsOf.set(part, ports[index] ?? 0)
  })

  const proxies = {
    'client→ingest': [opened.use(await startProxy({ upstreams: toPorts('ingest'), holdMs: held ? 15_000 : 0 }))],
    'ingest→kafka': await toBrokers(opened),
    'source→kafka': await toBrokers(opened),
    'source→persist': [opened.use(await startProxy({ upstreams: toPorts('persist') }))],
    'persist→store': [opened.use(await startProxy({ upstreams: [storeAddress()] }))],
    'query→store': [opened.use(await startProxy({ upstreams: [storeAddress()] }))],
  } satisfies { [link in LinkName]: FaultProxy[] }
  const addressOf = ([proxy]: FaultProxy[]) => `127.0.0.1:${proxy?.port}`
  const group = uniqueName('persist')
  const deadLetterGroup = uniqueName('dead-letters')
  const groups = new Map([
    [group, topic],
    [deadLetterGroup, deadLetterTopic],
  ])
  const kafka = (link: LinkName) => ({
    KAFKA_BROKERS: proxies[link].map(({ port }) => `127.0.0.1:${port}`).join(','),
    KAFKA_TOPIC: topic,
    KAFKA_DEAD_LETTER_TOPIC: deadLetterTopic,
  })
  const mongodb = (link: LinkName) => ({
    MONGODB_URI: throughProxy(addressOf(proxies[link])),
    MONGODB_DATABASE: database.name,
  })
  const sink = `http://${addressOf(proxies['source→persist'])}`

  function environment(part: PartName): NodeJS.ProcessEnv {
    const PORT = `${portsOf.get(part)}`
    switch (kindOf(part)) {
      case 'ingest':
        return { PORT, ...kafka('ingest→kafka') }
      case 'persist':
        return { PORT, ...mongodb('persist→store') }
      case 'query':
        return { PORT, ...mongodb('query→store') }
      case 'deadLetterSource': {
        const consumer = { KAFKA_TOPIC: deadLetterTopic, KAFKA_GROUP: deadLetterGroup }
        return { SINK_URL: `${sink}/undelivered`, ...kafka('source→kafka'), ...consumer }
      }
      case 'replay': {
        const replaying = `${group}-${part}`
        groups.set(replaying, topic)
        return { SINK_URL: sink, ...kafka('source→kafka'), KAFKA_GROUP: replaying }
      }
      default:
        return { SINK_URL: sink, ...kafka('source→kafka'), KAFKA_GROUP: group }
    }
  }

  const isListening = (part: PartName) => ['ingest', 'persist', 'query'].includes(kindOf(part))
  const programs = opened.use(
    supervise({
      run: (part, env) => startProgram(scripts[kindOf(part)], { ...environment(part), ...env }),
      isUp: (part) => (isListening(part) ? /listening/ : /joined/),
      crashes,
      mutant,
    }),
  )
  // starting a server that already runs takes seconds
  const down = { brokers: absent === 'brokers', store: absent === 'store' }
  const startServers = () =>
    Promise.all([down.brokers && controlKafka?.('start'), down.store && controlMongodb?.('start')])
  opened.defer(async () => void (await startServers()))
  if (absent === 'store') await controlMongodb?.('kill')
  if (absent === 'brokers') await Promise.all(kafkaBrokers.map((_broker, index) => controlKafka?.('kill', index + 1)))
  const waitFor = parts.filter((part) => absent !== 'brokers' || isListening(part))
  // nothing waits for the program here, because allUp() does so in the end
  const begin = (part: PartName) => void programs.start(part).catch(() => {})
  for (const part of parts) if (!waitFor.includes(part)) begin(part)
  if (!held) await Promise.all(waitFor.map((part) => programs.start(part)))
  else for (const part of waitFor) begin(part)

  async function suffer(fault: Fault) {
    if (fault.do === 'broker') down.brokers = true
    if (fault.do === 'store') down.store = true
    switch (fault.do) {
      case 'signal':
        return programs.signal(fault.part, fault.signal)
      case 'start':
        return programs.start(fault.part)
      case 'stop':
        return programs.stop(fault.part)
      case 'broker':
        await controlKafka?.(fault.verb, fault.number)
        return
      case 'brokers':
        await controlKafka?.('start')
        return
      case 'move':
        await controlKafka?.('move', topic, fault.partition ?? '')
        return
      case 'store':
        await controlMongodb?.(fault.verb)
        return
      case 'toxic':
        await Promise.all(proxies[fault.on].map((proxy) => proxy.set(fault.toxic)))
        return
      case 'put':
        if (fault.what === 'poison') return putPoison(topic, history)
        if (fault.what === 'everything again') return putEverythingAgain(topic, random)
        return putFile(topic, file, history, random)
      case 'client':
        return misbehavingClient(proxies['client→ingest'][0]?.port ?? 0, fault.what)
      case 'disk':
        throw new Error('This system has no disk of its own')
    }
  }

  async function ends() {
    const offsets = await admin.fetchTopicOffsets(topic)
    return new Map(offsets.map(({ partition, high }) => [partition, Number(high)]))
  }

  return Object.assign(opened.move(), {
    ingest: `http://${addressOf(proxies['client→ingest'])}`,
    query: `http://localhost:${portsOf.get('query')}`,
    persist: sink,
    suffer,
    async heal() {
      await Promise.all(Object.values(proxies).flatMap((link) => link.map((proxy) => proxy.set(undefined))))
      await startServers()
      Object.assign(down, { brokers: false, store: false })
      await programs.allUp()
    },
    ends,
    async isDrained() {
      const drained = await Promise.all(
        [...groups].map(async ([groupId, name]) => {
          const [committed] = await admin.fetchOffsets({ groupId, topics: [name] })
          const at = new Map(committed?.partitions.map(({ partition, offset }) => [partition, Number(offset)]))
          const all = await admin.fetchTopicOffsets(name)
          return all.every(({ partition, high }) => Number(high) === 0 || (at.get(partition) ?? -1) >= Number(high))
        }),
      )
      return drained.every(Boolean)
    },
    async completeLedger() {
      const servers = {
        MONGODB_URI: mongodbUri,
        MONGODB_DATABASE: database.name,
        KAFKA_BROKERS: kafkaBrokers.join(','),
      }
      const topics = { KAFKA_TOPIC: topic, KAFKA_DEAD_LETTER_TOPIC: deadLetterTopic }
      await using program = startProgram('functions/cli/main.ts', { ...servers, ...topics }, 'ledger')
      await program.ended
      history.note({ ledger: program.output() })
    },
    keepOutput: programs.keepOutput,
  })
}

/** Starts a proxy for each broker, and replaces the addresses that brokers name with those of the proxies. */
async function toBrokers(opened: AsyncDisposableStack): Promise<FaultProxy[]> {
  const ports = new Map<number, number>()
  const proxies: FaultProxy[] = []
  for (const broker of kafkaBrokers) {
    const [host = '', port = ''] = broker.split(':')
    const rewrite = () => rewriteAddresses({ host, ports })
    const proxy = opened.use(await startProxy({ upstreams: [{ host, port: Number(port) }], host, rewrite }))
    ports.set(Number(port), proxy.port)
    proxies.push(proxy)
  }
  return proxies
}

function storeAddress() {
  const { hostname, port } = new URL(mongodbUri.split(',')[0] ?? '')
  return { host: hostname, port: Number(port || 27_017) }
}

/** The client connects only to the address in the URI, not to addresses that the server reports. */
function throughProxy(address: string): string {
  const uri = new URL(mongodbUri.replace(/^(mongodb:\/\/(?:[^@/]*@)?)[^/?]*/, `$1${address}`))
  uri.searchParams.set('directConnection', 'true')
  return uri.href
}
