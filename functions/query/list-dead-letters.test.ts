import { deadLetterId } from '@activity-log/shared/store/dead-letter-id.ts'
import type { DeadLetter } from '@activity-log/shared/store/dead-letters.ts'
import { type ActivityStore, StoreUnavailable } from '@activity-log/shared/store/store.ts'
import { aDeadLetter, silent } from '@activity-log/shared/testing/builders.ts'
import { openTestStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { describe, expect, test } from 'vitest'
import { createApp } from './app.ts'

const day = (n: number) => new Date(Date.UTC(2026, 0, n))
const letterOf = (n: number, changes: Partial<DeadLetter> = {}) =>
  aDeadLetter({ position: { partition: 3, offset: n }, at: day(n), ...changes })

async function query(letters: DeadLetter[], changes: Partial<ActivityStore> = {}) {
  const store = openTestStore()
  await store.deadLetter(letters)
  const app = createApp({ store: { ...store, ...changes }, log: silent, now: () => day(1) })
  const get = async (path: string) => {
    const response = await app.request(path)
    const answer = (await response.json()) as { data: DeadLetter[]; next: string; previous: string; body: object }
    return { status: response.status, ...answer }
  }
  const offsets = async (path: string): Promise<number[]> =>
    (await get(path)).data.map(({ position }) => position.offset)
  return { store, app, get, offsets }
}

describe('GET /dead-letters', () => {
  test('lists open dead letters, newest first, without their bodies', async () => {
    const letters = [letterOf(1), letterOf(2, { reason: 'conflict', activityId: 'a', recordedAt: day(1) }), letterOf(3)]
    const { store, get } = await query(letters)
    await store.resolve('default', deadLetterId(letters[2]!), { state: 'discarded', note: 'x', at: day(4) })
    const answer = await get('/dead-letters')
    expect(answer).toMatchObject({ status: 200, limit: 10, next: null, previous: null })
    const id = deadLetterId(letters[1]!)
    expect(answer.data).toEqual([
      {
        id,
        state: 'open',
        reason: 'conflict',
        errors: [],
        activityId: 'a',
        topic: 'activities',
        position: { partition: 3, offset: 2 },
        recordedAt: day(1).toISOString(),
        firstAt: day(2).toISOString(),
        lastAt: day(2).toISOString(),
        attempts: 1,
        links: { self: `/dead-letters/${id}` },
      },
      expect.objectContaining({ position: { partition: 3, offset: 1 } }),
    ])
  })

  test('pages in both directions', async () => {
    const { app, get, offsets } = await query([1, 2, 3, 4, 5].map((n) => letterOf(n)))
    const first = await get('/dead-letters?limit=2&reason=rejected')
    expect(await offsets(first.next)).toEqual([3, 2])
    const second = await get(first.next)
    expect(await offsets(second.next)).toEqual([1])
    expect(await offsets(second.previous)).toEqual([5, 4])
    expect((await get(second.next)).next).toBeNull()
    const link = (await app.request(first.next)).headers.get('link')
    expect(link).toMatch(/rel="first".*rel="next".*rel="prev"/)
  })

  test('links back to the first page from beyond the end', async () => {
    const { store, get } = await query([1, 2].map((n) => letterOf(n)))
    const { next } = await get('/dead-letters?limit=1')
    await store.resolve('default', deadLetterId(letterOf(1)), { state: 'discarded', note: 'x', at: day(4) })
    expect(await get(next)).toMatchObject({ status: 200, data: [], previous: '/dead-letters?limit=1' })
  })

  test.each([
    ['reason=conflict', [2]],
    ['topic=activities-dead-letter', [3]],
    ['from=2026-01-02T00:00:00Z&to=2026-01-03T00:00:00Z', [2]],
    ['state=discarded', [4]],
    ['state=all', [4, 3, 2, 1]],
    ['state=replayed', []],
  ])('filters by %s', async (filter, expected) => {
    const letters = [
      letterOf(1),
      letterOf(2, { reason: 'conflict' }),
      letterOf(3, { reason: 'undelivered', topic: 'activities-dead-letter' }),
      letterOf(4),
      letterOf(5, { tenant: 'other' }),
    ]
    const { store, offsets } = await query(letters)
    await store.resolve('default', deadLetterId(letters[3]!), { state: 'discarded', note: 'x', at: day(4) })
    expect(await offsets(`/dead-letters?${filter}`)).toEqual(expected)
  })

  test.each([
    ['reason=lost', 'reason'],
    ['state=gone', 'state'],
    ['from=yesterday', 'from'],
    ['from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', 'to'],
    ['limit=1001', 'limit'],
    ['cursor=x', 'cursor'],
    ['page=2', 'page'],
  ])('rejects %s', async (parameters, pointer) => {
    const { get } = await query([])
    expect(await get(`/dead-letters?${parameters}`)).toMatchObject({ status: 400, errors: [{ pointer }] })
  })

  test('rejects a cursor of other filters, and one of the list of activities', async () => {
    const { store, get } = await query([1, 2].map((n) => letterOf(n)))
    const { next } = await get('/dead-letters?limit=1')
    expect(await get(`${next}&reason=rejected`)).toMatchObject({ status: 400, errors: [{ pointer: 'cursor' }] })
    expect(store).toBeDefined()
    const cursor = new URL(next, 'http://x').searchParams.get('cursor')
    expect(await get(`/logs?cursor=${cursor}`)).toMatchObject({ status: 400, errors: [{ pointer: 'cursor' }] })
  })
})

describe('GET /dead-letters/{id}', () => {
  test('shows the headers and the bytes, also as text if they are text', async () => {
    const text = letterOf(1, { body: Buffer.from('{"ä":1'), headers: { 'ce-id': 'x' } })
    const bytes = letterOf(2, {
      body: Buffer.from([0, 255]),
      reason: 'undelivered',
      firstPosition: { partition: 0, offset: 0 },
    })
    const { get } = await query([text, bytes])
    expect(await get(`/dead-letters/${deadLetterId(text)}`)).toMatchObject({
      status: 200,
      headers: { 'ce-id': 'x' },
      body: { base64: Buffer.from('{"ä":1').toString('base64'), text: '{"ä":1' },
    })
    const shown = await get(`/dead-letters/${deadLetterId(bytes)}`)
    expect(shown).toMatchObject({ firstPosition: { partition: 0, offset: 0 }, body: { base64: 'AP8=' } })
    expect(shown.body).not.toHaveProperty('text')
  })

  test('answers 404 if there is none, or if it belongs to another tenant', async () => {
    const theirs = letterOf(1, { tenant: 'other' })
    const { get } = await query([theirs])
    expect(await get(`/dead-letters/${deadLetterId(theirs)}`)).toMatchObject({ status: 404 })
    expect(await get('/dead-letters/nothing')).toMatchObject({ status: 404 })
  })
})

test('both answer 503 while the store is unavailable', async () => {
  const trouble = () => Promise.reject(new StoreUnavailable('away'))
  const { get } = await query([], { findDeadLetters: trouble, getDeadLetter: trouble })
  expect(await get('/dead-letters')).toMatchObject({ status: 503 })
  expect(await get('/dead-letters/1f')).toMatchObject({ status: 503 })
})
