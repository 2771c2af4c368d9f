import { createServer } from 'node:net'
import { aDatabase, type TestDatabase } from '@activity-log/shared/testing/mongodb.ts'
import { type Running, startProgram, written } from '@activity-log/shared/testing/processes.ts'
import { aTopic, kafkaBrokers, mongodbUri, uniqueName } from '@activity-log/shared/testing/servers.ts'

export const scripts = {
  ingest: 'functions/ingest/main.ts',
  persist: 'functions/persist/main.ts',
  query: 'functions/query/main.ts',
  source: 'functions/kafka-source/main.ts',
  deadLetterSource: 'functions/kafka-source/main.ts',
} as const
export type Part = keyof typeof scripts
const parts = Object.keys(scripts) as Part[]

/** The output that shows that a part is ready; all parts are ready before anything is posted. */
const isUp = {
  ingest: /listening/,
  persist: /listening/,
  query: /listening/,
  source: /joined/,
  deadLetterSource: /joined/,
}

export type Production = AsyncDisposable & {
  ingest: string
  query: string
  topic: string
  deadLetterTopic: string
  database: TestDatabase
  parts: { [part in Part]: Running }
  /** Ends a part and starts it again on the same port. */
  restart(part: Part, signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

/** Starts the functions and the stand-in for KafkaSource as processes, over a topic and a database of their own. */
export async function startProduction(): Promise<Production> {
  const opened = new AsyncDisposableStack()
  try {
    const topic = opened.use(await aTopic(12)).name
    const deadLetterTopic = opened.use(await aTopic(1, uniqueName('dead-letters'))).name
    const database = opened.use(aDatabase())
    const [ingestPort, persistPort, queryPort] = await freePorts(3)
    const kafka = {
      KAFKA_BROKERS: kafkaBrokers.join(','),
      KAFKA_TOPIC: topic,
      KAFKA_DEAD_LETTER_TOPIC: deadLetterTopic,
    }
    const mongodb = { MONGODB_URI: mongodbUri, MONGODB_DATABASE: database.name }
    const sink = `http://localhost:${persistPort}`
    const environments: { [part in Part]: NodeJS.ProcessEnv } = {
      ingest: { PORT: `${ingestPort}`, ...kafka },
      persist: { PORT: `${persistPort}`, ...mongodb },
      query: { PORT: `${queryPort}`, ...mongodb },
      source: { SINK_URL: sink, ...kafka, KAFKA_GROUP: uniqueName('persist') },
      deadLetterSource: {
        SINK_URL: `${sink}/undelivered`,
        ...kafka,
        KAFKA_TOPIC: deadLetterTopic,
        KAFKA_GROUP: uniqueName('dead-letters'),
      },
    }
    const start = async (part: Part) => {
      const program = startProgram(scripts[part], environments[part])
      await written(program, isUp[part])
      return program
    }
    const started = await Promise.all(parts.map(async (part) => [part, await start(part)] as const))
    const running = Object.fromEntries(started) as Production['parts']
    opened.defer(async () => {
      await Promise.all(parts.map((part) => running[part][Symbol.asyncDispose]()))
    })
    return Object.assign(opened, {
      ingest: `http://localhost:${ingestPort}`,
      query: `http://localhost:${queryPort}`,
      topic,
      deadLetterTopic,
      database,
      parts: running,
      async restart(part: Part, signal: 'SIGTERM' | 'SIGKILL') {
        running[part].child.kill(signal)
        await running[part].ended
        running[part] = await start(part)
      },
    })
  } catch (error) {
    await opened.disposeAsync()
    throw error
  }
}

/**
 * These ports are below those that the operating system chooses for connections, which could take one in the meantime.
 */
const firstPort = 10_000
const ports = 22_000

/** Ports that are free now, chosen at random, so that callers at the same time choose different ones. */
export async function freePorts(count: number): Promise<number[]> {
  const free = new Set<number>()
  while (free.size < count) {
    const port = firstPort + Math.floor(Math.random() * ports)
    if (await isFree(port)) free.add(port)
  }
  return [...free]
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  const listens = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, () => resolve(true))
  })
  if (listens) await new Promise((resolve) => server.close(resolve))
  return listens
}
