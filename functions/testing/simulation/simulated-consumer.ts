import type { Kafka } from 'kafkajs'
import { type Group, GroupError, type MemberOf } from './group.ts'
import type { Life } from './life.ts'
import type { AppendedRecord, Topic } from './topic.ts'
import type { World } from './world.ts'

/** One connection: messages arrive in the order in which they were sent. It may be closed for a while. */
export type Link = { closedUntil: number }

export type FakeKafkaOptions = { world: World; life: Life; topic: Topic; group: Group; link: Link }

const heartbeatMs = 3000
const retries = 8

const events = {
  GROUP_JOIN: 'consumer.group_join',
  REBALANCING: 'consumer.rebalancing',
  END_BATCH_PROCESS: 'consumer.end_batch_process',
  HEARTBEAT: 'consumer.heartbeat',
  STOP: 'consumer.stop',
  CRASH: 'consumer.crash',
} as const

type EachBatch = (payload: object) => Promise<void>
type TopicOffset = { partition: number; offset: string }

/**
 * The part of kafkajs's consumer that the stand-in for KafkaSource uses. It behaves as kafkajs's runner, worker and
 * consumer group do: it takes batch after batch, sends a heartbeat after each, and the resolved offsets decide where
 * the next fetch starts.
 */
export function fakeKafka({ world, life, topic, group, link }: FakeKafkaOptions): Kafka {
  const { random, now, after, note, rates } = world
  let lastArrival = 0

  /** A request to the broker and its answer. */
  function call<Value>(work: () => Value | Promise<Value>): Promise<Value> {
    const arrival = Math.max(now() + random.between(0, rates.maxMs), link.closedUntil, lastArrival)
    lastArrival = arrival
    return life.ask(async () => {
      await after(arrival - now())
      if (life.isOver()) throw new Error('the connection is gone')
      if (random.chance(rates.consumerFailure)) throw new Error('the connection was reset')
      const value = await work()
      await after(Math.max(random.between(0, rates.maxMs), link.closedUntil - now()))
      return value
    })
  }

  function consumer({ maxWaitTimeInMs: maxWaitMs = 500 }) {
    const listeners = new Map<string, (event: { payload: object }) => void>()
    const emit = (name: string, payload: object = {}) => listeners.get(name)?.({ payload })
    const next = new Map<number, number>()
    const seeks = new Map<number, number>()
    const paused = new Set<number>()
    let membership: MemberOf | undefined
    let eachBatch: EachBatch = async () => {}
    let lastHeartbeat = 0
    let isRunning = false
    let ended: Promise<unknown> = Promise.resolve()

    async function join() {
      membership = await call(() => group.join(membership?.memberId))
      const offsets = await call(() =>
        membership?.partitions.map((number) => [number, group.committed(number)] as const),
      )
      next.clear()
      seeks.clear()
      for (const [number, offset] of offsets ?? []) next.set(number, offset)
      lastHeartbeat = now()
      const memberAssignment = { [topic.name]: membership.partitions }
      emit(events.GROUP_JOIN, { memberAssignment })
    }

    async function heartbeat() {
      const { memberId, generation } = membership as MemberOf
      if (now() - lastHeartbeat < heartbeatMs) return
      await call(() => group.heartbeat(memberId, generation))
      lastHeartbeat = now()
      emit(events.HEARTBEAT)
    }

    async function fetchAndHandle() {
      for (const [number, offset] of seeks) next.set(number, offset)
      seeks.clear()
      const wanted = [...next.keys()].filter((number) => !paused.has(number))
      if (wanted.length === 0) {
        await after(maxWaitMs)
        return heartbeat()
      }
      const max = random.pick([1, 10, 120])
      const read = () =>
        wanted.flatMap((number) => {
          const batch = topic.read(number, next.get(number) ?? 0, max)
          return batch ? [{ number, ...batch }] : []
        })
      const batches = await call(async () => {
        if (read().length === 0) await Promise.race([topic.appended(), after(maxWaitMs)])
        return read()
      })
      if (batches.length === 0) return heartbeat()
      for (const batch of batches) {
        if (!isRunning) return
        if (seeks.has(batch.number) || paused.has(batch.number)) continue
        await handle(batch)
        await heartbeat()
      }
    }

    async function handle(batch: { number: number; records: readonly AppendedRecord[]; lastOffset: number }) {
      const { number, records, lastOffset } = batch
      const lastRecord = records.at(-1)?.offset
      const resolve = (offset: number) => next.set(number, (offset === lastRecord ? lastOffset : offset) + 1)
      if (records.length === 0) next.set(number, lastOffset + 1)
      else {
        await eachBatch({
          batch: { partition: number, messages: records.map(toMessage), lastOffset: () => String(lastOffset) },
          heartbeat,
          resolveOffset: (offset: string) => resolve(Number(offset)),
          isRunning: () => isRunning,
          isStale: () => seeks.has(number),
        })
      }
      const payload = { partition: number, batchSize: records.length, lastOffset: String(lastOffset) }
      emit(events.END_BATCH_PROCESS, payload)
    }

    /** Resolves with an error that it cannot recover from, or with undefined when it has been stopped. */
    async function consume(): Promise<Error | undefined> {
      let failures = 0
      let mustJoin = true
      while (isRunning) {
        try {
          if (mustJoin) await join()
          mustJoin = false
          await fetchAndHandle()
          failures = 0
        } catch (error) {
          const type = error instanceof GroupError ? error.type : undefined
          note(`${life.name} ${membership?.memberId}: ${(error as Error).message}`)
          if (type === 'REBALANCE_IN_PROGRESS') emit(events.REBALANCING)
          if (type === 'UNKNOWN_MEMBER_ID') membership = undefined
          mustJoin ||= type === 'REBALANCE_IN_PROGRESS' || type === 'UNKNOWN_MEMBER_ID'
          if (++failures > retries) return error as Error
          if (!mustJoin) await after(100 * failures)
        }
      }
      return undefined
    }

    async function leave() {
      isRunning = false
      const { memberId } = membership ?? {}
      if (memberId) await call(() => group.leave(memberId)).catch(() => {})
      membership = undefined
      emit(events.STOP)
    }

    return {
      events,
      on: (name: string, listener: (event: { payload: object }) => void) => void listeners.set(name, listener),
      connect: () => call(() => {}),
      subscribe: async () => {},
      async run(options: { eachBatch: EachBatch }) {
        eachBatch = options.eachBatch
        isRunning = true
        ended = consume().then(async (error) => {
          if (!error) return
          await leave()
          emit(events.CRASH, { error })
        })
      },
      async commitOffsets(offsets: readonly TopicOffset[]) {
        for (let attempt = 1; isRunning && membership; attempt++) {
          const { memberId, generation } = membership
          const said = new Map(offsets.map(({ partition, offset }) => [partition, Number(offset)]))
          try {
            return await call(() => group.commit(memberId, generation, said))
          } catch (error) {
            if (attempt === 3) throw error
            await after(200)
          }
        }
      },
      seek: ({ partition, offset }: TopicOffset) => void seeks.set(partition, Number(offset)),
      pause: ([{ partitions = [...next.keys()] } = {}]: { partitions?: number[] }[]) => {
        for (const number of partitions) paused.add(number)
      },
      async disconnect() {
        isRunning = false
        await ended
        if (membership) await leave()
      },
    }
  }
  return { consumer } as unknown as Kafka
}

const toMessage = ({ offset, headers, value }: AppendedRecord) => ({
  offset: String(offset),
  key: null,
  value,
  headers,
  timestamp: '1767225600000',
})
