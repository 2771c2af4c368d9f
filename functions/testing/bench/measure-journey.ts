import { answerOf, until } from '@activity-log/shared/testing/builders.ts'
import { aDatabase } from '@activity-log/shared/testing/mongodb.ts'
import { startProgram, written } from '@activity-log/shared/testing/processes.ts'
import { aTopic, kafkaBrokers, mongodbUri } from '@activity-log/shared/testing/servers.ts'
import { startProduction } from '../production.ts'
import { type Comparison, interleaved } from './compare-rounds.ts'
import type { Journey } from './journey-load.ts'

export type JourneyOptions = { rounds: number; seconds: number; rate: number }

/**
 * Measures the time from the POST until the activity is found through all functions at a fixed rate, against the plain
 * design.
 */
export async function measureJourney({ rounds, seconds, rate }: JourneyOptions): Promise<Comparison[]> {
  const measured = await interleaved(
    { ours: () => ourJourney(rate, seconds), plain: () => plainJourney(rate, seconds) },
    rounds,
  )
  const against = 'plain design'
  const row = (what: string, target: Comparison['target'], number: (journey: Journey) => number): Comparison => ({
    what: `journey, ${rate.toLocaleString('en')}/s for ${seconds} s: ${what}`,
    against,
    ...(target && { target }),
    ours: measured.ours.map(number),
    theirs: measured.plain.map(number),
  })
  return [
    row('p99 from POST until found, in ms', { max: 0.3 }, ({ p99 }) => p99),
    row('p50 from POST until found, in ms', undefined, ({ p50 }) => p50),
    row('share that is accepted', undefined, ({ sent, accepted }) => accepted / sent),
  ]
}

async function ourJourney(rate: number, seconds: number): Promise<Journey> {
  await using production = await startProduction()
  return await travel(production.ingest, production.query, rate, seconds)
}

async function plainJourney(rate: number, seconds: number): Promise<Journey> {
  await using stack = new AsyncDisposableStack()
  const env = {
    KAFKA_BROKERS: kafkaBrokers.join(','),
    KAFKA_TOPIC: stack.use(await aTopic(12)).name,
    MONGODB_URI: mongodbUri,
    MONGODB_DATABASE: stack.use(aDatabase()).name,
  }
  const start = async (name: string, isUp: RegExp) => {
    const program = stack.use(startProgram(`functions/testing/bench/plain/${name}.ts`, env))
    return written(program, isUp)
  }
  const [ingest, query] = await Promise.all([
    start('ingest', /(http:\S+)\/logs/),
    start('query', /(http:\S+)\/logs/),
    start('consumer', /joined/),
  ])
  return await travel(ingest, query, rate, seconds)
}

/** Throws unless every accepted activity is found in the end. */
async function travel(ingest: string, query: string, rate: number, seconds: number): Promise<Journey> {
  await using loading = startProgram(
    'functions/testing/bench/journey-load.ts',
    {},
    ingest,
    query,
    `${rate}`,
    `${seconds}`,
  )
  const journey = JSON.parse(await written(loading, /\{.*\}/)) as Journey
  if (journey.lost > 0) throw new Error(`${journey.lost} accepted activities were not found`)
  const total = async () => (await answerOf(await fetch(`${query}/logs?limit=1&count=exact`))).total
  await until(async () => (await total()) >= journey.accepted)
  return journey
}
