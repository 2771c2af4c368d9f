import { aRecord, post } from '@activity-log/shared/testing/builders.ts'
import { kafkaForTests } from '@activity-log/shared/testing/servers.ts'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Production, startProduction } from '../production.ts'
import { type Log, poisonAmongGood, postEach, postTogether, rejection, total, untilAllSettled } from './hostile.ts'
import { anyAttempts, grammarInMetadata, poisonedActivities } from './hostile-attempts.ts'
import type { PoisonedRecord } from './poisoned-records.ts'
import { poisonedRequests } from './poisoned-requests.ts'

const logOf = ({ ingest, query }: Production): Log => ({
  request: (path, init) => fetch((init?.method === 'POST' ? ingest : query) + path, init),
})

describe('over Kafka and MongoDB', () => {
  let production: Production
  let log: Log
  beforeAll(async () => {
    production = await startProduction()
    log = logOf(production)
  }, 120_000)
  afterAll(() => production?.[Symbol.asyncDispose](), 60_000)

  test('rejects hostile content and names its place, or returns it as it was sent', async () => {
    await postEach(log, poisonedActivities)
    await postEach(log, grammarInMetadata)
    const stored = [...poisonedActivities, ...grammarInMetadata].filter(
      ({ rejectedAt }) => rejectedAt === undefined,
    ).length
    for (const { headers, body, status } of poisonedRequests) {
      await rejection(await log.request('/logs', { ...post(body), headers }), status)
    }
    expect(await total(log)).toBe(stored)
  })

  test('returns any JSON as it was sent, or rejects it and names its place', async () => {
    let batch = 0
    await fc.assert(
      fc.asyncProperty(
        anyAttempts(() => `${batch++}`),
        (attempts) => postTogether(log, attempts),
      ),
      // every attempt takes long, so fast-check does not search for a smaller example
      { numRuns: 20, endOnFailure: true },
    )
  })
})

test('dead-letters poison on the topic immediately, and delivers the records behind it', async () => {
  await using production = await startProduction()
  const good = (n: number): PoisonedRecord => {
    const { headers, value } = aRecord({ id: `good-${n}` })
    return { name: 'good', headers, value: Buffer.from(value), outcome: 'stored' }
  }
  const records = poisonAmongGood(good)
  const producer = kafkaForTests().producer()
  await producer.connect()
  for (const { headers, value, key = null } of records) {
    const message = { headers, key, value: value && Buffer.from(value), partition: 3 }
    await producer.send({ topic: production.topic, messages: [message] })
  }
  await producer.disconnect()
  await untilAllSettled(logOf(production), records)
  const { source, deadLetterSource, persist } = production.parts
  expect(source.output() + deadLetterSource.output()).not.toMatch(/will be retried|gave up on/)
  expect(persist.output()).not.toMatch(/"level":(50|60)/)
})
