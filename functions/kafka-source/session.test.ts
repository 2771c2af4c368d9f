import { silent } from '@activity-log/shared/testing/builders.ts'
import type { Kafka } from 'kafkajs'
import { expect, onTestFinished, test, vi } from 'vitest'
import { openInFlight } from './in-flight.ts'
import { startSession } from './session.ts'

/** A consumer that joins immediately, and stops as a crashing one does before it reports the crash. */
function aConsumer() {
  const listeners = new Map<string, (event: object) => void>()
  const commits: object[] = []
  let disconnects = 0
  let hand: (payload: object) => Promise<void>
  const consumer = {
    events: { GROUP_JOIN: 'group_join', STOP: 'stop', CRASH: 'crash' },
    on: (event: string, listener: (event: object) => void) => listeners.set(event, listener),
    connect: async () => {},
    subscribe: async () => {},
    async run({ eachBatch }: { eachBatch: typeof hand }) {
      hand = eachBatch
      listeners.get('group_join')?.({ payload: { memberAssignment: { t: [0] } } })
    },
    async commitOffsets(offsets: readonly object[]) {
      commits.push(...offsets)
    },
    pause: () => {
      throw new Error('Consumer group was not initialized')
    },
    disconnect: async () => {
      disconnects++
    },
  }
  const kafka = { consumer: () => consumer } as unknown as Kafka
  const handRecord = (offset: string) => {
    const messages = [{ offset, key: null, value: Buffer.from('{}'), headers: {}, timestamp: '0' }]
    const batch = { topic: 't', partition: 0, messages, lastOffset: () => offset }
    const others = { isRunning: () => true, isStale: () => false }
    return hand({ batch, heartbeat: async () => {}, resolveOffset: () => {}, ...others })
  }
  return { kafka, stop: () => listeners.get('stop')?.({}), disconnects: () => disconnects, commits, handRecord }
}

const options = { topic: 't', group: 'g', commitEveryMs: 1000, log: silent } as const

test('ends without leaving a timer when its consumer has stopped by itself', async () => {
  const { kafka, stop, disconnects } = aConsumer()
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  const inFlight = openInFlight()
  const dispatch = async () => {}
  const session = startSession({ kafka, dispatch, inFlight, ...options })
  await session.joined
  stop()
  await session[Symbol.asyncDispose]()
  expect(disconnects()).toBe(1)
  expect(timers()).toBe(before)
})

test('commits an offset once, and again a minute after a rebalance, which may have undone it', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const { kafka, stop, commits, handRecord } = aConsumer()
  await using session = startSession({ kafka, dispatch: async () => {}, inFlight: openInFlight(), ...options })
  await session.joined
  await handRecord('7')
  await vi.advanceTimersByTimeAsync(59_000)
  expect(commits).toEqual([{ topic: 't', partition: 0, offset: '8' }])
  await vi.advanceTimersByTimeAsync(300_000)
  expect(commits).toEqual(Array(2).fill({ topic: 't', partition: 0, offset: '8' }))
  stop()
})
