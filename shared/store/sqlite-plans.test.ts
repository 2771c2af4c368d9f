import type { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import type { Filter } from '../filter.ts'
import { openSqliteFile, transaction } from '../sqlite/file.ts'
import { recorded } from '../testing/builders.ts'
import type { FindQuery } from './activities.ts'
import { createSqliteLedger } from './sqlite-ledger.ts'
import { createLongReads } from './sqlite-long-reads.ts'
import { migrations } from './sqlite-migrations.ts'
import { createSqliteQueries } from './sqlite-query.ts'
import { createSqliteSave } from './sqlite-save.ts'

const tenant = 'default'

/** The verbs, and the plans of SQLite for each statement that they make. */
function explained() {
  const db = openSqliteFile({ path: ':memory:', migrations })
  const save = createSqliteSave(db, createSqliteLedger(db))
  transaction(db, () => {
    for (let n = 0; n < 6; n++) save(recorded({ id: `id-${n}`, userId: 'u', action: `a${n}`, metadata: { n } }, n))
  })
  const made: string[] = []
  const watched = {
    prepare(text: string) {
      made.push(text)
      return db.prepare(text)
    },
  } as DatabaseSync
  const queries = createSqliteQueries(watched)
  const reads = createLongReads(watched)
  const lookups = made.splice(0)
  const explain = (text: string) =>
    db
      .prepare(`EXPLAIN QUERY PLAN ${text}`)
      .all()
      .map(({ detail }) => String(detail))
  return { queries, reads, lookups: lookups.map(explain), plans: () => made.splice(0).map(explain) }
}

/** Checks that a plan uses only the given index range, and only the key of a row, and sorts nothing. */
function expectIndexed(plan: readonly string[], search: string) {
  const [keys, ...others] = plan.filter((step) => /activities/.test(step) && !/PRIMARY KEY \(key=\?\)/.test(step))
  expect(keys).toBe(search)
  for (const other of others) expect(other).toBe(search)
  const scanned = plan.filter((step) => /^SCAN/.test(step))
  for (const step of scanned) expect(step).toMatch(/^SCAN \(subquery-\d+\)$/)
  expect(plan.join('\n')).not.toContain('TEMP B-TREE')
}

const range = { from: 1, to: 2 ** 45 }
const shapes: [what: string, filter: Partial<Filter>, index: string, reading: string][] = [
  ['no filter', {}, 'byTime (tenant=?', 'COVERING INDEX'],
  ['a user', { userId: 'u' }, 'byUser (tenant=? AND userId=?', 'COVERING INDEX'],
  ['an action', { actions: [{ exact: 'a1' }] }, 'byAction (tenant=? AND action=?', 'COVERING INDEX'],
  [
    'several actions',
    { actions: [{ exact: 'a1' }, { exact: 'a2' }] },
    'byAction (tenant=? AND action=?',
    'COVERING INDEX',
  ],
  ['a prefix of actions', { actions: [{ prefix: 'a' }] }, 'byAction (tenant=? AND action=?', 'COVERING INDEX'],
  // actions are filtered within the index range of the user
  ['a user and an action', { userId: 'u', actions: [{ prefix: 'a' }] }, 'byUser (tenant=? AND userId=?', 'INDEX'],
]

describe.each(shapes)('SQLite answers from an index: %s', (_what, filter, index, reading) => {
  const orders = ['desc', 'asc'] as const
  const times = [
    ['', {}],
    [' within a time', range],
    [' as of a snapshot', { snapshot: [{ partition: 0, last: 4, missing: [{ first: 0, last: 0 }] }] }],
  ] as const

  test.each(
    orders.flatMap((order) => times.map(([name, time]) => [`${order}${name}`, order, time] as const)),
  )('a page, one after a key, one at depth, %s', async (_name, order, time) => {
    const { queries, reads, plans } = explained()
    const page: FindQuery = { filter: { tenant, ...filter, ...time }, order, limit: 3 }
    const isRange = 'from' in time
    const search = (lower: boolean, upper: boolean) =>
      `SEARCH activities USING ${reading} ${index}${lower ? ' AND key>?' : ''}${upper ? ' AND key<?' : ''})`
    const isShort = !('snapshot' in time) && reading === 'COVERING INDEX'

    const short = await queries.find(page)
    expect(short !== undefined).toBe(isShort)
    const found = await reads.find(page)
    await reads.find({ ...page, skip: 1_000_000 })
    await reads.count(page.filter)
    await queries.count(page.filter, 10_001)
    const made = plans()
    expect(made.length).toBeGreaterThan(1)
    for (const plan of made) expectIndexed(plan, search(isRange, isRange))
    await reads.find({ ...page, after: found[0]!.key })
    await queries.find({ ...page, after: found[0]!.key })
    const after = plans()
    // statements are cached, so no plan is recorded for a repeated one
    expect(after.length > 0).toBe(!isRange)
    for (const plan of after) expectIndexed(plan, search(order === 'asc' || isRange, order === 'desc' || isRange))
  })

  test('and filters metadata within it', async () => {
    const { reads, plans } = explained()
    const metadata = [{ path: ['n'], value: '1' }]
    await reads.find({ filter: { tenant, ...filter, metadata }, order: 'desc', limit: 3 })
    await reads.count({ tenant, ...filter, metadata })
    const made = plans()
    expect(made).not.toEqual([])
    for (const plan of made) expectIndexed(plan, `SEARCH activities USING ${reading} ${index})`)
  })
})

test('looks up the actions with a prefix in one index step each', () => {
  const { lookups } = explained()
  expect(lookups.flat().filter((step) => !/USING (COVERING )?INDEX by|PRIMARY KEY/.test(step))).toEqual([])
  expect(lookups.flat().join('\n')).toContain('COVERING INDEX byAction (tenant=? AND action>?)')
})

test('looks up arrived records by their positions', () => {
  const { lookups } = explained()
  expect(lookups.flat().join('\n')).toContain('INDEX byPosition (partition=? AND (offset,key)>(?,?) AND offset<?)')
})

test.each(['asc', 'desc'] as const)('lists dead letters from a place on, %s', async (order) => {
  const { reads, plans } = explained()
  const filter = { tenant, reason: 'rejected', state: 'open', from: 1, to: 2 ** 45 } as const
  await reads.findDeadLetters({ filter, order, limit: 3 })
  const isRising = order === 'asc'
  const place = isRising ? '(firstAtMs,id)>(?,?) AND firstAtMs<?' : 'firstAtMs>? AND (firstAtMs,id)<(?,?)'
  expect(plans()).toEqual([[`SEARCH deadLetters USING INDEX byArrival (tenant=? AND ${place})`]])
})
