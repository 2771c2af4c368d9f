import { gzipSync } from 'node:zlib'
import { toRecord } from '@activity-log/shared/activity-recorded.ts'
import { type ActivityStore, StoreUnavailable } from '@activity-log/shared/store/store.ts'
import {
  anEvent,
  aRecord,
  deadLettersOf,
  delivery,
  post,
  receivedAt,
  silent,
} from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { describe, expect, test } from 'vitest'
import { createApp } from './app.ts'

const now = () => new Date('2026-02-01T00:00:00Z')
const ours = aRecord({ id: 'a' })
const withoutUser = { ...ours, value: '{"id":"a","action":"x","timestamp":"2024-01-15T10:00:00Z"}' }
const corrected = { userId: 'ann', action: 'x', timestamp: '2024-01-15T10:00:00Z' }

async function persist(changes: Partial<ActivityStore> = {}, store = openMemoryStore()) {
  const app = createApp({ store: { ...store, ...changes }, log: silent, now })
  const ask = async (path: string, init: RequestInit = {}) => {
    const response = await app.request(path, init)
    const body = await response.text()
    return { status: response.status, ...(body && (JSON.parse(body) as Record<string, unknown>)) }
  }
  const letter = async () => (await deadLettersOf(store))[0]!
  const replay = async (body?: unknown) =>
    ask(`/dead-letters/${(await letter()).id}/replay`, body === undefined ? { method: 'POST' } : post(body))
  const discard = async (body?: unknown) =>
    ask(`/dead-letters/${(await letter()).id}`, { ...post(body ?? ''), method: 'DELETE' })
  const found = async () =>
    (await store.find({ filter: { tenant: 'default' }, order: 'asc', limit: 10 })).map(({ activity }) => activity)
  const outcome = (offset: number) => store.outcome({ position: { partition: 0, offset }, recordedAt: receivedAt })
  return { store, app, ask, letter, replay, discard, found, outcome }
}

describe('replay', () => {
  test('saves a corrected activity with the same id and time of receipt', async () => {
    const { app, replay, letter, found, outcome } = await persist()
    await app.request('/', delivery(withoutUser, 4))
    const { id } = await letter()
    expect(await replay(corrected)).toEqual({
      status: 200,
      id,
      outcome: 'stored',
      links: { activity: '/logs/a', deadLetter: `/dead-letters/${id}` },
    })
    expect(await found()).toEqual([{ id: 'a', ...corrected, recordedAt: receivedAt.toISOString() }])
    expect(await letter()).toHaveProperty('resolution', { state: 'replayed', outcome: 'stored', at: now() })
    expect(await outcome(4)).toMatchObject({ outcome: 'stored' })
  })

  test('is idempotent and repeats its answer', async () => {
    const { app, replay, letter, found } = await persist()
    await app.request('/', delivery(withoutUser, 4))
    const first = await replay(corrected)
    const before = [await letter(), await found()]
    expect(await replay(corrected)).toEqual(first)
    expect([await letter(), await found()]).toEqual(before)
  })

  test('without a correction is rejected again, and counts the attempt', async () => {
    const { app, replay, letter, found } = await persist()
    await app.request('/', delivery(withoutUser, 4))
    expect(await replay()).toMatchObject({ status: 200, outcome: 'rejected', errors: [{ pointer: '/userId' }] })
    expect(await letter()).toMatchObject({ attempts: 2, lastAt: now() })
    expect(await found()).toEqual([])
  })

  test('of a conflict stays a conflict, unless the correction equals what is stored', async () => {
    const { app, replay, letter, found } = await persist()
    await app.request('/', delivery(ours, 1))
    await app.request('/', delivery(aRecord({ id: 'a', action: 'another' }), 2))
    expect(await replay()).toMatchObject({ outcome: 'conflict', errors: [{ pointer: '/id' }] })
    expect(await letter()).toMatchObject({ reason: 'conflict', attempts: 2 })
    expect(await replay(JSON.parse(ours.value))).toMatchObject({ outcome: 'duplicate' })
    expect(await found()).toMatchObject([{ action: 'click_button' }])
  })

  test('compares a corrected CloudEvent as the event that it is', async () => {
    const { app, replay } = await persist()
    const metadata = { source: '/s', count: 3 }
    const sentAs = (action: string) =>
      toRecord({ ...anEvent({ id: 'a', action, metadata }), isCloudEvent: true, salt: 'S'.repeat(22) })
    await app.request('/', delivery(sentAs('t'), 1))
    await app.request('/', delivery(sentAs('other'), 2))
    const event = { userId: 'user_123', action: 't', timestamp: '2024-01-15T10:00:00Z' }
    expect(await replay({ ...event, metadata: { ...metadata, count: 4 } })).toMatchObject({ outcome: 'conflict' })
    expect(await replay({ ...event, metadata })).toMatchObject({ outcome: 'duplicate' })
  })

  test.each<[string, string | Uint8Array, Record<string, string>, object]>([
    ['a byte order mark', `\ufeff${JSON.stringify(corrected)}`, {}, {}],
    ['gzip', gzipSync(JSON.stringify(corrected)), { 'content-encoding': 'gzip' }, {}],
    ['null for an optional member', JSON.stringify({ ...corrected, metadata: null }), {}, {}],
    [
      'a double with 17 digits, and U+2028',
      `{"userId":"ann","action":"x","timestamp":"2024-01-15T10:00:00Z","metadata":{"n":37.331705999999997,"t":"\u2028"}}`,
      {},
      { metadataText: JSON.stringify({ n: 37.331706, t: '\u2028' }) },
    ],
  ])('reads a correction as a POST is read: %s', async (_what, body, headers, members) => {
    const { app, ask, letter, found } = await persist()
    await app.request('/', delivery(withoutUser, 4))
    const answer = await ask(`/dead-letters/${(await letter()).id}/replay`, post(body, headers))
    expect(answer).toMatchObject({ status: 200, outcome: 'stored' })
    expect(await found()).toEqual([{ id: 'a', ...corrected, ...members, recordedAt: receivedAt.toISOString() }])
  })

  test.each([
    ['text that is not UTF-8', Buffer.from('{"userId":"caf\xe9","action":"x"}', 'latin1')],
    ['9007199254740993', '{"userId":"u","action":"x","metadata":{"n":9007199254740993}}'],
    ['a member that an activity does not have', '{"userId":"u","action":"x","ip":null}'],
  ])('rejects a correction that a POST would reject: %s', async (_what, body) => {
    const { app, ask, letter, found } = await persist()
    await app.request('/', delivery(withoutUser, 4))
    expect(await ask(`/dead-letters/${(await letter()).id}/replay`, post(body))).toMatchObject({ status: 400 })
    expect(await found()).toEqual([])
  })

  test.each([
    ['with its first position', { ce_recordpartition: '0', ce_recordoffset: '9' }, 9],
    ['without its first position', {}, undefined],
  ])('saves an undelivered record %s', async (_what, place, offset) => {
    const { store, app, replay, outcome } = await persist()
    await app.request('/undelivered', delivery({ ...ours, headers: { ...ours.headers, ...place } }, 3))
    expect(await replay()).toMatchObject({ outcome: 'stored' })
    if (offset !== undefined) expect(await outcome(offset)).toMatchObject({ outcome: 'stored', activityId: 'a' })
    // a position in the dead-letter topic is not a position of the records
    expect(await outcome(3)).toBeUndefined()
    expect((await store.ledger()).partitions.flatMap(({ missing, last }) => [missing.length, last])).toEqual(
      offset === undefined ? [] : [1, 9],
    )
  })

  test('saves a correction of an undelivered record that is not an event of ours', async () => {
    const { app, replay, found } = await persist()
    const headers = { 'content-type': 'text/plain', ce_type: 'dev.knative.kafka.event' }
    await app.request('/undelivered', delivery({ headers, value: 'garbage' }, 3))
    expect(await replay()).toMatchObject({ outcome: 'rejected' })
    expect(await replay(corrected)).toMatchObject({ status: 400, errors: [{ pointer: '/id' }] })
    expect(await replay({ ...corrected, id: 'new' })).toMatchObject({ outcome: 'stored' })
    expect(await found()).toMatchObject([{ id: 'new', recordedAt: now().toISOString() }])
  })

  test('fills in a missing timestamp with the time of receipt', async () => {
    const { app, replay, found } = await persist()
    await app.request('/', delivery(withoutUser, 4))
    const { timestamp: _timestamp, ...rest } = corrected
    await replay(rest)
    expect(await found()).toMatchObject([{ timestamp: '2026-01-01T00:00:00Z' }])
  })

  test.each<[string, unknown, object]>([
    ['an activity that is still invalid', { action: 'x' }, { status: 400, errors: [{ pointer: '/userId' }] }],
    ['another id', { ...corrected, id: 'b' }, { status: 400, errors: [{ pointer: '/id' }] }],
    ['a lossy number', '{"userId":"u","action":"x","metadata":{"n":1e400}}', { status: 400 }],
    ['broken JSON', '{"userId":', { status: 400 }],
    ['an array', [corrected], { status: 400 }],
  ])('rejects %s and changes nothing', async (_what, body, answer) => {
    const { app, replay, letter, found } = await persist()
    await app.request('/', delivery(withoutUser, 4))
    const before = await letter()
    expect(await replay(body)).toMatchObject(answer)
    expect(await letter()).toEqual(before)
    expect(await found()).toEqual([])
  })

  test('rejects a body of another type', async () => {
    const { app, ask, letter } = await persist()
    await app.request('/', delivery(withoutUser, 4))
    const request = { method: 'POST', headers: { 'content-type': 'text/plain' }, body: '{}' }
    expect(await ask(`/dead-letters/${(await letter()).id}/replay`, request)).toMatchObject({ status: 415 })
  })

  test('finishes an earlier replay whose last step failed', async () => {
    let failures = 1
    const { store, app, replay, letter, found } = await persist({
      resolve: (...args) => (failures-- > 0 ? Promise.reject(new StoreUnavailable('away')) : store.resolve(...args)),
    })
    await app.request('/', delivery(withoutUser, 4))
    expect(await replay(corrected)).toMatchObject({ status: 503 })
    expect(await letter()).not.toHaveProperty('resolution')
    expect(await replay(corrected)).toMatchObject({ status: 200, outcome: 'stored' })
    expect(await letter()).toHaveProperty('resolution')
    expect(await found()).toHaveLength(1)
  })
})

describe('discard', () => {
  test('keeps the dead letter with the note, is idempotent, and outlasts another delivery', async () => {
    const { app, discard, replay, letter } = await persist()
    await app.request('/', delivery(withoutUser, 4))
    expect(await discard({ note: ' a test ' })).toEqual({ status: 204 })
    expect(await discard({ note: 'again' })).toEqual({ status: 204 })
    await app.request('/', delivery(withoutUser, 4))
    expect(await letter()).toMatchObject({ attempts: 2, resolution: { state: 'discarded', note: 'a test' } })
    expect(await replay(corrected)).toMatchObject({
      status: 409,
      detail: 'The dead letter was discarded (a test) and cannot be replayed. POST the activity to /logs instead.',
    })
  })

  test('rejects a dead letter that was replayed', async () => {
    const { app, discard, replay } = await persist()
    await app.request('/', delivery(withoutUser, 4))
    await replay(corrected)
    expect(await discard({ note: 'x' })).toMatchObject({ status: 409 })
  })

  test.each<[string, unknown, string]>([
    ['no note', undefined, ''],
    ['an empty note', { note: ' ' }, '/note'],
    ['a note that is not text', { note: 1 }, '/note'],
    ['a very long note', { note: 'x'.repeat(1001) }, '/note'],
    ['another member', { note: 'x', force: true }, '/force'],
    ['broken JSON', '{', ''],
  ])('requires a valid note, and rejects %s', async (_what, body, pointer) => {
    const { app, discard, letter } = await persist()
    await app.request('/', delivery(withoutUser, 4))
    expect(await discard(body)).toMatchObject({ status: 400, errors: [{ pointer }] })
    expect(await letter()).not.toHaveProperty('resolution')
  })
})

describe('of two who act on a dead letter at the same time', () => {
  /** A body that arrives when something else is over. */
  const after = (meanwhile: () => Promise<unknown>, body: unknown) => {
    const stream = new ReadableStream(
      {
        async pull(controller) {
          await meanwhile()
          controller.enqueue(Buffer.from(JSON.stringify(body)))
          controller.close()
        },
      },
      { highWaterMark: 0 },
    )
    return { body: stream, duplex: 'half' as const, headers: { 'content-type': 'application/json' } }
  }

  test('whoever discards it learns that it was replayed while the note arrived', async () => {
    const { app, ask, replay, letter } = await persist()
    await app.request('/', delivery(withoutUser, 4))
    const { id } = await letter()
    const slowly = { method: 'DELETE', ...after(() => replay(corrected), { note: 'x' }) }
    expect(await ask(`/dead-letters/${id}`, slowly)).toMatchObject({ status: 409 })
    expect(await letter()).toMatchObject({ resolution: { state: 'replayed' } })
  })

  test('whoever replays it stores nothing if it was discarded while the correction arrived', async () => {
    const { app, ask, discard, letter, found } = await persist()
    await app.request('/', delivery(withoutUser, 4))
    const { id } = await letter()
    const slowly = { method: 'POST', ...after(() => discard({ note: 'x' }), corrected) }
    expect(await ask(`/dead-letters/${id}/replay`, slowly)).toMatchObject({ status: 409 })
    expect(await found()).toEqual([])
    expect(await letter()).toMatchObject({ resolution: { state: 'discarded' } })
  })

  test('whoever discards it learns that it is replayed at the last moment', async () => {
    const store = openMemoryStore()
    const resolve: ActivityStore['resolve'] = async (tenant, id, resolution) => {
      await store.resolve(tenant, id, { state: 'replayed', outcome: 'stored', at: now() })
      await store.resolve(tenant, id, resolution)
    }
    const { app, discard } = await persist({ resolve }, store)
    await app.request('/', delivery(withoutUser, 4))
    expect(await discard({ note: 'x' })).toMatchObject({ status: 409 })
  })
})

test('answers 404 for an unknown dead letter, 400 for a parameter, and 405 for another method', async () => {
  const { ask } = await persist()
  expect(await ask('/dead-letters/nothing/replay', { method: 'POST' })).toMatchObject({ status: 404 })
  expect(await ask('/dead-letters/nothing', { ...post({ note: 'x' }), method: 'DELETE' })).toMatchObject({
    status: 404,
  })
  expect(await ask('/dead-letters/nothing/replay?force=true', { method: 'POST' })).toMatchObject({ status: 400 })
  expect(await ask('/dead-letters/nothing', { method: 'PUT' })).toMatchObject({ status: 405 })
})

test.each([
  'getDeadLetter',
  'save',
  'resolve',
] as const)('answers 503 while the store is in trouble: %s', async (verb) => {
  const { app, replay } = await persist({ [verb]: () => Promise.reject(new StoreUnavailable('away')) })
  await app.request('/undelivered', delivery(ours, 4))
  expect(await replay()).toMatchObject({ status: 503 })
})

describe('the form of the page', () => {
  const form = (fields: { [name: string]: string }, headers: { [name: string]: string }) => ({
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams(fields).toString(),
  })
  const own = { 'sec-fetch-site': 'same-origin' }

  test('does what the route for programs does, and leads back to the page', async () => {
    const { app, letter, found } = await persist()
    await app.request('/undelivered', delivery(ours, 3))
    const { id } = await letter()
    const answer = await app.request(`/viewer/dead-letters/${id}`, form({ do: 'replay' }, own))
    expect([answer.status, answer.headers.get('location')]).toEqual([303, `/viewer/dead-letters/${id}?outcome=stored`])
    expect(await found()).toMatchObject([{ id: 'a' }])
    expect((await app.request(`/viewer/dead-letters/${id}`, form({ do: 'discard', note: 'n' }, own))).status).toBe(409)
  })

  test('has to come from a page of the log, also without keys', async () => {
    const { app, letter } = await persist()
    await app.request('/', delivery(withoutUser, 4))
    const { id } = await letter()
    for (const headers of [{}, { 'sec-fetch-site': 'none' }, { origin: 'http://localhost:1' }] as {
      [name: string]: string
    }[]) {
      const discard = form({ do: 'discard', note: 'n' }, headers)
      expect((await app.request(`/viewer/dead-letters/${id}`, discard)).status).toBe(403)
    }
    expect(await letter()).not.toHaveProperty('resolution')
  })
})
