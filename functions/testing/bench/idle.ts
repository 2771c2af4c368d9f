import { setTimeout as wait } from 'node:timers/promises'
import { anActivity, post, until } from '@activity-log/shared/testing/builders.ts'
import type { Running } from '@activity-log/shared/testing/processes.ts'
import { aTopic, kafkaBrokers } from '@activity-log/shared/testing/servers.ts'
import { freePorts } from '../production.ts'
import type { Comparison } from './compare-rounds.ts'
import { serverCore, startPinned, threadSeconds } from './pinned.ts'
import { asImages, asPlain, type Start } from './programs.ts'

/** After this time, a program has also finished the work that its start leaves for later. */
const settleMs = 8_000

/** Measures the CPU time of an idle ingest that is connected to Kafka, against an unmodified producer of kafkajs. */
export async function measureIdle({ rounds, seconds }: { rounds: number; seconds: number }): Promise<Comparison[]> {
  await using topic = await aTopic()
  await using ours = await connected((await asImages()).start('ingest'), topic.name)
  await using plain = await connected(asPlain().start('ingest'), topic.name)
  await wait(settleMs)
  const used = { ours: [] as number[], theirs: [] as number[] }
  for (let round = 0; round < rounds; round++) {
    const before = [threadSeconds(ours.child.pid), threadSeconds(plain.child.pid)] as const
    await wait(seconds * 1000)
    used.ours.push((threadSeconds(ours.child.pid) - before[0]) * 1000)
    used.theirs.push((threadSeconds(plain.child.pid) - before[1]) * 1000)
  }
  const what = `ingest, idle for ${seconds} s: CPU ms`
  return [{ what, against: 'a producer of kafkajs, Express', target: { max: 0.1 }, ...used }]
}

/** Starts a process, and resolves when it has sent one record to Kafka. */
export async function connected({ command, env }: Start, topic: string): Promise<Running & { url: string }> {
  const [port] = await freePorts(1)
  const kafka = { KAFKA_BROKERS: kafkaBrokers.join(','), KAFKA_TOPIC: topic, PORT: `${port}` }
  const program = startPinned(serverCore, command, { ...env, ...kafka })
  const url = `http://127.0.0.1:${port}/logs`
  await until(() =>
    fetch(url, post(anActivity())).then(
      ({ status }) => status === 202,
      () => false,
    ),
  )
  return Object.assign(program, { url })
}
