import { expect, test } from 'vitest'
import { openSqliteFile, transaction } from '../sqlite/file.ts'
import { recorded } from '../testing/builders.ts'
import { TooBroad } from './activities.ts'
import { countMatching, findMatching } from './metadata-search.ts'
import { createSqliteLedger } from './sqlite-ledger.ts'
import { createSqliteMatching } from './sqlite-metadata.ts'
import { migrations } from './sqlite-migrations.ts'
import { createSqliteQueries } from './sqlite-query.ts'
import { createSqliteSave } from './sqlite-save.ts'
import { createPaces, readLimits } from './sqlite-time-slicer.ts'

const filter = { tenant: 'default', userId: 'user_123', metadata: [{ path: ['n'], value: '-1' }] }

/** `turns` is the number of turns of the event loop since then. */
function searching(count: number, text = '') {
  const db = openSqliteFile({ path: ':memory:', migrations })
  const { saveOne } = createSqliteSave(db, createSqliteLedger(db))
  transaction(db, () => {
    for (let n = 0; n < count; n++)
      saveOne(recorded({ id: `id-${n}`, timestamp: new Date(n * 1000).toISOString(), metadata: { n, text } }))
  })
  let turns = 0
  const next = () => {
    turns++
    immediate = setImmediate(next)
  }
  let immediate = setImmediate(next)
  return {
    matching: createSqliteMatching(createSqliteQueries(db), createPaces(readLimits)),
    turns: () => turns,
    [Symbol.dispose]: () => clearImmediate(immediate),
  }
}

test('lets others take turns, however many rows and searches there are', async () => {
  using search = searching(1000)
  const { matching } = search
  const query = { filter, order: 'asc', limit: 10 } as const
  expect(await Promise.all([findMatching(matching, query), countMatching(matching, filter)])).toEqual([
    { found: [] },
    0,
  ])
  // each search takes eight steps, in turns of its own
  expect(search.turns()).toBeGreaterThanOrEqual(15)
})

test('lets others take turns while large metadata is searched', async () => {
  using search = searching(100, 'x'.repeat(10_000))
  expect(await countMatching(search.matching, { ...filter, text: 'y' })).toBe(0)
  expect(search.turns()).toBeGreaterThanOrEqual(3)
})

test('a search that takes too long is too broad, and reports how many it had counted', async () => {
  using search = searching(200)
  const found = [{ path: ['n'], value: '3' }]
  const matching: typeof search.matching = (query) => search.matching(query, 0)
  const error = await countMatching(matching, { ...filter, metadata: found }).catch((error: unknown) => error)
  expect(error).toBeInstanceOf(TooBroad)
  expect(error).toMatchObject({ counted: 1 })
})

test('a search that takes too long has what it found beyond the skipped ones', async () => {
  using search = searching(200)
  const matching: typeof search.matching = (query) => search.matching(query, 0)
  const { metadata: _none, ...all } = filter
  const part = (skip: number) => findMatching(matching, { filter: all, order: 'asc', limit: 200, skip })
  const { found, through } = await part(0)
  expect(found.length).toBeGreaterThan(3)
  expect(await part(3)).toEqual({ found: found.slice(3), through })
  expect(await part(found.length + 1)).toEqual({ found: [], through })
})

test('a list by metadata or text that takes too long is continued where its time was up', async () => {
  using search = searching(500)
  const matching: typeof search.matching = (query) => search.matching(query, 0)
  for (const asked of [{ metadata: [{ path: ['n'], value: '300' }] }, { text: '300' }]) {
    for (const order of ['asc', 'desc'] as const) {
      const query = { filter: { tenant: 'default', ...asked }, order, limit: 1 }
      const found: number[] = []
      let parts = 0
      for (let part = await findMatching(matching, query); ; parts++) {
        found.push(...part.found)
        if (!part.through) break
        part = await findMatching(matching, { ...query, after: part.through })
      }
      const whole = await findMatching(search.matching, query)
      expect(whole.found).toHaveLength(1)
      expect([found, parts]).toEqual([whole.found, order === 'asc' ? 2 : 1])
    }
  }
})

test('returns a full page immediately, however many rows are left', async () => {
  using search = searching(200)
  const metadata = [{ path: ['n'], value: '3' }]
  const query = { filter: { ...filter, metadata }, order: 'asc', limit: 1 } as const
  expect((await findMatching((query) => search.matching(query, 0), query)).found).toHaveLength(1)
  expect(search.turns()).toBeLessThanOrEqual(1)
})
