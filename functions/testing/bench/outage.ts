import { setTimeout as wait } from 'node:timers/promises'
import { StartError } from '@activity-log/shared/config.ts'
import { anActivity, post } from '@activity-log/shared/testing/builders.ts'
import { aTopic, controlKafka, kafkaBrokers } from '@activity-log/shared/testing/servers.ts'
import { Kafka, logLevel } from 'kafkajs'
import { type Comparison, interleaved } from './compare-rounds.ts'
import { connected } from './idle.ts'
import { asImages, asPlain, type Start } from './programs.ts'

const everyMs = 20
const healthyMs = 3_000
const outageMs = 20_000
/** A real client would give up before this. */
const timeoutMs = 60_000
const partitions = 6

type Outage = {
  /** The time from the end of the last broker to the first answer other than 202. */
  firstErrorS: number
  longestAnswerS: number
  /** The time from when all partitions accept records again to the first 202; 0 if the 202 came first. */
  firstAcceptedS: number
}

/** Kills all brokers for 20 s, under 50 requests a second. */
export async function measureOutage({ rounds }: { rounds: number }): Promise<Comparison[]> {
  const control = controlKafka
  if (!control) throw new StartError('Set KAFKA_CONTROL to a command that stops and starts Kafka.')
  const [ours, plain] = [(await asImages()).start('ingest'), asPlain().start('ingest')]
  const measured = await interleaved({ ours: () => during(ours, control), plain: () => during(plain, control) }, rounds)
  const numbers = (member: keyof Outage) => ({
    ours: measured.ours.map((outage) => outage[member]),
    theirs: measured.plain.map((outage) => outage[member]),
  })
  const against = (what: string, member: keyof Outage): Comparison => ({
    what: `Kafka down for 20 s: ${what}, s`,
    against: 'unmodified kafkajs',
    ...numbers(member),
  })
  const within = (what: string, member: keyof Outage, limitS: number): Comparison => {
    const theirs = measured.ours.map(() => limitS)
    return { ...against(what, member), against: 'the limit', target: { max: 1 }, theirs }
  }
  return [
    within('from the outage to the first 503', 'firstErrorS', 1),
    against('from the outage to the first 503', 'firstErrorS'),
    against('the longest answer', 'longestAnswerS'),
    within('from its return to the first 202', 'firstAcceptedS', 0.3),
  ]
}

async function during(start: Start, control: NonNullable<typeof controlKafka>): Promise<Outage> {
  await using topic = await aTopic(partitions)
  await using server = await connected(start, topic.name)
  const answers: { at: number; tookMs: number; status: number }[] = []
  const underWay = new Set<Promise<void>>()
  const send = async () => {
    const sentAt = performance.now()
    const init = { ...post(anActivity({ id: `sent-${sentAt}` })), signal: AbortSignal.timeout(timeoutMs) }
    const answer = await fetch(server.url, init).catch(() => undefined)
    await answer?.arrayBuffer().catch(() => {})
    const at = performance.now()
    answers.push({ at, tookMs: at - sentAt, status: answer?.status ?? 0 })
  }
  const sending = setInterval(() => {
    const one = send().finally(() => underWay.delete(one))
    underWay.add(one)
  }, everyMs)

  await wait(healthyMs)
  await Promise.all(kafkaBrokers.map((_broker, index) => control('kill', index + 1)))
  const goneAt = performance.now()
  await wait(outageMs)
  const startedAt = performance.now()
  const returning = untilSent(topic.name)
  await control('start')
  const backAt = await returning
  const accepted = () => answers.find(({ at, status }) => at > startedAt && status === 202)
  while (!accepted() && performance.now() - backAt < timeoutMs) await wait(everyMs)
  clearInterval(sending)
  await Promise.all(underWay)

  const error = answers.find(({ at, status }) => at > goneAt && status !== 202)
  return {
    firstErrorS: ((error?.at ?? Number.NaN) - goneAt) / 1000,
    longestAnswerS: Math.max(...answers.map(({ tookMs }) => tookMs)) / 1000,
    firstAcceptedS: Math.max(0, (accepted()?.at ?? Number.NaN) - backAt) / 1000,
  }
}

/** The time at which a producer that reconnects for each attempt gets a record acknowledged by every partition. */
async function untilSent(topic: string): Promise<number> {
  for (;;) {
    const retry = { retries: 0 }
    const kafka = new Kafka({ brokers: [...kafkaBrokers], logLevel: logLevel.NOTHING, connectionTimeout: 500, retry })
    const producer = kafka.producer({ retry })
    try {
      await producer.connect()
      const messages = Array.from({ length: partitions }, (_, partition) => ({ partition, value: 'back' }))
      await producer.send({ topic, messages, timeout: 1_000 })
      return performance.now()
    } catch {
      await wait(everyMs)
    } finally {
      await producer.disconnect().catch(() => {})
    }
  }
}
