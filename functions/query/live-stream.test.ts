import { activityJson } from '@activity-log/shared/document.ts'
import { createService } from '@activity-log/shared/http/service.ts'
import { decodeSnapshot, encodeSnapshot, hasRecord } from '@activity-log/shared/snapshot.ts'
import { type ActivityStore, StoreUnavailable } from '@activity-log/shared/store/store.ts'
import { readersOf } from '@activity-log/shared/store/tenant-reader.ts'
import { answerOf, recorded, silent, until } from '@activity-log/shared/testing/builders.ts'
import { openMemoryStore } from '@activity-log/shared/testing/sqlite-test-store.ts'
import { describe, expect, test, vi } from 'vitest'
import { createKnownLedger } from './known-ledger.ts'
import { type LiveOptions, liveRoutes } from './live-stream.ts'

type Event = { id: string; event?: string; data?: { id: string; count: number } }

/** A log that is polled all the time. Activities are numbered in order and alternate between two partitions. */
function live(
  options: Partial<LiveOptions> = {},
  changes: (store: ActivityStore) => Partial<ActivityStore> = () => ({}),
) {
  const store = openMemoryStore()
  const changed = { ...store, ...changes(store) }
  const stop = new AbortController()
  let looks = 0
  const ledger = () => {
    looks++
    return changed.ledger()
  }
  /** Resolves after this many more polls. */
  async function looked(times: number) {
    const end = looks + times
    await until(() => looks >= end)
  }
  const known = createKnownLedger({ ledger, log: silent })
  const routes = liveRoutes({
    known,
    forTenant: readersOf(changed),
    log: silent,
    stopping: stop.signal,
    pollMs: 1,
    ...options,
  })
  const app = createService({ log: silent, routes })
  let count = 0
  async function add(number: number, change: object = {}) {
    const activities = Array.from({ length: number }, () => {
      const n = count++
      return { ...recorded({ id: `id-${n}`, ...change }), position: { partition: n % 2, offset: Math.floor(n / 2) } }
    })
    await store.save(activities)
  }
  async function follow(path = '/live', lastEventId?: string) {
    const response = await app.request(path, { ...(lastEventId && { headers: { 'last-event-id': lastEventId } }) })
    return { response, ...events(response) }
  }
  return { app, store, add, follow, stop, looked }
}

function events(response: Response) {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  /** The next event; undefined at the end. */
  async function next(): Promise<Event | undefined> {
    for (;;) {
      const end = text.indexOf('\n\n')
      if (end >= 0) {
        const lines = text.slice(0, end).split('\n')
        text = text.slice(end + 2)
        const field = (name: string) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2)
        const [event, data] = [field('event'), field('data')]
        return { id: field('id') ?? '', ...(event && { event }), ...(data && { data: JSON.parse(data) }) }
      }
      const { value, done } = await reader.read()
      if (done) return undefined
      text += value
    }
  }
  async function ids(number: number): Promise<string[]> {
    const found: string[] = []
    while (found.length < number) {
      const event = await next()
      if (event?.event === 'activity' && event.data) found.push(event.data.id)
    }
    return found
  }
  return { next, ids, leave: () => reader.cancel() }
}

const named = (...numbers: number[]) => numbers.map((n) => `id-${n}`)

test('begins with the snapshot to resume from, and forbids proxies to buffer it', async () => {
  const { follow, add } = live()
  await add(1)
  const { response, next, leave } = await follow()
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  expect(response.headers.get('cache-control')).toBe('private, no-store, no-transform')
  const first = await next()
  expect(first).toMatchObject({ event: 'position', data: {} })
  expect(hasRecord(decodeSnapshot(first!.id) as never, { partition: 0, offset: 0 })).toBe(true)
  await leave()
})

test('shows what is stored from now on, as in a list', async () => {
  const { follow, add, store } = live()
  await add(3)
  const { next, ids, leave } = await follow()
  await next()
  await add(1, { metadata: { line: 'a\nb' } })
  const event = await next()
  const found = await store.get('default', 'id-3')
  expect(event).toMatchObject({ event: 'activity', data: found && JSON.parse(activityJson(found.activity)) })
  await add(2)
  expect((await ids(2)).toSorted()).toEqual(named(4, 5))
  await leave()
})

test('shows only what the filter matches', async () => {
  const { follow, add } = live()
  const { ids, leave } = await follow('/live?userId=ann&action=cart.*&metadata.n=1')
  await add(1, { userId: 'bob', action: 'cart.add', metadata: { n: 1 } })
  await add(1, { userId: 'ann', action: 'login', metadata: { n: 1 } })
  await add(1, { userId: 'ann', action: 'cart.add', metadata: { n: 2 } })
  await add(1, { userId: 'ann', action: 'cart.add', metadata: { n: '1' } })
  expect(await ids(1)).toEqual(named(3))
  await leave()
})

test('shows what several users did, without excluded actions and with a text', async () => {
  const { follow, add } = live()
  const { ids, leave } = await follow('/live?userId=ann&userId=bob&action=!cart.*&q=Paid&metadata.note=')
  const matching = { userId: 'bob', action: 'login', metadata: { how: 'PAID', note: '' } }
  await add(1, { ...matching, userId: 'cid' })
  await add(1, { ...matching, action: 'cart.add' })
  await add(1, { ...matching, metadata: { how: 'pa id', note: '' } })
  await add(1, { ...matching, metadata: { how: 'paid' } })
  await add(1, matching)
  expect(await ids(1)).toEqual(named(4))
  await leave()
})

describe('resumes', () => {
  test('after any event, without a gap and without a repetition', async () => {
    const { follow, add } = live()
    const { next, leave } = await follow()
    const begin = (await next())!.id
    await add(40)
    const seen = []
    while (seen.length < 40) seen.push((await next()) as Event)
    await leave()
    for (const [at, { id }] of seen.entries()) {
      const again = await follow('/live', id)
      const rest = (await again.ids(39 - at)).toSorted()
      expect(rest).toEqual(
        seen
          .slice(at + 1)
          .flatMap(({ data }) => data?.id ?? [])
          .toSorted(),
      )
      await again.leave()
    }
    const whole = await follow('/live', begin)
    expect(await whole.ids(40)).toHaveLength(40)
    await whole.leave()
  })

  test('with everything that arrived meanwhile, also from the asOf of a list', async () => {
    const { follow, add } = live({ maxBehind: 10 })
    const { next, leave } = await follow()
    const { id } = (await next())!
    await leave()
    await add(1500)
    for (const other of [await follow('/live', id), await follow(`/live?asOf=${id}`)]) {
      const found = await other.ids(1500)
      expect(new Set(found).size).toBe(1500)
      await add(1)
      expect(await other.ids(1)).toHaveLength(1)
      await other.leave()
    }
  })

  test('with a missing record that arrives late', async () => {
    const { follow, store } = live()
    const at = (offset: number) => ({ ...recorded({ id: `id-${offset}` }), position: { partition: 0, offset } })
    await store.save([at(0), at(3)])
    const { next, ids, leave } = await follow()
    await next()
    await store.save([at(2)])
    expect(await ids(1)).toEqual(named(2))
    await store.save([at(1), at(4)])
    expect(await ids(2)).toEqual(named(1, 4))
    await leave()
  })
})

test('tells a client that is too slow that activities were left out, and continues with new ones', async () => {
  const { follow, add } = live({ maxBehind: 100 })
  const slow = await follow()
  const quick = await follow()
  await slow.next()
  // the quick client reads on while the slow one does not
  for (let round = 0; round < 10; round++) {
    await add(50)
    await quick.ids(50)
  }
  const seen = []
  for (let event = await slow.next(); event?.event !== 'left-out'; event = await slow.next()) seen.push(event)
  await add(1)
  expect(await slow.ids(1)).toEqual(named(500))
  expect(seen.length).toBeLessThan(400)
  await slow.leave()
  await quick.leave()
})

test('sends heartbeats that say where to resume', async () => {
  const { follow, add } = live({ heartbeatMs: 1 })
  const { next, leave } = await follow('/live?userId=nobody')
  const { id } = (await next())!
  await add(1)
  let event = await next()
  while (event?.id === id) event = await next()
  expect(event).toMatchObject({ event: 'position', data: {} })
  expect(event?.id).toMatch(/^[\w-]+$/)
  await leave()
})

test('sends heartbeats and ends in time, also while the clock is set back', async () => {
  const { follow } = live({ heartbeatMs: 20, streamMs: 200 })
  const { next } = await follow()
  await next()
  using _clock = vi.spyOn(Date, 'now').mockReturnValue(Date.now() - 86_400_000)
  expect(await next()).toMatchObject({ event: 'position' })
  while (await next());
})

test('ends cleanly after its time, and when the process is told to stop', async () => {
  const short = live({ streamMs: 1 })
  const { next } = await short.follow()
  await next()
  expect(await next()).toBeUndefined()
  const { follow, stop, looked } = live({ heartbeatMs: 100_000 })
  const stopped = await follow()
  await stopped.next()
  const end = stopped.next()
  await looked(3)
  stop.abort()
  expect(await end).toBeUndefined()
})

test('the log is read once for all followers, and not at all while nobody follows', async () => {
  let read = 0
  const { follow, add, looked } = live({}, (store) => ({
    arrivals: (query) => {
      read++
      return store.arrivals(query)
    },
  }))
  const followers = [await follow(), await follow(), await follow()]
  await Promise.all(followers.map(({ next }) => next()))
  await add(1)
  for (const { ids } of followers) expect(await ids(1)).toEqual(named(0))
  expect(read).toBe(1)
  await Promise.all(followers.map(({ leave }) => leave()))
  await new Promise(setImmediate)
  await add(1)
  // a later follower begins at the current end; had the log been polled meanwhile, there would be a second read
  const later = await follow()
  await later.next()
  await looked(3)
  expect(read).toBe(1)
  await later.leave()
})

test('of the followers that are behind, one reads at a time, however many there are', async () => {
  let reading = 0
  let most = 0
  const { follow, add } = live({}, (store) => ({
    async arrivals(query) {
      most = Math.max(most, ++reading)
      await new Promise(setImmediate)
      reading--
      return store.arrivals(query)
    },
  }))
  const start = await follow()
  const { id } = (await start.next())!
  await add(500)
  // the tail that all share reads, too, and is no follower
  await start.ids(500)
  const behind = await Promise.all(Array.from({ length: 10 }, () => follow(`/live?asOf=${id}`)))
  const seen = await Promise.all(behind.map(({ ids }) => ids(500)))
  for (const each of seen) expect(new Set(each).size).toBe(500)
  expect(most).toBe(1)
  await Promise.all([start, ...behind].map(({ leave }) => leave()))
})

test('followers that begin together see each activity once, however slowly the store answers', async () => {
  const { follow, add } = live({}, (store) => ({
    async arrivals(query) {
      await new Promise(setImmediate)
      return store.arrivals(query)
    },
    async ledger() {
      await add(1)
      return store.ledger()
    },
  }))
  const followers = await Promise.all(Array.from({ length: 5 }, () => follow()))
  for (const { ids, leave } of followers) {
    const seen = await ids(50)
    expect(new Set(seen).size).toBe(50)
    await leave()
  }
})

test('a client resumes after any event, even with too many missing records for the snapshot of a list', async () => {
  const { follow, store } = live()
  const at = (partition: number, offset: number) => ({
    ...recorded({ id: `${partition}/${offset}` }),
    position: { partition, offset },
  })
  await store.save(Array.from({ length: 190 }, (_, n) => at(1, 2 * n + 1)))
  const first = await follow()
  await first.next()
  await store.save(Array.from({ length: 95 }, (_, n) => at(0, 2 * n + 1)))
  let last: Event | undefined
  for (let n = 0; n < 60; n++) last = await first.next()
  await first.leave()
  const again = await follow('/live', last?.id)
  expect(again.response.status).toBe(200)
  expect(new Set(await again.ids(35)).size).toBe(35)
  await again.leave()
})

test('an outage of the store breaks no stream and loses no activity', async () => {
  let isDown = false
  const { follow, add, looked } = live({}, (store) => ({
    arrivals: (query) => (isDown ? Promise.reject(new StoreUnavailable('down')) : store.arrivals(query)),
    ledger: () => (isDown ? Promise.reject(new StoreUnavailable('down')) : store.ledger()),
  }))
  const { next, ids, leave } = await follow()
  await next()
  isDown = true
  await add(3)
  await looked(3)
  isDown = false
  expect((await ids(3)).toSorted()).toEqual(named(0, 1, 2))
  await leave()
})

test('HEAD opens no stream, and followers beyond the limit get a 503', async () => {
  const { app, follow } = live({ maxFollowers: 1 })
  const head = await app.request('/live', { method: 'HEAD' })
  expect([head.status, await head.text()]).toEqual([200, ''])
  const { leave } = await follow()
  expect((await app.request('/live')).status).toBe(503)
  await leave()
  await new Promise(setImmediate)
  const { response, leave: leaveAgain } = await follow()
  expect(response.status).toBe(200)
  await leaveAgain()
})

test('a stream of somebody who has gone ends, although it is not cancelled', async () => {
  const { app } = live({ heartbeatMs: 300 })
  const gone = new AbortController()
  const { next } = events(await app.request('/live', { signal: gone.signal }))
  await next()
  const rest = next()
  gone.abort()
  expect(await rest).toBeUndefined()
})

test('a follower who has gone before the stream begins takes no place', async () => {
  const { app, follow } = live({ maxFollowers: 1 })
  const gone = new AbortController()
  const asked = app.request('/live', { signal: gone.signal })
  gone.abort()
  await asked
  const { response, leave } = await follow()
  expect(response.status).toBe(200)
  await leave()
})

test('a client that goes before it reads anything follows no longer', async () => {
  const { app, follow } = live({ maxFollowers: 1 })
  const gone = new AbortController()
  expect((await app.request('/live', { signal: gone.signal })).status).toBe(200)
  expect((await app.request('/live')).status).toBe(503)
  gone.abort()
  const { response, leave } = await follow()
  expect(response.status).toBe(200)
  await leave()
})

test('nothing is kept of a tenant whose last follower has left', async () => {
  let opened = 0
  const store = openMemoryStore()
  const readers = readersOf(store)
  const { follow } = live({
    forTenant: (tenant) => {
      opened++
      return readers(tenant)
    },
  })
  const both = [await follow(), await follow()]
  expect(opened).toBe(1)
  await both[0]?.leave()
  const third = await follow()
  expect(opened).toBe(1)
  for (const { leave } of [both[1]!, third]) await leave()
  await new Promise(setImmediate)
  const { leave } = await follow()
  expect(opened).toBe(2)
  await leave()
})

test('an EventSource that must wait gets a 200 that ends at once, since it would not come back after a 503', async () => {
  const { app, follow } = live({ maxFollowers: 1 })
  const { leave } = await follow()
  const ask = (path: string, accept: string) => app.request(path, { headers: { accept } })
  const waiting = await ask('/live', 'text/event-stream')
  expect([waiting.status, waiting.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8'])
  expect(await waiting.text()).toBe('retry: 5000\n\n')
  expect((await ask('/live', 'application/json, */*')).status).toBe(503)
  expect((await ask('/live?page=1', 'text/event-stream')).status).toBe(400)
  await leave()
})

test.each([
  ['/live?page=1', undefined, 'page'],
  ['/live?asOf=x', undefined, 'asOf'],
  ['/live?metadata.a=1', undefined, 'metadata.a'],
  ['/live', 'x', 'Last-Event-ID'],
  ['/live', `${encodeSnapshot([])}A`, 'Last-Event-ID'],
])('rejects %s after %s by name', async (path, id, pointer) => {
  const { app } = live()
  const response = await app.request(path, { ...(id && { headers: { 'last-event-id': id } }) })
  expect(response.status).toBe(400)
  expect((await answerOf(response)).errors).toMatchObject([{ pointer }])
})
