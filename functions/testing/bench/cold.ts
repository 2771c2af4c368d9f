import type { ImageName } from '@activity-log/image/dockerfile.ts'
import { sinkRequest } from '@activity-log/shared/dispatch/sink-request.ts'
import { openMongoStore } from '@activity-log/shared/store/mongo.ts'
import { anActivity, aRecord, recorded, silent } from '@activity-log/shared/testing/builders.ts'
import { aDatabase } from '@activity-log/shared/testing/mongodb.ts'
import { aTopic, kafkaBrokers, mongodbUri } from '@activity-log/shared/testing/servers.ts'
import { freePorts } from '../production.ts'
import { type Comparison, interleaved } from './compare-rounds.ts'
import { type FirstAnswer, type FirstRequest, firstAnswer } from './first-answer.ts'
import { asImages, asPlain, asWritten, functions, type Start } from './programs.ts'

const maxTime = { ingest: 0.55, persist: 0.6, query: 0.6 } as const
const maxMemory = 0.87

/** Measures the time from spawn to the first acknowledgment, and the memory at that moment. */
export async function measureCold({ rounds }: { rounds: number }): Promise<Comparison[]> {
  await using servers = await openServers()
  const ours = await asImages()
  const plain = asPlain()
  const rows: Comparison[] = []
  for (const name of functions) {
    const first = (start: Start, env: NodeJS.ProcessEnv) => async () => {
      const [port = 0] = await freePorts(1)
      return firstAnswer({ ...start, env: { ...start.env, ...env } }, port, servers.request(name))
    }
    const measured = await interleaved(
      {
        ours: first(ours.start(name), servers.env),
        plain: first(plain.start(name), servers.plainEnv),
        written: first(asWritten(name), servers.env),
      },
      rounds,
    )
    const row = (against: keyof typeof measured, description: string, max?: number): Comparison => ({
      what: `${name}: from spawn to the first answer, ms`,
      against: description,
      ...(max && { target: { max } }),
      ...both(measured, against, 'ms'),
    })
    rows.push(row('plain', 'the plain design', maxTime[name]), row('written', 'not bundled'), {
      what: `${name}: memory after the first answer, MiB`,
      against: 'the plain design',
      target: { max: maxMemory },
      ...both(measured, 'plain', 'residentMebibytes'),
    })
  }
  return rows
}

function both<Name extends string>(
  measured: { readonly [name in Name | 'ours']: readonly FirstAnswer[] },
  against: Name,
  member: keyof FirstAnswer,
): Pick<Comparison, 'ours' | 'theirs'> {
  const numbers = (name: Name | 'ours') => measured[name].map((answer) => answer[member])
  return { ours: numbers('ours'), theirs: numbers(against) }
}

/** The environments of both designs, and requests with new ids and positions. */
async function openServers() {
  const stack = new AsyncDisposableStack()
  const kafka = { KAFKA_BROKERS: kafkaBrokers.join(','), KAFKA_TOPIC: stack.use(await aTopic()).name }
  const [ourDatabase, plainDatabase] = [stack.use(aDatabase()), stack.use(aDatabase())]
  const stored = Array.from({ length: 500 }, (_, n) => {
    const timestamp = new Date(Date.now() - n * 60_000).toISOString()
    return recorded({ id: `stored-${n}`, userId: `user_${n % 9}`, timestamp }, n)
  })
  {
    const options = { uri: mongodbUri, database: ourDatabase.name, log: silent, migrate: { retentionDays: undefined } }
    await using store = openMongoStore(options)
    await store.save(stored)
  }
  const plain = plainDatabase.db.collection('activities')
  await plain.createIndexes([{ key: { timestamp: -1 } }, { key: { userId: 1, timestamp: -1 } }])
  await plain.insertMany(stored.map(({ activity }) => ({ ...activity })))

  let next = stored.length
  const source = { namespace: 'bench', name: 'records', topic: 'activities' }
  const requests: { readonly [name in ImageName]: () => FirstRequest } = {
    ingest: () => ({
      method: 'POST',
      path: '/logs',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(anActivity({ id: `first-${next++}` })),
      status: 202,
    }),
    persist() {
      const offset = next++
      const { headers, value } = aRecord({ id: `first-${offset}` })
      const sent = sinkRequest({ partition: 0, offset, headers, value: Buffer.from(value) }, source)
      return { method: 'POST', path: '/', headers: sent.headers, body: value, status: 204 }
    },
    query: () => ({ method: 'GET', path: '/logs?page=1&limit=10', status: 200 }),
  }
  const mongodb = (database: string) => ({ MONGODB_URI: mongodbUri, MONGODB_DATABASE: database })
  return Object.assign(stack, {
    env: { ...kafka, ...mongodb(ourDatabase.name) },
    plainEnv: { ...kafka, ...mongodb(plainDatabase.name) },
    request: (name: ImageName) => requests[name](),
  })
}
