import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { blackHoleBefore } from '@activity-log/shared/testing/black-hole.ts'
import { anActivity, aRecord, delivery, post } from '@activity-log/shared/testing/builders.ts'
import { aDatabase } from '@activity-log/shared/testing/mongodb.ts'
import { type Running, startCommand, written } from '@activity-log/shared/testing/processes.ts'
import {
  aTopic,
  controlKafka,
  controlMongodb,
  kafkaBrokers,
  kafkaForTests,
  mongodbUri,
} from '@activity-log/shared/testing/servers.ts'
import { describe, expect, test } from 'vitest'

const limits = { ingest: 6_000, persist: 12_000, query: 6_000 }
type Function = keyof typeof limits

type Outage = { begin(): Promise<unknown>; end(): Promise<unknown>; detour: string } & AsyncDisposable

/** Starts a function as a process of its own, whose connections take the detour. */
async function start(name: Function, env: NodeJS.ProcessEnv, detour: string): Promise<Running & { origin: string }> {
  const args = ['--import', join(import.meta.dirname, 'detour.ts'), `functions/${name}/main.ts`]
  const program = startCommand(process.execPath, args, { PORT: '0', DETOUR: detour, ...env })
  return Object.assign(program, { origin: `http://127.0.0.1:${await written(program, /"port":(\d+)/)}` })
}

let offset = 0
const requests: { [name in Function]: () => [path: string, request: RequestInit] } = {
  ingest: () => ['/logs', post(anActivity({ id: `sent-${++offset}` }))],
  persist: () => ['/', delivery(aRecord({ id: `brought-${++offset}` }), offset)],
  query: () => ['/logs', {}],
}

/** Resolves with the status. Rejects when there is no answer within the function's limit. */
async function ask(name: Function, { origin }: { origin: string }): Promise<number> {
  const [path, request] = requests[name]()
  const response = await fetch(origin + path, { ...request, signal: AbortSignal.timeout(limits[name]) })
  await response.arrayBuffer()
  if (response.status === 503) expect(response.headers.get('retry-after')).toBe('1')
  return response.status
}

const succeeds = async (name: Function, program: { origin: string }) => (await ask(name, program)) < 300

/** Sends some requests together, and others while those hang. */
async function askMany(name: Function, program: { origin: string }): Promise<number[]> {
  const asked: Promise<number>[] = []
  for (let wave = 0; wave < 4; wave++) {
    for (let n = 0; n < 5; n++) asked.push(ask(name, program))
    await fetch(`${program.origin}/healthz`)
  }
  const first = await Promise.all(asked)
  return [...first, await ask(name, program)]
}

async function untilItSucceeds(name: Function, program: { origin: string }) {
  while (!(await succeeds(name, program))) await wait(20)
}

const ports = (servers: readonly string[]) => servers.map((server) => Number(server.split(':').at(-1)))

async function blackHoles(servers: readonly number[]): Promise<Outage> {
  const opened = new AsyncDisposableStack()
  const holes = await Promise.all(servers.map(blackHoleBefore))
  for (const hole of holes) opened.use(hole)
  return Object.assign(opened, {
    detour: servers.map((port, index) => `${port}=${holes[index]?.port}`).join(','),
    async begin() {
      for (const hole of holes) hole.open()
    },
    async end() {
      for (const hole of holes) hole.close()
    },
  })
}

const nothing = { detour: '', [Symbol.asyncDispose]: async () => {} }
const eachBroker = async (verb: 'pause' | 'resume' | 'kill') => {
  for (const index of kafkaBrokers.keys()) await controlKafka?.(verb, index + 1)
}
const kafkaOutages: [what: string, make: () => Promise<Outage>][] = [
  ['is swallowed by the network', () => blackHoles(ports(kafkaBrokers))],
  ['hangs', async () => ({ ...nothing, begin: () => eachBroker('pause'), end: () => eachBroker('resume') })],
  ['is dead', async () => ({ ...nothing, begin: () => eachBroker('kill'), end: async () => controlKafka?.('start') })],
]
const mongodbOutages: [what: string, make: () => Promise<Outage>][] = [
  ['is swallowed by the network', () => blackHoles(ports([new URL(mongodbUri).host]))],
  [
    'hangs',
    async () => ({
      ...nothing,
      begin: async () => controlMongodb?.('pause'),
      end: async () => controlMongodb?.('resume'),
    }),
  ],
  [
    'is dead',
    async () => ({
      ...nothing,
      begin: async () => controlMongodb?.('kill'),
      end: async () => controlMongodb?.('restart'),
    }),
  ],
]

/** Resolves when a plain Kafka client has a record acknowledged. */
async function kafkaAnswers(topic: string) {
  for (;;) {
    const producer = kafkaForTests().producer({ retry: { retries: 0 } })
    try {
      await producer.connect()
      return await producer.send({ topic, acks: -1, timeout: 1000, messages: [{ value: 'plain', partition: 0 }] })
    } catch {
      await wait(20)
    } finally {
      await producer.disconnect()
    }
  }
}

describe.skipIf(!controlKafka)('while Kafka', () => {
  test.each(kafkaOutages)(
    '%s, every POST is answered within 6 s, and one is acknowledged a second after it is back',
    { timeout: 120_000 },
    async (_what, make) => {
      await using topic = await aTopic(12)
      await using outage = await make()
      const env = { KAFKA_BROKERS: kafkaBrokers.join(','), KAFKA_TOPIC: topic.name }
      await using ingest = await start('ingest', env, outage.detour)
      await untilItSucceeds('ingest', ingest)
      await outage.begin()
      try {
        expect(new Set(await askMany('ingest', ingest))).toEqual(new Set([503]))
      } finally {
        await outage.end()
      }
      await kafkaAnswers(topic.name)
      await wait(1_000)
      expect(await ask('ingest', ingest)).toBe(202)
    },
  )
})

describe.skipIf(!controlMongodb)('while MongoDB', () => {
  test.each(mongodbOutages)(
    '%s, every delivery is answered within 12 s and every GET within 6 s; both succeed a second after it is back',
    { timeout: 120_000 },
    async (_what, make) => {
      await using database = aDatabase()
      await using outage = await make()
      const env = { MONGODB_URI: mongodbUri, MONGODB_DATABASE: database.name }
      await using persist = await start('persist', env, outage.detour)
      await using query = await start('query', env, outage.detour)
      await untilItSucceeds('persist', persist)
      await untilItSucceeds('query', query)
      await outage.begin()
      try {
        const statuses = await Promise.all([askMany('persist', persist), askMany('query', query)])
        expect(new Set(statuses.flat())).toEqual(new Set([503]))
      } finally {
        await outage.end()
      }
      await database.db.command({ ping: 1 })
      await wait(1_000)
      expect(await Promise.all([ask('persist', persist), ask('query', query)])).toEqual([204, 200])
    },
  )
})
