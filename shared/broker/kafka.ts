import { setTimeout as wait } from 'node:timers/promises'
import type { EventRecord } from '../activity-recorded.ts'
import type { Log } from '../log.ts'
import { reasons } from '../reasons.ts'
import type { Position } from '../receipt.ts'
import { undefinedIfLate, within } from '../within.ts'
import type { Broker } from './broker.ts'
import { type BrokerConnection, openBrokerConnection } from './broker-connection.ts'
import type { KafkaConnection } from './kafka-config.ts'
import { isUnknownTopic, kafkaErrorKind, kafkaMistake } from './kafka-error.ts'

export type KafkaBrokerOptions = { connection: KafkaConnection; topic: string; log: Log; times?: KafkaTimes }

/** All times are in milliseconds. */
export type KafkaTimes = {
  /** How long a leader waits for its replicas before it answers that it cannot acknowledge. */
  acknowledge: number
  /**
   * If a leader has not answered after this time, the records go to another one as well, and the first answer counts.
   */
  hedgeAfter: number
  /** How long a leader that did not answer is avoided. */
  coolDown: number
  /**
   * If no broker has sent metadata after this time, all are asked again while the first requests are still in flight.
   */
  refreshAgain: number
  /** How long `publish` retries. Until Kafka has fenced a dead broker, all partitions wait for its replicas. */
  timeout: number
  /** How long a topic may be unknown at first: a cluster that has just started does not know its topics yet. */
  unknownTopic: number
  /** The maximum age of the list of partitions and leaders. */
  topology: number
}

export const kafkaTimes: KafkaTimes = {
  acknowledge: 2_500,
  hedgeAfter: 1_000,
  coolDown: 5_000,
  refreshAgain: 500,
  timeout: 4_600,
  unknownTopic: 5_000,
  topology: 300_000,
}

/** A broker that learns only from Kafka whether its configuration is right. */
export interface KafkaBroker extends Broker {
  /** Rejects with ConfigError if Kafka does not have the topic or rejects the credentials. Never resolves. */
  misconfigured: Promise<never>
}

/** Connections by the leader that they send to. */
type Connections = Map<number, BrokerConnection>
type Partition = { id: number; leader: number }
/** The partitions with their leaders, and the broker that reported them. */
type Topology = { partitions: readonly Partition[]; broker: string; seenAt: number }
/** `isLate`: the leader did not even answer that its replicas are missing. */
type Attempted =
  | { leader: number; positions: readonly Position[] }
  | { leader: number; error: unknown; isLate: boolean }

const pauseMs = 100
const maxPauseMs = 2_000
/**
 * While calls do not overlap, they stay on one partition for this long: the replicas of a leader that was just written
 * to already ask it for more, so it acknowledges sooner.
 */
const turnMs = 100

/**
 * Publishes to a topic of Kafka. All records of a call go to one partition, and calls take turns on them: kafkajs may
 * lose records that it acknowledges when a send spans several leaders, and only the records of a single partition
 * can be sent to another leader when theirs does not answer. That may store a record twice, which is harmless because
 * of its id. The broker connects in the background.
 */
export function openKafkaBroker({ connection, topic, log, times = kafkaTimes }: KafkaBrokerOptions): KafkaBroker {
  const closing = new AbortController()
  const misconfigured = Promise.withResolvers<never>()
  misconfigured.promise.catch(() => {})
  const opened = new Set<BrokerConnection>()
  /**
   * Connections that no call uses now. Calls never share connections, because one that a call closes may serve another.
   */
  const idleConnections: Connections[] = []
  const coolingUntil = new Map<number, number>()
  let topology: Topology | undefined
  let refreshing: Promise<Topology> | undefined
  let rotation = 0
  let turnEndsAt = 0
  let calls = 0

  async function publish(records: readonly EventRecord[]): Promise<readonly Position[]> {
    if (records.length === 0) return []
    const connections: Connections = idleConnections.pop() ?? new Map()
    calls++
    try {
      return await publishOver(connections, records)
    } finally {
      calls--
      idleConnections.push(connections)
    }
  }

  async function publishOver(connections: Connections, records: readonly EventRecord[]): Promise<readonly Position[]> {
    const startedAt = performance.now()
    const restMs = () => Math.max(0, startedAt + times.timeout - performance.now())
    const tried = new Set<number>()
    const inFlight = new Map<number, Promise<Attempted>>()
    /** Requests sent while brokers were down may never have reached them, so waiting for their answers is useless. */
    const reset = () => {
      for (const brokerConnection of connections.values()) close(brokerConnection)
      connections.clear()
      inFlight.clear()
      tried.clear()
    }
    let lastError: unknown

    while (restMs() > 0) {
      closing.signal.throwIfAborted()
      if (!topology) {
        await within(restMs(), refreshMetadata(), 'No broker of Kafka answered').catch((error) => {
          reset()
          throw error
        })
        continue
      }
      if (topology.seenAt + times.topology < performance.now()) refreshMetadata().catch(() => {})
      const partition = choose(topology, tried, inFlight.size > 0)
      if (partition) {
        tried.add(partition.leader)
        inFlight.set(partition.leader, attempt(connections, records, partition, topology.broker))
      } else if (inFlight.size === 0) {
        topology = undefined
        tried.clear()
        await wait(pauseMs)
        continue
      }
      let attempted = await firstOf(inFlight.values(), Math.min(times.hedgeAfter, restMs()))
      if (!attempted) {
        if (partition) coolDown(partition.leader)
        const askedAt = performance.now()
        const isHeard = refreshMetadata().then(
          () => true,
          () => false,
        )
        const next = await firstOf<Attempted | boolean>([...inFlight.values(), isHeard], restMs())
        // the refresh took long and succeeded, so all brokers were down and are back
        if (next === true && performance.now() - askedAt > times.refreshAgain) reset()
        if (typeof next !== 'object') continue
        attempted = next
      }
      inFlight.delete(attempted.leader)
      if ('positions' in attempted) return attempted.positions
      lastError = attempted.error
      const kind = kafkaErrorKind(lastError)
      if (kind === 'rejected') throw lastError
      if (kind === 'silent') coolDown(attempted.leader)
      if (attempted.isLate) reset()
      topology = undefined
    }
    reset()
    throw new Error(`Kafka did not acknowledge ${records.length} records`, { cause: lastError })
  }

  /** Chooses the next partition whose leader is untried; a leader that is cooling down only if there is no other. */
  function choose({ partitions }: Topology, tried: ReadonlySet<number>, isInFlight: boolean): Partition | undefined {
    const untried = partitions.filter(({ leader }) => leader >= 0 && !tried.has(leader))
    const now = performance.now()
    const usable = untried.filter(({ leader }) => (coolingUntil.get(leader) ?? 0) <= now)
    const candidates = usable.length > 0 || isInFlight ? usable : untried
    if (calls > 1 || tried.size > 0 || now >= turnEndsAt) {
      rotation++
      turnEndsAt = now + turnMs
    }
    return candidates[rotation % candidates.length]
  }

  async function attempt(
    connections: Connections,
    records: readonly EventRecord[],
    { id, leader }: Partition,
    broker: string,
  ): Promise<Attempted> {
    const brokerConnection = connections.get(leader) ?? open(broker)
    connections.set(leader, brokerConnection)
    const sentAt = performance.now()
    try {
      const positions = await within(times.timeout, brokerConnection.send(records, id), 'The leader did not answer')
      coolingUntil.delete(leader)
      return { leader, positions }
    } catch (error) {
      if (connections.get(leader) === brokerConnection) connections.delete(leader)
      close(brokerConnection)
      if (!closing.signal.aborted)
        log.warn({ leader, partition: id, reason: reasons(error) }, 'a leader did not acknowledge records')
      const isLate = kafkaErrorKind(error) === 'silent' && performance.now() - sentAt > times.acknowledge
      return { leader, error, isLate }
    }
  }

  function coolDown(leader: number) {
    coolingUntil.set(leader, performance.now() + times.coolDown)
  }

  /** Remembers a failure for a moment, so that a flood of requests does not open a flood of connections. */
  function refreshMetadata(): Promise<Topology> {
    if (refreshing) return refreshing
    refreshing = askAllForMetadata()
    refreshing.then(
      (found) => {
        topology = found
        refreshing = undefined
      },
      () => {
        setTimeout(() => {
          refreshing = undefined
        }, pauseMs).unref()
      },
    )
    return refreshing
  }

  /**
   * Asks all brokers at the same time and takes the first answer, so that a stuck broker delays nobody. Requests sent
   * while the network is down are lost, so the brokers are asked again until the timeout.
   */
  async function askAllForMetadata(): Promise<Topology> {
    const { promise, resolve, reject } = Promise.withResolvers<Topology>()
    let inFlight = 0
    const ask = () => {
      inFlight++
      Promise.any(connection.brokers.map(askForMetadata)).then(resolve, (error) => {
        inFlight--
        if (inFlight === 0) reject(error)
      })
    }
    const asking = setInterval(ask, times.refreshAgain)
    ask()
    try {
      return await within(times.timeout, promise, 'No broker of Kafka answered')
    } finally {
      clearInterval(asking)
    }
  }

  async function askForMetadata(broker: string): Promise<Topology> {
    const brokerConnection = open(broker)
    try {
      const seen = await within(times.timeout, brokerConnection.partitions(), 'The broker did not answer')
      const partitions = seen.map(({ partitionId, leader }) => ({ id: partitionId, leader }))
      return { partitions, broker, seenAt: performance.now() }
    } finally {
      close(brokerConnection)
    }
  }

  function open(broker: string): BrokerConnection {
    const brokerConnection = openBrokerConnection({
      connection: { ...connection, brokers: [broker] },
      topic,
      log,
      acknowledgeMs: times.acknowledge,
    })
    opened.add(brokerConnection)
    return brokerConnection
  }
  function close(brokerConnection: BrokerConnection) {
    opened.delete(brokerConnection)
    brokerConnection.close()
  }

  /** Retries until Kafka has answered once, because only Kafka can tell whether the configuration is right. */
  async function start() {
    let unknownSince: number | undefined
    for (let pause = pauseMs, warned = false; ; pause = Math.min(2 * pause, maxPauseMs)) {
      try {
        const { partitions } = await refreshMetadata()
        return log.info({ topic, partitions: partitions.length }, 'connected to Kafka')
      } catch (error) {
        // the time begins with the first answer instead of our own start, because Kafka may have started later
        unknownSince = isUnknownTopic(error) ? (unknownSince ?? performance.now()) : undefined
        const isNew = unknownSince !== undefined && performance.now() - unknownSince < times.unknownTopic
        const mistake = isNew ? undefined : kafkaMistake(error, topic)
        if (mistake) return misconfigured.reject(mistake)
        const { brokers } = connection
        const reason = reasons(error)
        if (!warned) log.warn({ brokers, reason }, 'Kafka is not available yet at KAFKA_BROKERS; retrying')
        warned = true
      }
      await wait(pause, undefined, { signal: closing.signal })
    }
  }
  start().catch((error) => {
    if (!closing.signal.aborted) throw error
  })

  return {
    publish,
    misconfigured: misconfigured.promise,
    async [Symbol.asyncDispose]() {
      closing.abort(new Error('the broker is closed'))
      for (const brokerConnection of opened) close(brokerConnection)
    },
  }
}

/** Returns undefined if no promise has settled in time. */
const firstOf = <Value>(promises: Iterable<Promise<Value>>, ms: number): Promise<Value | undefined> =>
  within(ms, Promise.race(promises), 'No leader answered').catch(undefinedIfLate)
