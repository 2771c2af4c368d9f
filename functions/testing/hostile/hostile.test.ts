import { join } from 'node:path'
import { openEmbedded } from '@activity-log/local/embedded-log.ts'
import { openEmbeddedBroker } from '@activity-log/shared/broker/embedded-broker.ts'
import { aRecord, post, silent } from '@activity-log/shared/testing/builders.ts'
import { jsonGrammar } from '@activity-log/shared/testing/json-grammar.ts'
import { aFolder } from '@activity-log/shared/testing/processes.ts'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Log, poisonAmongGood, postEach, postTogether, rejection, total, untilAllSettled } from './hostile.ts'
import { anyAttempts, grammarInMetadata, poisonedActivities } from './hostile-attempts.ts'
import { poisonedNames } from './poisoned-names.ts'
import type { PoisonedRecord } from './poisoned-records.ts'
import { poisonedRequests } from './poisoned-requests.ts'

type Embedded = Log & AsyncDisposable

async function embedded(options: Partial<Parameters<typeof openEmbedded>[0]> = {}): Promise<Embedded> {
  const opened = await openEmbedded({ folder: aFolder(), log: silent, ...options })
  return Object.assign(opened, {
    request: async (path: string, init?: RequestInit) => opened.fetch(new Request(`http://localhost${path}`, init)),
  })
}

describe('rejects hostile content and names its place, or returns it as it was sent', () => {
  let log: Embedded
  beforeAll(async () => {
    log = await embedded()
  })
  afterAll(() => log[Symbol.asyncDispose]())

  test('one by one', async () => {
    await postEach(log, poisonedActivities)
    expect(await total(log)).toBe(poisonedActivities.filter(({ rejectedAt }) => rejectedAt === undefined).length)
  })

  test('and finds each name by its own filter only', async () => {
    for (const [n, name] of poisonedNames.entries()) {
      const byUser = await log.request(`/logs?userId=${encodeURIComponent(name)}`)
      const { data } = (await byUser.json()) as { data: { id: string }[] }
      expect(
        data.map(({ id }) => id),
        name,
      ).toEqual([`name-${n}`])
    }
  })

  test.each(poisonedRequests)('$name', async ({ headers, body, status }) => {
    const before = await total(log)
    await rejection(await log.request('/logs', { ...post(body), headers }), status)
    expect(await total(log)).toBe(before)
  })
})

describe("JSON's grammar at its edges", () => {
  test('as a member of metadata', async () => {
    await using log = await embedded()
    await postEach(log, grammarInMetadata)
  })

  test('as a body, which is never an activity', async () => {
    await using log = await embedded()
    for (const text of Object.values(jsonGrammar).flat()) await rejection(await log.request('/logs', post(text)), 400)
    expect(await total(log)).toBe(0)
  })
})

test('returns any JSON as it was sent, or rejects it and names its place', async () => {
  await using log = await embedded()
  let batch = 0
  await fc.assert(
    fc.asyncProperty(
      anyAttempts(() => `${batch++}`),
      (attempts) => postTogether(log, attempts),
    ),
    { numRuns: 20 },
  )
})

test('dead-letters poison in the queue immediately, and delivers the records behind it', async () => {
  const folder = aFolder()
  const good = (n: number): PoisonedRecord => {
    const { headers, value } = aRecord({ id: `good-${n}` })
    return { name: 'good', headers, value: Buffer.from(value), outcome: 'stored' }
  }
  const records = poisonAmongGood(good)
  {
    await using queue = openEmbeddedBroker({ path: join(folder, 'queue.db') })
    await queue.publish(records.map(({ headers, value }) => ({ headers, value: (value ?? Buffer.alloc(0)) as never })))
  }
  const troubles: unknown[] = []
  const note = (_fields: object, message?: string) => {
    if (/retried|failed/.test(message ?? '')) troubles.push([message, _fields])
  }
  await using log = await embedded({ folder, log: { ...silent, info: note, error: (fields) => troubles.push(fields) } })
  await untilAllSettled(log, records)
  expect(troubles).toEqual([])
  const ledger = (await (await log.request('/ledger')).json()) as object
  expect(ledger).toMatchObject({ complete: true, partitions: [{ last: records.length - 1, missingCount: 0 }] })
})
