import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { asTenant } from '../tenant.ts'
import { aDeadLetter, receivedAt, recorded } from '../testing/builders.ts'
import { openSqliteStore } from './sqlite.ts'
import { readersOf } from './tenant-reader.ts'

const position = { partition: 0, offset: 0 }

test('a tenant reads nothing of another tenant, even if the filter names it', async () => {
  await using store = openSqliteStore({ path: join(mkdtempSync(join(tmpdir(), 'tenants-')), 'store.db') })
  await store.save([{ ...recorded({ id: 'one', userId: 'ann' }), position, tenant: 'other' }])
  const letter = { ...aDeadLetter(), tenant: 'other', position: { partition: 0, offset: 1 } }
  await store.deadLetter([letter])
  const id =
    (await store.findDeadLetters({ filter: { tenant: 'other' }, order: 'asc', limit: 1 }))[0]?.deadLetter.id ?? ''
  const receipt = { position, recordedAt: receivedAt }

  const answers = async (tenant: string) => {
    const reader = readersOf(store)(asTenant(tenant))
    // a handler could pass on such a filter by mistake
    const filter: object = { tenant: 'other' }
    const found = await reader.find({ filter, order: 'desc', limit: 9 })
    const stats = await reader.stats({ filter, by: 'action', limit: 9 })
    const arrivals = await reader.arrivals({ partition: 0, first: 0, last: 9, limit: 9 })
    const letters = await reader.findDeadLetters({ filter, order: 'asc', limit: 9 })
    return {
      found: found.length,
      count: await reader.count(filter),
      got: (await reader.get('one')) !== undefined,
      stats: stats.total,
      arrivals: arrivals.length,
      letters: letters.length,
      letter: (await reader.getDeadLetter(id)) !== undefined,
      outcome: (await reader.outcome(receipt)) !== undefined,
    }
  }
  const all = { found: 1, count: 1, got: true, stats: 1, arrivals: 1, letters: 1, letter: true, outcome: true }
  const nothing = { found: 0, count: 0, got: false, stats: 0, arrivals: 0, letters: 0, letter: false, outcome: false }
  expect(await answers('other')).toEqual(all)
  expect(await answers('default')).toEqual(nothing)
})

test('dead letters of two tenants are one list, and the outcome of a third stays unknown', async () => {
  await using store = openSqliteStore({ path: join(mkdtempSync(join(tmpdir(), 'tenants-')), 'store.db') })
  const times = ['2024-01-15T10:00:00Z', '2024-01-15T10:00:01Z', '2024-01-15T10:00:02Z', '2024-01-15T10:00:03Z']
  const tenants = ['own', 'system', 'own', 'third']
  await store.deadLetter(
    times.map((at, offset) => ({
      ...aDeadLetter(),
      at: new Date(at),
      tenant: tenants[offset] as string,
      position: { partition: 0, offset },
    })),
  )
  const reader = readersOf(store)(asTenant('own'), { also: asTenant('system') })
  const list = (order: 'asc' | 'desc', limit: number, after?: string) =>
    reader.findDeadLetters({ filter: {}, order, limit, ...(after && { after }) })
  const offsetsOf = (found: Awaited<ReturnType<typeof list>>) =>
    found.map(({ deadLetter }) => deadLetter.position.offset)
  expect(offsetsOf(await list('asc', 9))).toEqual([0, 1, 2])
  const [first] = await list('desc', 1)
  expect(offsetsOf(await list('desc', 9, first?.key))).toEqual([1, 0])
  const outcomes = [0, 1, 2, 3].map((offset) =>
    reader.outcome({ position: { partition: 0, offset }, recordedAt: receivedAt }),
  )
  expect((await Promise.all(outcomes)).map((known) => known?.tenant)).toEqual(['own', 'system', 'own', undefined])
  const [, system] = await list('asc', 2)
  expect(await reader.getDeadLetter(system?.deadLetter.id ?? '')).toBeDefined()
})

test('waiting for the record of another tenant takes the whole time', async () => {
  await using store = openSqliteStore({ path: join(mkdtempSync(join(tmpdir(), 'tenants-')), 'store.db') })
  await store.save([{ ...recorded({ id: 'one' }), position, tenant: 'other' }])
  const stop = new AbortController()
  let isOver = false
  const waiting = readersOf(store)(asTenant('own'))
    .outcome({ position, recordedAt: receivedAt }, stop.signal)
    .then((outcome) => {
      isOver = true
      return outcome
    })
  await store.outcome({ position, recordedAt: receivedAt })
  await new Promise(setImmediate)
  expect(isOver).toBe(false)
  stop.abort()
  expect(await waiting).toBeUndefined()
})
