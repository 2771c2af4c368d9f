import { encodeSnapshot } from '@activity-log/shared/snapshot.ts'
import { type ActivityStore, StoreUnavailable } from '@activity-log/shared/store/store.ts'
import { type Answer, answerOf, recorded, silent } from '@activity-log/shared/testing/builders.ts'
import { openTestStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { describe, expect, test } from 'vitest'
import { createApp } from './app.ts'

const minute = (n: number) => new Date(Date.UTC(2024, 0, 15, 10, n)).toISOString()

/** Ten activities at even minutes, in two partitions; `add` puts others at any minute. */
async function log(changes: (store: ActivityStore) => Partial<ActivityStore> = () => ({})) {
  const store = openTestStore()
  const ends = [0, 0]
  async function add(...minutes: number[]) {
    const activities = minutes.map((n) => {
      const partition = n % 2
      const offset = ends[partition]!++
      return { ...recorded({ id: `id-${n}`, timestamp: minute(n) }), position: { partition, offset } }
    })
    await store.save(activities)
  }
  await add(...Array.from({ length: 10 }, (_, n) => 2 * n))
  const clock = { now: 0 }
  const app = createApp({
    store: { ...store, ...changes(store) },
    log: silent,
    now: () => new Date(0),
    clock: () => clock.now,
  })
  const list = async (url: string) => answerOf(await app.request(url))
  const minutesOf = ({ data }: Answer) => data.map(({ id }) => Number(id.slice(3)))
  return { store, add, app, list, minutesOf, clock }
}

describe('pages do not move', () => {
  test('when activities are added before, between and after the shown ones, by cursor and by number', async () => {
    const { add, list, minutesOf } = await log()
    const first = await list('/logs?limit=4')
    expect(minutesOf(first)).toEqual([18, 16, 14, 12])
    await add(21, 17, 9, 5, 30)
    const second = await list(first.next!)
    expect(minutesOf(second)).toEqual([10, 8, 6, 4])
    expect(second.asOf).toBe(first.asOf)
    await add(1, 3, 22)
    expect(minutesOf(await list(second.next!))).toEqual([2, 0])
    expect(minutesOf(await list(second.previous!))).toEqual([18, 16, 14, 12])
    for (const [page, shown] of [[18, 16, 14, 12], [10, 8, 6, 4], [2, 0], []].entries()) {
      const answer = await list(`/logs?limit=4&page=${page + 1}&asOf=${first.asOf}`)
      expect(minutesOf(answer)).toEqual(shown)
      expect(answer).toMatchObject({ total: 10, asOf: first.asOf })
    }
    expect(minutesOf(await list('/logs?limit=4'))).toEqual([30, 22, 21, 18])
  })

  test('when the first page shows records that the ledger has not reported yet', async () => {
    const { add, list, minutesOf } = await log()
    await list('/logs')
    await add(19, 17)
    const first = await list('/logs?limit=4')
    expect(minutesOf(first)).toEqual([19, 18, 17, 16])
    await add(21, 15)
    expect(minutesOf(await list(`/logs?limit=4&page=2&asOf=${first.asOf}`))).toEqual([14, 12, 10, 8])
    expect(minutesOf(await list(first.next!))).toEqual([14, 12, 10, 8])
  })

  test('and show everything that was stored before the first page was requested', async () => {
    const { add, list, minutesOf } = await log()
    await list('/logs')
    await add(19, 5)
    const first = await list('/logs?limit=4')
    expect(minutesOf(first)).toEqual([19, 18, 16, 14])
    const second = await list(first.next!)
    expect(minutesOf(second)).toEqual([12, 10, 8, 6])
    expect(minutesOf(await list(second.next!))).toEqual([5, 4, 2, 0])
  })

  test('when a missing record arrives late', async () => {
    const { store, list, minutesOf } = await log()
    const late = { ...recorded({ id: 'id-11', timestamp: minute(11) }), position: { partition: 1, offset: 0 } }
    await store.save([{ ...recorded({ id: 'id-13', timestamp: minute(13) }), position: { partition: 1, offset: 1 } }])
    const first = await list('/logs?limit=4')
    expect(minutesOf(first)).toEqual([18, 16, 14, 13])
    await store.save([late])
    expect(minutesOf(await list(first.next!))).toEqual([12, 10, 8, 6])
  })

  test('when the first request is for a later page number', async () => {
    const { add, list, minutesOf } = await log()
    const second = await list('/logs?limit=4&page=2')
    expect(minutesOf(second)).toEqual([10, 8, 6, 4])
    await add(21, 19, 5)
    expect(minutesOf(await list(`/logs?limit=4&page=1&asOf=${second.asOf}`))).toEqual([18, 16, 14, 12])
    expect(minutesOf(await list(second.next!))).toEqual([2, 0])
  })
})

test('every page shows what was stored before its request', async () => {
  const { add, list, minutesOf } = await log()
  await list('/logs')
  await add(21, 19)
  expect(minutesOf(await list('/logs?limit=4&page=3'))).toEqual([6, 4, 2, 0])
  await add(23)
  expect(minutesOf(await list('/logs?limit=1'))).toEqual([23])
})

test.each<[string, number[], number[], number[]]>([
  ['just before the first page is read', [17], [], [18, 17, 16, 14]],
  ['just after the first page was read', [], [17], [18, 16, 14, 12]],
])('an activity that arrives %s moves no later page', async (_when, before, after, shown) => {
  const { add, list, minutesOf } = await log((store) => ({
    async find(query) {
      for (const minute of before.splice(0, 1)) await add(minute)
      const found = await store.find(query)
      for (const minute of after.splice(0, 1)) await add(minute)
      return found
    },
  }))
  const first = await list('/logs?limit=4')
  expect(minutesOf(first)).toEqual(shown)
  const second = await list(`/logs?limit=4&page=2&asOf=${first.asOf}`)
  expect(minutesOf(second)).toEqual([14, 12, 10, 8, 6, 4].filter((minute) => minute < shown.at(-1)!).slice(0, 4))
})

test('without the ledger, pages show the log at the time of their request', async () => {
  const { add, list, minutesOf } = await log(() => ({ ledger: () => Promise.reject(new StoreUnavailable('none')) }))
  const first = await list('/logs?limit=4')
  expect(first).toMatchObject({ asOf: null })
  expect(first.next).not.toContain('asOf')
  await add(5)
  expect(minutesOf(await list(first.next!))).toEqual([10, 8, 6, 5])
  expect(minutesOf(await list('/logs?limit=4&page=2'))).toEqual([10, 8, 6, 5])
})

test('when too many records are missing for a snapshot, no stored activity is hidden', async () => {
  const { store, list, minutesOf, app } = await log()
  const scattered = Array.from({ length: 300 }, (_, n) => ({
    ...recorded({ id: `id-${100 + n}`, timestamp: minute(100 + n) }),
    position: { partition: 1, offset: 2 * n + 1 },
  }))
  await store.save(scattered)
  expect(await list('/logs')).toMatchObject({ asOf: null, total: 310 })
  const second = await list('/logs?limit=5&page=2')
  expect(minutesOf(second)).toEqual([394, 393, 392, 391, 390])
  expect(second.asOf).toBeNull()
  expect(await list('/stats?by=action')).toMatchObject({ total: 310, asOf: null })
  const exported = await (await app.request('/export?format=ndjson')).text()
  expect(exported.trimEnd().split('\n')).toHaveLength(310)
})

test('lists rarely wait for a slow ledger', async () => {
  let read = 0
  const { list, clock } = await log((store) => ({
    async ledger() {
      read++
      clock.now += 1000
      return store.ledger()
    },
  }))
  expect((await list('/logs?page=2&limit=4')).asOf).toEqual(expect.any(String))
  expect((await list('/logs?page=2&limit=4')).asOf).toBeNull()
  clock.now += 8_999
  expect((await list('/logs?page=2&limit=4')).asOf).toBeNull()
  expect(read).toBe(1)
  clock.now += 1
  expect((await list('/logs?page=2&limit=4')).asOf).toEqual(expect.any(String))
})

test('with a slow ledger, a first page is read once, and has no snapshot if the last reading is old', async () => {
  let finds = 0
  const { list, clock } = await log((store) => ({
    async ledger() {
      clock.now += 2000
      return store.ledger()
    },
    find(query) {
      finds++
      return store.find(query)
    },
  }))
  expect((await list('/logs')).asOf).toEqual(expect.any(String))
  clock.now += 8_000
  expect((await list('/logs')).asOf).toBeNull()
  expect(finds).toBe(2)
})

test('rejects by name a malformed asOf, and one combined with a receipt', async () => {
  const { app, list } = await log()
  for (const asOf of ['', 'x', '%5B%5D', `${encodeSnapshot([])}A`]) {
    const response = await app.request(`/logs?asOf=${asOf}`)
    expect(response.status).toBe(400)
    expect((await answerOf(response)).errors).toMatchObject([{ pointer: 'asOf' }])
  }
  const receipt = 'AQAAAAAAAAAAAAAAAaIQMHYH'
  const { errors } = await list(`/logs?asOf=${encodeSnapshot([])}&receipt=${receipt}`)
  expect(errors).toMatchObject([{ pointer: 'asOf' }])
})
