import { silent } from '@activity-log/shared/testing/builders.ts'
import type { Kafka } from 'kafkajs'
import { expect, test } from 'vitest'
import { openInFlight } from './in-flight.ts'
import { startSession } from './session.ts'

/** A consumer that joins at once, and stops itself as one that crashes does, before it says that it has crashed. */
function aConsumer() {
  const listeners = new Map<string, (event: object) => void>()
  let disconnects = 0
  const consumer = {
    events: { GROUP_JOIN: 'group_join', STOP: 'stop', CRASH: 'crash' },
    on: (event: string, listener: (event: object) => void) => listeners.set(event, listener),
    connect: async () => {},
    subscribe: async () => {},
    run: async () => listeners.get('group_join')?.({ payload: { memberAssignment: { t: [0] } } }),
    resume: () => {},
    pause: () => {
      throw new Error('Consumer group was not initialized')
    },
    disconnect: async () => {
      disconnects++
    },
  }
  const kafka = { consumer: () => consumer } as unknown as Kafka
  return { kafka, stop: () => listeners.get('stop')?.({}), disconnects: () => disconnects }
}

test('a session whose consumer has stopped by itself ends, and leaves no timer', async () => {
  const { kafka, stop, disconnects } = aConsumer()
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  const inFlight = openInFlight()
  const dispatch = async () => {}
  const options = { topic: 't', group: 'g', ordering: 'unordered', commitEveryMs: 1000, log: silent } as const
  const session = startSession({ kafka, dispatch, inFlight, ...options })
  await session.joined
  stop()
  await session[Symbol.asyncDispose]()
  expect(disconnects()).toBe(1)
  expect(timers()).toBe(before)
})
