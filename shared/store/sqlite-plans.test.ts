import type { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import type { Filter } from '../filter.ts'
import { openSqliteFile, transaction } from '../sqlite/file.ts'
import { recorded } from '../testing/builders.ts'
import type { FindQuery } from './activities.ts'
import { countMatching, findMatching } from './metadata-search.ts'
import { createSqliteLedger } from './sqlite-ledger.ts'
import { createSqliteMatching } from './sqlite-metadata.ts'
import { migrations } from './sqlite-migrations.ts'
import { createSqliteQueries } from './sqlite-query.ts'
import { createSqliteSave } from './sqlite-save.ts'

const tenant = 'default'

/** The verbs, and how SQLite says that it answers each statement that they make. */
function explained() {
  const db = openSqliteFile({ path: ':memory:', migrations })
  const save = createSqliteSave(db, createSqliteLedger(db))
  transaction(db, () => {
    for (let n = 0; n < 6; n++) save(recorded({ id: `id-${n}`, userId: 'u', action: `a${n}`, metadata: { n } }))
  })
  const made: string[] = []
  const watched = {
    prepare(text: string) {
      made.push(text)
      return db.prepare(text)
    },
  } as DatabaseSync
  const queries = createSqliteQueries(watched)
  const matching = createSqliteMatching(watched, queries)
  const lookups = made.splice(0)
  const explain = (text: string) =>
    db
      .prepare(`EXPLAIN QUERY PLAN ${text}`)
      .all()
      .map(({ detail }) => String(detail))
  return { queries, matching, made, lookups: lookups.map(explain), plans: () => made.splice(0).map(explain) }
}

/** Of the index all that is asked for is used, of a row only its key; nothing else is read, and nothing is sorted. */
function expectIndexed(plan: readonly string[], search: string) {
  const [keys, ...others] = plan.filter((step) => /activities/.test(step) && !/PRIMARY KEY \(key=\?\)/.test(step))
  expect(keys).toBe(search)
  for (const other of others) expect(other).toBe(search)
  const scanned = plan.filter((step) => /^SCAN/.test(step))
  for (const step of scanned) expect(step).toMatch(/^SCAN \(subquery-\d+\)$/)
  expect(plan.join('\n')).not.toContain('TEMP B-TREE')
}

const range = { from: 1, to: 2 ** 45 }
const shapes: [what: string, filter: Partial<Filter>, index: string, reads: string][] = [
  ['no filter', {}, 'byTime (tenant=?', 'COVERING INDEX'],
  ['a user', { userId: 'u' }, 'byUser (tenant=? AND userId=?', 'COVERING INDEX'],
  ['an action', { actions: [{ exact: 'a1' }] }, 'byAction (tenant=? AND action=?', 'COVERING INDEX'],
  [
    'several actions',
    { actions: [{ exact: 'a1' }, { exact: 'a2' }] },
    'byAction (tenant=? AND action=?',
    'COVERING INDEX',
  ],
  ['a beginning of actions', { actions: [{ prefix: 'a' }] }, 'byAction (tenant=? AND action=?', 'COVERING INDEX'],
  // within the user's
  ['a user and an action', { userId: 'u', actions: [{ prefix: 'a' }] }, 'byUser (tenant=? AND userId=?', 'INDEX'],
]

describe.each(shapes)('SQLite answers from an index: %s', (_what, filter, index, reads) => {
  const orders = ['desc', 'asc'] as const
  const times = [
    ['', {}],
    [' within a time', range],
    [' as of a moment', { asOf: [{ partition: 0, last: 2 ** 40, missing: [{ first: 3, last: 4 }] }] }],
  ] as const

  test.each(
    orders.flatMap((order) => times.map(([name, time]) => [`${order}${name}`, order, time] as const)),
  )('a page, one after a key, one at depth, %s', async (_name, order, time) => {
    const { queries, made, plans } = explained()
    /** A statement that was made before is not made again. */
    let known: string[] = []
    const plan = () => {
      known = plans().at(-1) ?? known
      return known
    }
    const page: FindQuery = { filter: { tenant, ...filter, ...time }, order, limit: 3 }
    const lower = 'from' in time ? ' AND key>?' : ''
    const upper = 'to' in time ? ' AND key<?' : ''
    const search = `SEARCH activities USING ${reads} ${index}`
    const found = await queries.find(page)
    expectIndexed(plan(), `${search}${lower}${upper})`)
    await queries.find({ ...page, skip: 1_000_000 })
    // all of a tenant is read without looking for its end
    const isAll = index.startsWith('byTime') && !('from' in time)
    const atDepth = isAll ? search.replace('tenant=', order === 'desc' ? 'tenant<' : 'tenant>') : search
    expectIndexed(plan(), `${atDepth}${lower}${upper})`)
    await queries.find({ ...page, after: found[0]!.key })
    // of two bounds at the same end SQLite would use the first, and read all that lies between
    for (const select of made.join().split('FROM activities INDEXED')) {
      expect(select.match(/ key >/g)?.length ?? 0).toBeLessThanOrEqual(1)
      expect(select.match(/ key </g)?.length ?? 0).toBeLessThanOrEqual(1)
    }
    expectIndexed(plan(), `${search}${order === 'asc' ? ` AND key>?${upper}` : `${lower} AND key<?`})`)
    await queries.count(page.filter, 10_001)
    expectIndexed(plan(), `${search}${lower}${upper})`)
  })

  test('and by metadata within it', async () => {
    const { matching, plans } = explained()
    const metadata = [{ path: ['n'], value: '1' }]
    await findMatching(matching, { filter: { tenant, ...filter, metadata }, order: 'desc', limit: 3 })
    await countMatching(matching, { tenant, ...filter, metadata })
    for (const plan of plans().slice(-1)) expectIndexed(plan, `SEARCH activities USING ${reads} ${index})`)
  })
})

test('the actions that begin with something are looked up one index step each', () => {
  const { lookups } = explained()
  expect(lookups.flat().filter((step) => !/USING (COVERING )?INDEX by|PRIMARY KEY/.test(step))).toEqual([])
  expect(lookups.flat().join('\n')).toContain('COVERING INDEX byAction (tenant=? AND action>?)')
})
