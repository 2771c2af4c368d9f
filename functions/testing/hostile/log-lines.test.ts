import { join } from 'node:path'
import { createApp as createIngest } from '@activity-log/ingest/app.ts'
import { createDispatch } from '@activity-log/kafka-source/dispatch.ts'
import { createApp as createPersist } from '@activity-log/persist/app.ts'
import { createApp as createQuery } from '@activity-log/query/app.ts'
import { openEmbeddedBroker } from '@activity-log/shared/broker/embedded-broker.ts'
import { type DeliveryPolicy, deliveryPolicy } from '@activity-log/shared/dispatch/delivery.ts'
import { startDispatcher } from '@activity-log/shared/dispatch/embedded-dispatcher.ts'
import { toSourceRecord } from '@activity-log/shared/dispatch/source-record.ts'
import { checkedClock } from '@activity-log/shared/http/clock.ts'
import { listen } from '@activity-log/shared/http/serve.ts'
import type { Service } from '@activity-log/shared/http/service.ts'
import type { Log } from '@activity-log/shared/log.ts'
import { type ActivityStore, StoreUnavailable } from '@activity-log/shared/store/store.ts'
import {
  anActivity,
  aRecord,
  delivery,
  post,
  receivedAt,
  recorded,
  until,
} from '@activity-log/shared/testing/builders.ts'
import { aFolder } from '@activity-log/shared/testing/processes.ts'
import { openTestStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { describe, expect, test } from 'vitest'

const many = 50
const once = { retry: 0, backoffPolicy: 'linear', backoffDelayMs: 1, timeoutMs: 1000 } satisfies DeliveryPolicy

/** A log that counts the lines of each fact. */
function countedLog() {
  const lines = new Map<string, number>()
  const count = (_fields: object, fact: string) => void lines.set(fact, (lines.get(fact) ?? 0) + 1)
  const log: Log = { debug() {}, info: count, warn: count, error: count }
  return { log, counts: () => [...lines.values()], facts: () => [...lines.keys()] }
}

const broken = <Verb extends keyof ActivityStore>(verb: Verb, error: Error) => ({
  ...openTestStore(),
  [verb]: () => Promise.reject(error),
})
const now = () => receivedAt
const fault = new Error('a fault')
const away = new StoreUnavailable('away')

async function flood(app: Service, path: string, init: () => RequestInit = () => ({})) {
  const statuses: number[] = []
  for (let n = 0; n < many; n++) {
    const response = await app.request(path, init())
    statuses.push(response.status)
    await response.text().catch(() => {})
  }
  return statuses
}

describe('a flood of each kind of request writes one line', () => {
  test.each([
    ['a list', '/logs', 'find'],
    ['a count', '/logs?count=exact', 'count'],
    ['statistics', '/stats?by=day', 'stats'],
    ['an activity', '/logs/a', 'get'],
    ['an export', '/export?format=csv', 'findLines'],
    ['the ledger', '/ledger', 'ledger'],
    ['dead letters', '/dead-letters', 'findDeadLetters'],
    ['a page', '/', 'find'],
  ] as const)('%s, if the store fails', async (_what, path, verb) => {
    for (const error of [fault, away]) {
      const { log, counts } = countedLog()
      const app = createQuery({ store: broken(verb, error), log, now })
      const statuses = await flood(app, path)
      expect(new Set(statuses)).toEqual(new Set([error === fault ? 500 : 503]))
      expect(counts()).toContain(1)
      expect(Math.max(...counts())).toBe(1)
    }
  })

  test('exports that fail in the middle', async () => {
    const { log, counts, facts } = countedLog()
    const store = openTestStore()
    await store.save(Array.from({ length: 40 }, (_, offset) => recorded({ id: `${offset}` }, offset)))
    const app = createQuery({
      store: { ...store, findLines: (query) => (query.after ? Promise.reject(fault) : store.findLines(query)) },
      log,
      now,
    })
    await flood(app, '/export?format=ndjson')
    expect(facts()).toEqual(['an export failed'])
    expect(counts()).toEqual([1])
  })

  test('POST to ingest, if the queue fails', async () => {
    const { log, counts } = countedLog()
    const broker = { publish: () => Promise.reject(fault) }
    const app = createIngest({ broker, log, now, newId: () => 'made' })
    let n = 0
    await flood(app, '/logs', () => post(anActivity({ id: `${n++}` })))
    await flood(app, '/logs', () => post([anActivity(), anActivity()]))
    expect(counts()).toEqual([1, 1])
  })

  test('POST to ingest, if the clock is wrong', async () => {
    const { log, counts } = countedLog()
    let ms = 0
    const wrong = checkedClock(() => new Date(ms++))
    const broker = { publish: () => Promise.reject(fault) }
    await flood(createIngest({ broker, log, now: wrong, newId: () => 'made' }), '/logs', () => post(anActivity()))
    expect(counts()).toEqual([1])
  })

  test('deliveries that become dead letters', async () => {
    const { log, counts, facts } = countedLog()
    const app = createPersist({ store: openTestStore(), log, now })
    let offset = 0
    const statuses = await flood(app, '/', () => delivery(aRecord({ id: 'a', metadata: { n: offset } }), offset++))
    expect(new Set(statuses)).toEqual(new Set([204]))
    await flood(app, '/undelivered', () => delivery(aRecord(), offset++))
    expect(facts()).toEqual(['a record became a dead letter'])
    expect(counts()).toEqual([1])
  })

  test('deliveries that are refused', async () => {
    const { log, counts } = countedLog()
    await using queue = openEmbeddedBroker({ path: join(aFolder(), 'queue.db') })
    await queue.publish(Array.from({ length: many }, (_, n) => aRecord({ id: `${n}` })))
    const send = async () => ({ status: 400, body: new Uint8Array() })
    const sink = { sinkUrl: 'http://persist/', send, log }
    await using _dispatcher = startDispatcher({ queue, deadLetter: queue.deadLetter, policy: once, ...sink })
    await until(() => queue.deadLetters.read(0, many).length === many)
    await using _second = startDispatcher({ queue: queue.deadLetters, policy: deliveryPolicy, ...sink })
    await until(() => counts().length === 2)
    const source = { namespace: '', name: '', topic: 'activities' }
    const dispatch = createDispatch({ source, policy: once, deadLetters: undefined, ...sink })
    const { headers, value } = aRecord()
    for (let offset = 0; offset < many; offset++) {
      const record = toSourceRecord(0, {
        offset: `${offset}`,
        key: null,
        value: Buffer.from(value),
        headers,
        timestamp: '0',
      })
      await dispatch(record, new AbortController().signal)
    }
    expect(Math.max(...counts())).toBe(1)
  })

  test('requests over a socket that are malformed, unwelcome, or fail in the function', async () => {
    const { log, counts, facts } = countedLog()
    const failing = () => Promise.reject(fault)
    await using server = await listen({ front: failing, fetch: failing, port: 0, log })
    for (let n = 0; n < many; n++) {
      const ask = (init: RequestInit = {}) => fetch(`http://localhost:${server.port}/x${n}`, init).then((r) => r.text())
      await ask().catch(() => {})
      await ask({ headers: { origin: 'http://evil.example' } }).catch(() => {})
      await ask({ method: 'POST', body: 'x', headers: { 'content-length': '1', te: 'x' } }).catch(() => {})
    }
    expect([facts(), counts()]).toEqual([['sending an answer failed'], [1]])
  })
})
