import type { InputError } from '@activity-log/shared/checked.ts'
import { noCounts } from '@activity-log/shared/ledger-summary.ts'
import type { Position } from '@activity-log/shared/receipt.ts'
import { toReceipt } from '@activity-log/shared/receipt.ts'
import { deadLetterId } from '@activity-log/shared/store/dead-letter-id.ts'
import { type ActivityStore, StoreUnavailable } from '@activity-log/shared/store/store.ts'
import { aDeadLetter, receivedAt, recorded, silent } from '@activity-log/shared/testing/builders.ts'
import { openTestStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { describe, expect, test } from 'vitest'
import { createApp } from './app.ts'

const at = (offset: number): Position => ({ partition: 0, offset })
const receiptOf = (offset: number) => toReceipt({ position: at(offset), recordedAt: receivedAt })

function query(changes: Partial<ActivityStore> = {}) {
  const store = openTestStore()
  const clock = { now: receivedAt.getTime() }
  const stopping = new AbortController()
  const now = () => new Date(clock.now)
  const app = createApp({ store: { ...store, ...changes }, log: silent, now, stopping: stopping.signal })
  const get = async (path: string, init?: RequestInit): Promise<{ [member: string]: unknown }> => {
    const response = await app.request(path, init)
    return { ...((await response.json()) as Record<string, unknown>), code: response.status }
  }
  return { app, store, get, clock, stopping }
}

describe('GET /receipts', () => {
  test('shows the outcome of a record, with links to its activity and dead letter', async () => {
    const { store, get } = query()
    await store.save([recorded({ id: 'a/b' }, 0), recorded({ id: 'a/b' }, 1)])
    await store.deadLetter([
      aDeadLetter({ position: at(2), reason: 'conflict', activityId: 'a/b', recordedAt: receivedAt }),
      aDeadLetter({ position: at(3), activityId: 'never', recordedAt: receivedAt }),
    ])
    const activity = '/logs/a%2Fb'
    const deadLetter = expect.stringMatching(/^\/dead-letters\/[\da-f]{32}$/)
    const outcomes = await Promise.all([0, 1, 2, 3].map((offset) => get(`/receipts/${receiptOf(offset)}`)))
    expect(outcomes).toEqual([
      { code: 200, status: 'stored', id: 'a/b', position: at(0), links: { activity } },
      { code: 200, status: 'duplicate', id: 'a/b', position: at(1), links: { activity } },
      { code: 200, status: 'conflict', id: 'a/b', position: at(2), links: { activity, deadLetter } },
      { code: 200, status: 'rejected', id: 'never', position: at(3), links: { deadLetter } },
    ])
  })

  test('follows a replay, even if only the dead letter knows of it', async () => {
    const { store, get } = query()
    const letter = aDeadLetter({ reason: 'undelivered', activityId: 'a', recordedAt: receivedAt })
    const deadLetter = deadLetterId(letter)
    await store.deadLetter([letter])
    await store.account([{ position: at(5), outcome: 'rejected', tenant: 'default', activityId: 'a', deadLetter }])
    expect(await get(`/receipts/${receiptOf(5)}`)).toMatchObject({ status: 'rejected' })
    await store.resolve('default', deadLetter, { state: 'replayed', outcome: 'stored', at: receivedAt })
    const links = { activity: '/logs/a', deadLetter: `/dead-letters/${deadLetter}` }
    expect(await get(`/receipts/${receiptOf(5)}`)).toMatchObject({ status: 'stored', id: 'a', links })
  })

  test('is pending for a record that is in flight, and for one of another tenant', async () => {
    const { store, get } = query()
    await store.save([recorded({ id: 'theirs' }, 0, 'other')])
    const pending = { code: 200, status: 'pending', links: {} }
    expect(await get(`/receipts/${receiptOf(7)}`)).toEqual({ ...pending, position: at(7) })
    expect(await get(`/receipts/${receiptOf(0)}`)).toEqual({ ...pending, position: at(0) })
  })

  test('is expired, and never pending, for one that is counted, but no longer known', async () => {
    const { store, get } = query()
    await store.save([recorded({ id: 'a' }, 2)])
    await store.abandon(0, 2)
    const receipt = toReceipt({ position: at(1), recordedAt: new Date('2024-01-01') })
    const expired = { status: 'expired', position: at(1), links: {} }
    expect(await get(`/receipts/${receipt}?wait=30`)).toEqual({ code: 200, ...expired })
    const sent = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify([receipt]) }
    expect(await get('/receipts?wait=30', sent)).toEqual({ code: 200, results: [{ receipt, ...expired }] })
  })

  test('waits for the record', async () => {
    const { store, get } = query()
    const waiting = get(`/receipts/${receiptOf(0)}?wait=30`)
    await store.save([recorded({ id: 'a' }, 0)])
    expect(await waiting).toMatchObject({ status: 'stored', id: 'a' })
  })

  test('stops waiting after the given time, and when the client goes away or the process stops', async () => {
    const { get, stopping } = query()
    expect(await get(`/receipts/${receiptOf(0)}?wait=1`)).toMatchObject({ status: 'pending' })
    const gone = new AbortController()
    const waiting = [
      get(`/receipts/${receiptOf(0)}?wait=30`, { signal: gone.signal }),
      get(`/receipts/${receiptOf(0)}?wait=30`),
    ]
    gone.abort()
    stopping.abort()
    expect(await Promise.all(waiting)).toMatchObject([{ status: 'pending' }, { status: 'pending' }])
  })

  test.each([
    ['a malformed receipt', '/receipts/hello', 'receipt'],
    ['a wait of zero', `/receipts/${receiptOf(0)}?wait=0`, 'wait'],
    ['a wait that is too long', `/receipts/${receiptOf(0)}?wait=31`, 'wait'],
    ['another parameter', `/receipts/${receiptOf(0)}?limit=1`, 'limit'],
  ])('rejects %s', async (_what, path, pointer) => {
    const { get } = query()
    expect(await get(path)).toMatchObject({ code: 400, errors: [{ pointer }] })
  })

  test('answers 503 while the store is unavailable', async () => {
    const { get } = query({ outcome: () => Promise.reject(new StoreUnavailable('away')) })
    expect(await get(`/receipts/${receiptOf(0)}`)).toMatchObject({ code: 503 })
  })
})

describe('GET /logs with a receipt', () => {
  test('answers once the record is in the list', async () => {
    const { store, get } = query()
    const waiting = get(`/logs?receipt=${receiptOf(0)}&wait=30&limit=1`)
    await store.save([recorded({ id: 'a' }, 0), recorded({ id: 'b' }, 1)])
    const answer: Record<string, unknown> = await waiting
    expect(answer).toMatchObject({ code: 200, total: 2, receipt: { status: 'stored', id: 'a' } })
    expect(answer['next']).not.toMatch(/receipt|wait/)
  })

  test('answers 504 when the record is not there in time', async () => {
    const { get } = query()
    expect(await get(`/logs?receipt=${receiptOf(0)}`)).toMatchObject({ code: 504 })
    expect(await get(`/logs?receipt=${receiptOf(0)}&wait=1`)).toMatchObject({ code: 504 })
  })

  test('rejects a wait without a receipt, and a malformed receipt', async () => {
    const { get } = query()
    expect(await get('/logs?wait=5')).toMatchObject({ code: 400, errors: [{ pointer: 'wait' }] })
    expect(await get('/logs?receipt=x&wait=5')).toMatchObject({ code: 400, errors: [{ pointer: 'receipt' }] })
  })
})

describe('GET /ledger', () => {
  test('shows what is known and what is missing, partition by partition', async () => {
    const { store, get } = query()
    await store.save([recorded({ id: 'a' }, 0), recorded({ id: 'b' }, 1), recorded({ id: 'a' }, 3)])
    const counts = { ...noCounts, stored: 2, duplicate: 1 }
    const partition = { partition: 0, first: 0, last: 3, completeThrough: 1, counts, abandoned: 0 }
    expect(await get('/ledger')).toEqual({
      code: 200,
      complete: false,
      completeThrough: '2025-12-31T23:59:45.000Z',
      partitions: [{ ...partition, missing: [{ from: 2, to: 2 }], missingCount: 1 }],
    })
    await store.deadLetter([aDeadLetter({ position: at(2) })])
    expect(await get('/ledger')).toMatchObject({ complete: true, partitions: [{ completeThrough: 3, missing: [] }] })
  })

  test('is empty at first, and complete', async () => {
    expect(await query().get('/ledger')).toEqual({ code: 200, complete: true, completeThrough: null, partitions: [] })
  })

  test('takes no parameters', async () => {
    expect(await query().get('/ledger?limit=1')).toMatchObject({ code: 400 })
  })
})

describe('every list names the time through which it is complete', () => {
  test('and reads the ledger at most once a second', async () => {
    let reads = 0
    const store = openTestStore()
    const ledger = () => {
      reads++
      return store.ledger()
    }
    const { get, clock } = query({ ledger: ledger })
    await Promise.all([get('/logs'), get('/logs'), get('/logs')])
    expect(reads).toBe(1)
    await store.save([recorded({}, 0)])
    clock.now += 1000
    expect(await get('/logs')).toMatchObject({ completeThrough: receivedAt.toISOString() })
    clock.now -= 10_000
    await get('/logs')
    expect(reads).toBe(3)
  })

  test('but does not wait for a slow ledger: it uses the last reading', async () => {
    const store = openTestStore()
    let reads = 0
    let answer = store.ledger
    const { get, clock } = query({
      ledger: () => {
        reads++
        return answer()
      },
    })
    await store.save([recorded({}, 0)])
    await get('/logs')
    clock.now += 1000
    const slow = Promise.withResolvers<Awaited<ReturnType<typeof answer>>>()
    answer = () => slow.promise
    expect(await get('/logs')).toMatchObject({ code: 200 })
    expect(await get('/logs')).toMatchObject({ code: 200 })
    expect(reads).toBe(2)
    slow.resolve({ partitions: [], completeThrough: new Date(0) })
    expect(await get('/logs')).toMatchObject({ completeThrough: '1970-01-01T00:00:00.000Z' })
  })

  test('but does not fail when that time is unknown', async () => {
    const { get } = query({ ledger: () => Promise.reject(new StoreUnavailable('too many')) })
    expect(await get('/logs')).toMatchObject({ code: 200, completeThrough: null })
  })
})

describe('POST /receipts', () => {
  const receipts = (...offsets: number[]) => offsets.map(receiptOf)
  const ask = (body: unknown): RequestInit => ({
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })

  test('answers the outcome of each record, in order', async () => {
    const { store, get } = query()
    await store.save([recorded({ id: 'a' }, 0), recorded({ id: 'a' }, 1)])
    const sent = receipts(1, 7, 0)
    for (const body of [{ receipts: sent }, sent]) {
      expect(await get('/receipts', ask(body))).toEqual({
        code: 200,
        results: [
          { receipt: sent[0], status: 'duplicate', id: 'a', position: at(1), links: { activity: '/logs/a' } },
          { receipt: sent[1], status: 'pending', position: at(7), links: {} },
          { receipt: sent[2], status: 'stored', id: 'a', position: at(0), links: { activity: '/logs/a' } },
        ],
      })
    }
  })

  test('waits until all are known, and ends when the time is over or the process stops', async () => {
    const { store, get, stopping } = query()
    const statuses = async (asked: ReturnType<typeof get>) =>
      ((await asked)['results'] as { status: string }[]).map(({ status }) => status)
    const all = statuses(get('/receipts?wait=30', ask(receipts(0, 1))))
    await store.save([recorded({ id: 'a' }, 0)])
    await store.save([recorded({ id: 'b' }, 1)])
    expect(await all).toEqual(['stored', 'stored'])
    expect(await statuses(get('/receipts?wait=1', ask(receipts(0, 2))))).toEqual(['stored', 'pending'])
    const waiting = statuses(get('/receipts?wait=30', ask(receipts(2, 3))))
    stopping.abort()
    expect(await waiting).toEqual(['pending', 'pending'])
  })

  test('knows what is stored meanwhile, although the one that it waits for is not', async () => {
    let known = false
    const { get } = query({
      async outcome({ position }, untilAborted) {
        if (position.offset === 0 && known) return { outcome: 'stored', tenant: 'default', activityId: 'a' }
        // the first one is stored while the second one is waited for
        if (untilAborted) known = true
        return undefined
      },
    })
    const answer = await get('/receipts?wait=1', ask(receipts(0, 1)))
    expect(answer).toMatchObject({ results: [{ status: 'stored', id: 'a' }, { status: 'pending' }] })
  })

  test('takes 1,000 at once', async () => {
    const { get } = query()
    const thousand = Array.from({ length: 1000 }, (_, offset) => receiptOf(offset))
    expect((await get('/receipts', ask(thousand)))['results']).toHaveLength(1000)
  })

  test('does not read and look up several large requests in one turn of the event loop', async () => {
    const { app } = query()
    const body = Buffer.from(JSON.stringify(Array.from({ length: 1000 }, (_, offset) => receiptOf(offset))))
    let turn = 0
    let counter = setImmediate(function count() {
      turn++
      counter = setImmediate(count)
    })
    const turns = await Promise.all(
      Array.from({ length: 5 }, () => app.call('POST', '/receipts', { headers: {}, body }).then(() => turn)),
    )
    clearImmediate(counter)
    expect(new Set(turns).size).toBe(5)
  })

  const noReceipt = 'is not a receipt of this log'
  test.each<[string, unknown, { [pointer: string]: string }]>([
    ['nothing', [], { '': 'must hold at least one receipt' }],
    ['an object without receipts', {}, { '/receipts': 'is required' }],
    ['more than 1,000', Array(1001).fill(receiptOf(0)), { '': 'must hold at most 1000 receipts' }],
    [
      'what is no receipt',
      { receipts: [receiptOf(0), 'x', 1] },
      { '/receipts/1': noReceipt, '/receipts/2': 'must be text' },
    ],
    [
      'another member',
      { receipts: receipts(0), wait: 1 },
      { '/wait': 'is not a known member; the only one is receipts' },
    ],
    ['an array with what is no receipt', ['x', null], { '/0': noReceipt, '/1': 'must be text' }],
    ['text', 'x', { '': 'must be an object: {"receipts": […]}' }],
  ])('rejects %s', async (_what, body, expected) => {
    const { get } = query()
    const { code, errors = [] } = (await get('/receipts', ask(body))) as { code: number; errors?: InputError[] }
    expect([code, Object.fromEntries(errors.map(({ pointer, detail }) => [pointer, detail]))]).toEqual([400, expected])
  })

  test('rejects an unknown parameter and a wrong wait', async () => {
    const { get } = query()
    expect((await get('/receipts?wait=0', ask(receipts(0))))['code']).toBe(400)
    expect((await get('/receipts?x=1', ask(receipts(0))))['code']).toBe(400)
  })
})
