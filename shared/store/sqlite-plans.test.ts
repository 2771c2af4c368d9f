import type { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import type { Filter } from '../filter.ts'
import { openSqliteFile, transaction } from '../sqlite/file.ts'
import { recorded } from '../testing/builders.ts'
import type { FindQuery, RecordedActivity } from './activities.ts'
import { createSqliteLedger } from './sqlite-ledger.ts'
import { createLongReads } from './sqlite-long-reads.ts'
import { migrations } from './sqlite-migrations.ts'
import { createSqliteQueries } from './sqlite-query.ts'
import { createSqliteSave } from './sqlite-save.ts'

const tenant = 'default'

/** The verbs, and the plans of SQLite for each statement that they make. */
function explained() {
  const db = openSqliteFile({ path: ':memory:', migrations })
  const { saveOne } = createSqliteSave(db, createSqliteLedger(db))
  transaction(db, () => {
    for (let n = 0; n < 6; n++) saveOne(recorded({ id: `id-${n}`, userId: 'u', action: `a${n}`, metadata: { n } }, n))
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
  const saveAll = (all: readonly RecordedActivity[]) => transaction(db, () => all.forEach(saveOne))
  const plans = () => made.splice(0).map(explain)
  const ofRows = (plan: string[]) => plan.some((step) => /^(SEARCH|SCAN) activities /.test(step))
  return {
    queries,
    reads,
    saveAll,
    lookups: lookups.map(explain),
    plans: () => plans().filter(ofRows),
    allPlans: plans,
  }
}

const moment = String.raw`\(timestampMs,timestampNs,delayMs,sequence\)`
const lower = String.raw` AND ${moment}>\(\?,\?,\?,\?\)`
const upper = String.raw` AND ${moment}<\(\?,\?,\?,\?\)`

/** Checks that a plan uses only the given index range, and reads rows only by their place, and sorts nothing. */
function expectIndexed(plan: readonly string[], range: string, bounds: string) {
  const searched = plan.filter((step) => /activities/.test(step) && !/INTEGER PRIMARY KEY \(rowid=\?\)/.test(step))
  const search = new RegExp(String.raw`^SEARCH activities USING COVERING INDEX ${range}${bounds}\)$`)
  for (const step of searched) expect(step).toMatch(search)
  const scanned = plan.filter((step) => /^SCAN/.test(step))
  for (const step of scanned) expect(step).toMatch(/^SCAN \(subquery-\d+\)$/)
  expect(plan.join('\n')).not.toContain('TEMP B-TREE')
}

const range = { from: 1n, to: 2n ** 62n }
const byAction = String.raw`byAction \(tenant=\? AND action=\?`
const shapes: [what: string, filter: Partial<Filter>, index: string][] = [
  ['no filter', {}, String.raw`byTime \(tenant=\?`],
  ['a user', { userId: 'u' }, String.raw`byUser \(tenant=\? AND user=\?`],
  ['an action', { actions: [{ exact: 'a1' }] }, byAction],
  ['several actions', { actions: [{ exact: 'a1' }, { exact: 'a2' }] }, byAction],
  ['a prefix of actions', { actions: [{ prefix: 'a' }] }, byAction],
  [
    'a user and an action',
    { userId: 'u', actions: [{ prefix: 'a' }] },
    String.raw`byUserAction \(tenant=\? AND user=\? AND action=\?`,
  ],
]

describe.each(shapes)('SQLite answers from an index: %s', (_what, filter, index) => {
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
    const page: FindQuery = { filter: { tenant, ...filter, ...time }, order, limit: 1 }
    const isRange = 'from' in time

    expect(queries.find(page) !== undefined).toBe(!('snapshot' in time))
    const found = await reads.find(page)
    await reads.find({ ...page, skip: 1_000_000 })
    await reads.count(page.filter)
    queries.count(page.filter, 10_001)
    const made = plans()
    expect(made.length).toBeGreaterThan(1)
    for (const plan of made) expectIndexed(plan, index, isRange ? `${lower}${upper}` : `(${lower})?(${upper})?`)
    await reads.find({ ...page, after: found[0]!.key })
    queries.find({ ...page, after: found[0]!.key })
    const after = plans()
    // statements are cached, so no plan is recorded for a repeated one
    expect(after.length > 0).toBe(!isRange)
    const behind = order === 'asc' ? `${lower}(${upper})?` : `(${lower})?${upper}`
    for (const plan of after) expectIndexed(plan, index, isRange ? `${lower}${upper}` : behind)
  })

  test('and filters metadata within it', async () => {
    const { reads, plans } = explained()
    const metadata = [{ path: ['n'], value: '1' }]
    await reads.find({ filter: { tenant, ...filter, metadata }, order: 'desc', limit: 3 })
    await reads.count({ tenant, ...filter, metadata })
    const made = plans()
    expect(made).not.toEqual([])
    for (const plan of made) expectIndexed(plan, index, '')
  })
})

test('examines rows in the order of time if too many actions begin with the prefixes', async () => {
  const { reads, saveAll, plans } = explained()
  saveAll(Array.from({ length: 400 }, (_, n) => recorded({ id: `many-${n}`, action: `${'xyz'[n % 3]}.${n}` }, 100 + n)))
  const actions = [{ prefix: 'x.' }, { prefix: 'y.' }, { prefix: 'z.' }]
  const found = await reads.find({ filter: { tenant, actions }, order: 'asc', limit: 1000 })
  expect(found).toHaveLength(400)
  expect(await reads.count({ tenant, actions })).toBe(400)
  const [page] = plans()
  expect(page).toContain('SEARCH activities USING INDEX byTime (tenant=?)')
})

test('looks up the actions with a prefix in one range of their names', () => {
  const { lookups } = explained()
  expect(
    lookups.flat().filter((step) => !/USING (COVERING )?INDEX |PRIMARY KEY|^(SCALAR|LIST) |^SCAN json_each/.test(step)),
  ).toEqual([])
  expect(lookups.flat().join('\n')).toMatch(/SEARCH actions USING COVERING INDEX \w+ \(tenant=\? AND name>\?\)/)
})

test('looks up arrived records by their positions', () => {
  const { lookups } = explained()
  expect(lookups.flat().join('\n')).toContain('SEARCH activities USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)')
  expect(lookups.flat().join('\n')).toContain('INDEX byPosition (partition=? AND offset>? AND offset<?)')
})

test('counters tell numbers and distant pages in ranges of their own, and nothing reads all activities', async () => {
  const { reads, saveAll, allPlans } = explained()
  saveAll(Array.from({ length: 3000 }, (_, n) => recorded({ id: `many-${n}`, action: `a${n % 3}` }, 100 + n)))
  allPlans()
  const filters: Partial<Filter>[] = [{}, { actions: [{ prefix: 'a' }] }, { excluded: [{ exact: 'a1' }] }, range]
  for (const each of filters) {
    const filter = { tenant, ...each }
    await reads.count(filter)
    await reads.find({ filter, order: 'desc', limit: 1, skip: 2500 })
    await reads.stats({ filter, by: 'action', limit: 10 })
    await reads.stats({ filter, by: 'hour', timezone: 'Asia/Kolkata', limit: 10 })
  }
  await reads.stats({ filter: { tenant }, by: 'userId', limit: 10, after: { key: 'm', count: 3 } })
  const steps = allPlans().flat()
  const counters = steps.filter((step) => /(SEARCH|SCAN) (counts|users)/.test(step))
  expect(counters.length).toBeGreaterThan(5)
  for (const step of counters) {
    expect(step).toMatch(
      /^SEARCH (counts USING PRIMARY KEY \(tenant=\? AND unit=\? AND action=\?|users USING .*usersByActivities \(tenant=\? AND activities)/,
    )
  }
  expect(steps.filter((step) => /SCAN activities/.test(step))).toEqual([])
})

test.each(['asc', 'desc'] as const)('lists dead letters from a place on, %s', async (order) => {
  const { reads, allPlans } = explained()
  const filter = { tenant, reason: 'rejected', state: 'open', from: 1, to: 2 ** 45 } as const
  await reads.findDeadLetters({ filter, order, limit: 3 })
  const isRising = order === 'asc'
  const place = isRising ? '(firstAtMs,id)>(?,?) AND firstAtMs<?' : 'firstAtMs>? AND (firstAtMs,id)<(?,?)'
  expect(allPlans()).toEqual([[`SEARCH deadLetters USING INDEX byArrival (tenant=? AND ${place})`]])
})
