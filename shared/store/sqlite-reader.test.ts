import { execFileSync } from 'node:child_process'
import { closeSync, copyFileSync, openSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { Aborted } from '../aborted.ts'
import { recorded } from '../testing/builders.ts'
import { startCommand } from '../testing/processes.ts'
import { aStoreFile } from '../testing/sqlite-test-store.ts'
import { TooBroad } from './activities.ts'
import { openSqliteStore } from './sqlite.ts'
import { createReader } from './sqlite-reader.ts'
import { stepRows } from './sqlite-steps.ts'
import { readLimits } from './sqlite-time-slicer.ts'
import { StoreUnavailable } from './store.ts'

const tenant = 'default'
const all = { tenant }
const one = { tenant, userId: 'one' }
/** No counter tells how many activities of a user have other actions, so each row is examined. */
const examined = { tenant, userId: 'many', excluded: [{ exact: 'none' }] }
/** A limit so high that the deadline does not answer. */
const unhurried = { ...readLimits, answerMs: 60_000 }

/** The number of activities, one of which belongs to another user. */
const count = 10_000
const filled = aStoreFile()
beforeAll(async () => {
  await using store = openSqliteStore({ path: filled })
  await store.save(
    Array.from({ length: count }, (_, n) => ({
      ...recorded({ id: `${n}`, userId: n === 0 ? 'one' : 'many' }, n),
      sequence: n,
    })),
  )
})

function aFilledFile(): string {
  const path = aStoreFile()
  copyFileSync(filled, path)
  return path
}

/** Counts the turns of the event loop. */
function countTurns() {
  let turns = 0
  const tick = () => {
    turns++
    next = setImmediate(tick)
  }
  let next = setImmediate(tick)
  return { count: () => turns, [Symbol.dispose]: () => clearImmediate(next) }
}

test('the process is not blocked while activities are counted one by one', async () => {
  await using store = openSqliteStore({ path: aFilledFile() })
  using turns = countTurns()
  const counts = await Promise.all(Array.from({ length: 10 }, () => store.count(examined)))
  expect(counts).toEqual(Array.from({ length: 10 }, () => count - 1))
  // if they were counted in this process, it would have only as many turns as steps
  expect(turns.count()).toBeGreaterThan((2 * 10 * count) / stepRows)
})

test('a read sees what was saved before it', async () => {
  await using store = openSqliteStore({ path: aStoreFile() })
  for (let n = 1; n <= 30; n++) {
    await store.save([recorded({ id: `${n}` })])
    expect((await store.stats({ filter: all, by: 'userId', limit: 1 })).total).toBe(n)
  }
})

test('a short read does not wait for the end of a long one', async () => {
  await using reader = createReader({ path: aFilledFile() })
  const answered: string[] = []
  await Promise.all([
    reader.count(examined).then(() => answered.push('long')),
    reader.count(one).then(() => answered.push('short')),
  ])
  expect(answered).toEqual(['short', 'long'])
})

test('a read that takes too long is too broad, and the next one is answered', async () => {
  await using reader = createReader({ path: aFilledFile(), limits: { ...readLimits, workMs: 0.001 } })
  const error = await reader.count(examined).catch((error: unknown) => error)
  expect(error).toBeInstanceOf(TooBroad)
  // this is the count of the first step
  expect((error as TooBroad).counted).toBeGreaterThanOrEqual(stepRows)
  expect(await reader.count(one)).toBe(1)
})

test('a read for which nobody waits any more ends, in the thread, too', async () => {
  const cpuOf = async (work: () => Promise<unknown>) => {
    const before = process.cpuUsage()
    await work()
    return process.cpuUsage(before).user
  }
  await using reader = createReader({ path: aFilledFile(), limits: unhurried })
  await reader.count(examined)
  const whole = await cpuOf(() => Promise.all(Array.from({ length: 40 }, () => reader.count(examined))))
  const ended = await cpuOf(async () => {
    const client = new AbortController()
    const counts = Promise.allSettled(
      Array.from({ length: 40 }, () => reader.count(examined, undefined, () => client.signal)),
    )
    client.abort()
    for (const each of await counts) expect(each).toMatchObject({ reason: expect.any(Aborted) })
    // the thread answers this after what is left of the others
    expect(await reader.count(examined)).toBe(count - 1)
  })
  expect(ended).toBeLessThan(whole / 3)
  await expect(reader.count(one, undefined, () => AbortSignal.abort())).rejects.toBeInstanceOf(Aborted)
})

test('a stuck thread is abandoned after the deadline, and the next one answers the others', async () => {
  const file = aFilledFile()
  const path = aStoreFile()
  // opening the pipe blocks until somebody writes to it
  execFileSync('mkfifo', [path])
  await using reader = createReader({ path, limits: { workMs: 4000, answerMs: 4000, graceMs: 200 } })
  await expect(reader.count(all)).rejects.toBeInstanceOf(StoreUnavailable)
  const waiting = [reader.count(all), reader.count(one)]
  const stuck = `${path}.stuck`
  renameSync(path, stuck)
  renameSync(file, path)
  expect(await Promise.all(waiting)).toEqual([count, 1])
  // this lets the stuck thread end
  closeSync(openSync(stuck, 'r+'))
})

test('a failed thread rejects all pending reads, and the next read starts another one', async () => {
  const file = aFilledFile()
  const path = aStoreFile()
  writeFileSync(path, 'not a database'.repeat(1000))
  await using reader = createReader({ path, limits: unhurried })
  const waiting = await Promise.allSettled([reader.count(all), reader.count(one)])
  for (const each of waiting) expect(each).toMatchObject({ reason: expect.any(StoreUnavailable) })
  renameSync(file, path)
  expect(await reader.count(all)).toBe(count)
})

test('rejects pending reads when it is closed', async () => {
  const reader = createReader({ path: aFilledFile(), limits: unhurried })
  const waiting = Promise.allSettled([reader.count(all), reader.stats({ filter: all, by: 'userId', limit: 1 })])
  await reader[Symbol.asyncDispose]()
  for (const each of await waiting) expect(each).toMatchObject({ reason: expect.any(StoreUnavailable) })
  await expect(reader.count(one)).rejects.toBeInstanceOf(StoreUnavailable)
})

test('a closed store leaves no other files beside its own', async () => {
  const path = aFilledFile()
  const store = openSqliteStore({ path })
  await store.count(all)
  await store[Symbol.asyncDispose]()
  expect(readdirSync(dirname(path))).toEqual(['store.db'])
})

test('a process that has read from the store ends by itself', async () => {
  const program = `
    import { openSqliteStore } from './shared/store/sqlite.ts'
    const store = openSqliteStore({ path: process.argv[1] })
    console.log(await store.count({ tenant: 'default' }))`
  const path = aFilledFile()
  await using running = startCommand(process.execPath, ['--input-type=module', '--eval', program, path])
  expect(await running.ended).toBe(0)
  expect(running.output()).toBe(`${count}\n`)
})

test('a list whose time is up has what was found, and goes on from there', async () => {
  await using reader = createReader({ path: aFilledFile(), limits: { ...readLimits, workMs: 1e-6 } })
  for (const order of ['asc', 'desc'] as const) {
    const query = { filter: { tenant, excluded: [{ prefix: 'click' }] }, order, limit: 5 }
    let parts = 1
    const part = (after?: string) => reader.find({ ...query, ...(after !== undefined && { after }) })
    for (let found = part(); ; parts++) {
      const error = await found.then(
        () => undefined,
        (error) => error,
      )
      if (!error) break
      expect(error).toMatchObject({ name: 'TooBroad', searched: { found: [] } })
      found = part(error.searched.through)
    }
    expect(parts).toBe(count / stepRows)
    let lines = 1
    for (let after: string | undefined; ; lines++) {
      const place = after === undefined ? {} : { after }
      const { bytes, rest } = await reader.findLines({ ...query, ...place, format: 'csv', maxBytes: 1000 })
      expect(bytes.byteLength).toBe(0)
      if (rest === undefined) break
      after = rest
    }
    expect(lines).toBe(parts)
    await expect(reader.find({ ...query, skip: 1 })).rejects.toMatchObject({
      name: 'TooBroad',
      searched: { found: [] },
    })
  }
})
