import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
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
    const reader = readersOf(store)(tenant)
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
