import { createApp as createIngest } from '@activity-log/ingest/app.ts'
import { createApp as createPersist } from '@activity-log/persist/app.ts'
import { createApp as createQuery } from '@activity-log/query/app.ts'
import type { EventRecord } from '@activity-log/shared/activity-recorded.ts'
import { type DeliveryPolicy, maxPollRecords, type Send } from '@activity-log/shared/dispatch/delivery.ts'
import type { Log } from '@activity-log/shared/log.ts'
import type { Position } from '@activity-log/shared/receipt.ts'
import type { Deliveries } from './deliveries.ts'
import { createLife, type Life } from './life.ts'
import type { SimulatedStore } from './memory-store.ts'
import type { Network, Server } from './network.ts'
import { fakeBroker } from './simulated-broker.ts'
import { troubledStore } from './troubled-store.ts'
import type { World } from './world.ts'

/** Each safeguard keeps a promise in one place; a simulation without it has to find that the promise is broken. */
export const safeguards = [
  'dedupe by id',
  'commit after outcome',
  'retry on 5xx',
  'dead letter of rejected',
  'ack only after append',
  'deadline',
] as const
export type Safeguard = (typeof safeguards)[number]

/** Everything from which the processes are built. */
export type Setting = {
  world: World
  network: Network
  log: Log
  /** The contents of the disk outlive the processes. */
  store: SimulatedStore
  without: Safeguard | undefined
  /** The delivery policy for the records of ingest. */
  policy: DeliveryPolicy
}

export const deadlineMs = { ingest: 5000, persist: 10_000, query: 5000 } as const
/** Turns of the event loop take no time here, so even one millisecond is too late. */
const now = () => new Date()

export function startIngest(
  { world, log, without }: Setting,
  life: Life,
  append: (records: readonly EventRecord[]) => Promise<readonly Position[]>,
): Server {
  const broker = fakeBroker(world, life, append)
  let made = 0
  const app = createIngest({
    broker: without === 'ack only after append' ? { publish: acknowledgeAtOnce(broker.publish) } : broker,
    log,
    now,
    newId: () => `${life.name}-${++made}`,
    secondFrom: 2,
    ...(without === 'deadline' && { deadlineMs: 3_600_000 }),
  })
  return { life, fetch: (request) => app.fetch(request), deadlineMs: deadlineMs.ingest }
}

export function startPersist({ world, log, store, without }: Setting, life: Life): Server {
  const troubled = troubledStore(world, life, store)
  const app = createPersist({
    store: without === 'dead letter of rejected' ? { ...troubled, deadLetter: async () => {} } : troubled,
    log,
    now,
  })
  return { life, fetch: (request) => app.fetch(request), deadlineMs: deadlineMs.persist }
}

export function startQuery({ world, log, store }: Setting, life: Life): Server {
  const app = createQuery({ store: troubledStore(world, life, store), log, now })
  return { life, fetch: (request) => app.fetch(request), deadlineMs: deadlineMs.query }
}

/**
 * The function with which a dispatcher sends: it goes over the network to one of the servers, and notes the answers.
 */
export function sendTo(
  setting: Setting,
  { life, to, path, deliveries }: { life: Life; to: readonly Server[]; path: string; deliveries: Deliveries },
): Send {
  const { world, network } = setting
  return countingUnderWay(setting, life, maxPollRecords, async ({ headers, body }, signalOf) => {
    const signal = signalOf()
    const position = {
      partition: Number(headers['ce-knativekafkapartition']),
      offset: Number(headers['ce-knativekafkaoffset']),
    }
    const aborted = new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
    })
    const sent = network.send(life, to, { method: 'POST', path, headers, body }, true)
    try {
      const answer = await Promise.race([sent, aborted])
      world.note(`${life.name} ${path} ${position.partition}/${position.offset}: ${answer.status}`)
      deliveries.answered(position, answer.status)
      return { ...answer, body: Buffer.from(answer.body) }
    } catch (error) {
      deliveries.answered(position, 0)
      throw error
    }
  })
}

/**
 * Reports a violation when more deliveries are in flight than a dispatcher may have that takes so many records at once.
 */
export function countingUnderWay({ world }: Setting, life: Life, atOnce: number, send: Send): Send {
  const maxUnderWay = 2 * atOnce - 1
  let underWay = 0
  return async (request, signal) => {
    if (++underWay > maxUnderWay && !life.isOver()) world.violate(`${life.name} has ${underWay} deliveries in flight`)
    try {
      return await send(request, signal)
    } finally {
      underWay--
    }
  }
}

/** Breaks the promise on purpose: acknowledges before the broker has. */
function acknowledgeAtOnce(publish: (records: readonly EventRecord[]) => Promise<readonly Position[]>) {
  return async (records: readonly EventRecord[]) => {
    publish(records).catch(() => {})
    return records.map((_, offset) => ({ partition: 0, offset }))
  }
}

export const lives = () => {
  let started = 0
  return (kind: string) => createLife(`${kind}${++started}`)
}
