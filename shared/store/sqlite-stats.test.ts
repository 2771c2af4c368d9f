import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSqliteFile, transaction } from '../sqlite/file.ts'
import { recorded } from '../testing/builders.ts'
import { openTestStore } from '../testing/sqlite-test-store.ts'
import { nanosecondsPerMs } from '../timestamp.ts'
import type { StatsQuery } from './activities.ts'
import { TooBroad } from './activities.ts'
import { maxKeys } from './name-counter.ts'
import { createSqliteLedger } from './sqlite-ledger.ts'
import { createLongReads } from './sqlite-long-reads.ts'
import { migrations } from './sqlite-migrations.ts'
import { createSqliteSave } from './sqlite-save.ts'
import type { ReadLimits } from './sqlite-time-slicer.ts'
import { StoreUnavailable } from './store.ts'

const tenant = 'default'
const base = Date.parse('2024-01-01T00:00:00Z')
const ns = BigInt(base) * nanosecondsPerMs
const count = 3000
const activities = Array.from({ length: count }, (_, n) =>
  recorded(
    {
      id: `${n}`,
      timestamp: new Date(base + n * 600_000).toISOString(),
      userId: `user_${n % 7}`,
      action: `act.${n % 3}`,
      metadata: { n: n % 2 },
    },
    n,
  ),
)

const shapes: [string, StatsQuery][] = [
  ['users', { filter: { tenant }, by: 'userId', limit: 10 }],
  ['actions', { filter: { tenant }, by: 'action', limit: 10 }],
  ['users within a time', { filter: { tenant, from: ns }, by: 'userId', limit: 10 }],
  ['users of an action', { filter: { tenant, actions: [{ exact: 'act.1' }] }, by: 'userId', limit: 10 }],
  ['actions of a user', { filter: { tenant, userId: 'user_1' }, by: 'action', limit: 10 }],
  ['actions', { filter: { tenant, actions: [{ prefix: 'act.' }] }, by: 'action', limit: 10 }],
  ['hours', { filter: { tenant }, by: 'hour', timezone: 'Europe/Berlin', limit: 1000 }],
  ['months', { filter: { tenant }, by: 'month', timezone: 'Europe/Berlin', limit: 1000 }],
  ['months of actions', { filter: { tenant, actions: [{ prefix: 'a' }] }, by: 'month', timezone: 'UTC', limit: 10 }],
  [
    'users with metadata',
    { filter: { tenant, from: ns, metadata: [{ path: ['n'], value: '1' }] }, by: 'userId', limit: 10 },
  ],
]

describe('counting over SQLite', () => {
  const store = openTestStore()
  beforeAll(() => store.save(activities))
  afterAll(() => store[Symbol.asyncDispose]())

  test.each(shapes)('counts everything in several steps: %s', async (_what, query) => {
    const { data, total } = await store.stats(query)
    expect(total).toBe(await store.count(query.filter))
    expect(data.reduce((sum, each) => sum + each.count, 0)).toBe(total)
    if (query.by === 'userId' && !query.filter.metadata) expect(data).toHaveLength(7)
  })

  function counting(limits: ReadLimits) {
    const db = openSqliteFile({ path: ':memory:', migrations })
    const { saveOne } = createSqliteSave(db, createSqliteLedger(db))
    transaction(db, () => activities.slice(0, 700).forEach(saveOne))
    return createLongReads(db, limits)
  }

  test.each(shapes)('is too broad when it takes too long: %s', async (_what, query) => {
    const reads = counting({ workMs: 0, answerMs: 20_000, graceMs: 0 })
    await expect(reads.stats(query)).rejects.toBeInstanceOf(TooBroad)
  })

  test('is unavailable instead of too broad if others have used up the time', async () => {
    const reads = counting({ workMs: 20_000, answerMs: -1, graceMs: 0 })
    await expect(reads.stats(shapes[0]![1])).rejects.toBeInstanceOf(StoreUnavailable)
  })

  test('reads only indexes if they contain what no counter tells', () => {
    const db = openSqliteFile({ path: ':memory:', migrations })
    const plans: string[] = []
    const explaining = new Proxy(db, {
      get(target, name) {
        if (name !== 'prepare') return Reflect.get(target, name)
        return (text: string) => {
          if (text.includes('count(*)')) {
            const plan = target.prepare(`EXPLAIN QUERY PLAN ${text}`).all() as { detail: string }[]
            plans.push(plan.map(({ detail }) => detail).join('; '))
          }
          return target.prepare(text)
        }
      },
    })
    const { saveOne } = createSqliteSave(db, createSqliteLedger(db))
    activities.slice(0, 2).forEach(saveOne)
    const reads = createLongReads(explaining)
    return Promise.all(shapes.slice(2, 3).map(([, query]) => reads.stats(query))).then(() => {
      expect(plans).toHaveLength(1)
      for (const plan of plans)
        expect(plan).toMatch(
          /SEARCH activities USING COVERING INDEX byUser \(tenant=\? AND \(\w+,timestampMs,timestampNs,delayMs,sequence\)>/,
        )
    })
  })
})

test('actions are counted even if somebody made more of them than are kept in memory', async () => {
  const db = openSqliteFile({ path: ':memory:', migrations })
  const { saveOne } = createSqliteSave(db, createSqliteLedger(db))
  const often = ['old', 'old', 'made.often', 'made.often', 'made.often']
  transaction(db, () => often.forEach((action, n) => void saveOne(recorded({ id: `${n}`, action }, n))))
  const made = 2 * maxKeys
  db.exec(`WITH RECURSIVE made (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM made WHERE n < ${made})
    INSERT INTO actions (tenant, name) SELECT 1, 'made.' || n FROM made;
    INSERT INTO counts SELECT 1, 2, number, 0, 1, 0, 0 FROM actions WHERE name GLOB 'made.[0-9]*'`)
  const stats = createLongReads(db, { workMs: 100_000, answerMs: 100_000, graceMs: 1000 }).stats
  const asked = (filter: object) => stats({ filter: { tenant, ...filter }, by: 'action', limit: 2 })
  const [newOne, old, first] = [
    { key: 'made.often', count: 3 },
    { key: 'old', count: 2 },
    { key: 'made.1', count: 1 },
  ]
  expect(await asked({})).toEqual({ data: [newOne, old], total: made + 5 })
  expect(await asked({ actions: [{ prefix: 'made.' }] })).toEqual({ data: [newOne, first], total: made + 3 })
  expect(await asked({ excluded: [{ exact: 'made.often' }] })).toEqual({ data: [old, first], total: made + 2 })
})

test('a snapshot that lacks much is not looked through once more for every few actions that somebody made', async () => {
  const db = openSqliteFile({ path: ':memory:', migrations })
  const { saveOne } = createSqliteSave(db, createSqliteLedger(db))
  const made = Array.from({ length: 2000 }, (_, n) => recorded({ id: `${n}`, action: `made.${n}` }, n))
  transaction(db, () => made.forEach((each) => void saveOne(each)))
  const statements: string[] = []
  const listening = new Proxy(db, {
    get(target, name) {
      if (name !== 'prepare') return Reflect.get(target, name).bind(target)
      return (text: string) => {
        const statement = target.prepare(text)
        return new Proxy(statement, {
          get: (of, verb) => {
            if (verb === 'all' || verb === 'get') statements.push(text)
            const value = Reflect.get(of, verb)
            return typeof value === 'function' ? value.bind(of) : value
          },
        })
      }
    },
  })
  const { stats } = createLongReads(listening)
  const filter = { tenant, snapshot: [{ partition: 0, last: 999, missing: [] }] }
  const { data, total } = await stats({ filter, by: 'action', limit: 1000 })
  expect(data).toHaveLength(1000)
  expect(total).toBe(1000)
  expect(statements.filter((text) => text.includes('place BETWEEN')).length).toBeLessThan(20)
  expect(statements.filter((text) => text.includes('FROM counts')).length).toBeLessThan(20)
})
