import type { DatabaseSync } from 'node:sqlite'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Filter, Order } from '../filter.ts'
import { hasRecord } from '../snapshot.ts'
import { openSqliteFile, transaction } from '../sqlite/file.ts'
import { recorded } from '../testing/builders.ts'
import { nanosecondsPerMs } from '../timestamp.ts'
import type { RecordedActivity } from './activities.ts'
import { checkCounts, recount } from './sqlite-check.ts'
import { createSqliteCounters } from './sqlite-counters.ts'
import { createSqliteJump } from './sqlite-jump.ts'
import { createSqliteLedger } from './sqlite-ledger.ts'
import { createLongReads } from './sqlite-long-reads.ts'
import { migrations } from './sqlite-migrations.ts'
import { createSqliteQueries } from './sqlite-query.ts'
import { createSqliteSave } from './sqlite-save.ts'

const tenant = 'default'
const base = Date.UTC(2024, 2, 29)
const minuteMs = 60_000

type Drawn = { minute: number; user: number; action: number; partition: number; offset: number }
const drawn: fc.Arbitrary<Drawn> = fc.record({
  // three days, and a distant one
  minute: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 4320 }) }, fc.constant(100_000)),
  user: fc.integer({ min: 0, max: 4 }),
  action: fc.integer({ min: 0, max: 3 }),
  // positions that are unknown, and some that two records have
  partition: fc.constantFrom(-1, 0, 0, 0, 1, 1000),
  offset: fc.integer({ min: 0, max: 60 }),
})

const toRecorded = ({ minute, user, action, partition, offset }: Drawn, n: number): RecordedActivity => ({
  ...recorded({
    id: `id-${n}`,
    userId: `user_${user}`,
    action: `act.${action}`,
    timestamp: new Date(base + minute * minuteMs).toISOString(),
  }),
  sequence: n,
  position: { partition, offset },
})

function opened() {
  const db = openSqliteFile({ path: ':memory:', migrations })
  const { saveOne } = createSqliteSave(db, createSqliteLedger(db))
  const count = createSqliteCounters(db)
  return {
    db,
    save: (all: readonly RecordedActivity[]) => transaction(db, () => all.map(saveOne)),
    count: (max: number) => transaction(db, () => count(max)),
  }
}

const differences = (db: DatabaseSync) => [...checkCounts(db)].flatMap(({ differences }) => differences)

/** Makes a log of which a part is counted, then more is saved, something is deleted, and more is counted. */
function logOf(all: readonly Drawn[], counted: number) {
  const log = opened()
  const records = all.map(toRecorded)
  const half = records.length >> 1
  log.save(records.slice(0, half))
  log.count(counted)
  log.save(records.slice(half))
  log.db.exec("DELETE FROM activities WHERE id = 'id-1'")
  log.count(counted >> 1)
  return log
}

const minute = fc.option(fc.integer({ min: 0, max: 4400 }), { nil: undefined })
const filters = fc
  .record({ from: minute, to: minute, action: fc.constantFrom('', 'act.1', 'act.', '!act.2'), isAsOf: fc.boolean() })
  .map(({ from, to, action, isAsOf }): Filter => {
    const ns = (minute: number) => BigInt(base + minute * minuteMs) * nanosecondsPerMs
    return {
      tenant,
      ...(from !== undefined && { from: ns(from) }),
      ...(to !== undefined && { to: ns(to) }),
      ...(action === 'act.1' && { actions: [{ exact: action }] }),
      ...(action === 'act.' && { actions: [{ prefix: action }] }),
      ...(action.startsWith('!') && { excluded: [{ exact: action.slice(1) }] }),
      ...(isAsOf && { snapshot: [{ partition: 0, last: 30, missing: [{ first: 3, last: 7 }] }] }),
    }
  })
const logs = fc.record({ all: fc.array(drawn, { maxLength: 60 }), counted: fc.integer({ min: 0, max: 70 }) })

/** Each makes a database. */
const numRuns = 50
const timeout = 120_000

describe('the counters of SQLite', { timeout }, () => {
  test('agree with the activities, whatever was saved, counted and deleted', () => {
    fc.assert(
      fc.property(logs, ({ all, counted }) => {
        const { db } = logOf(all, counted)
        expect(differences(db)).toEqual([])
        const found = db.prepare('SELECT count(*) AS n FROM activities').get() as { n: number }
        transaction(db, () => recount(db))
        expect(differences(db)).toEqual([])
        const { n } = db.prepare('SELECT coalesce(sum(activities), 0) AS n FROM users').get() as { n: number }
        expect(n).toBe(found.n)
      }),
      { numRuns },
    )
  })

  test('tell how many activities match, as the index does', async () => {
    await fc.assert(
      fc.asyncProperty(logs, filters, async ({ all, counted }, filter) => {
        const { db } = logOf(all, counted)
        const reads = createLongReads(db)
        const found = await reads.find({ filter, order: 'asc', limit: 100 })
        expect(await reads.count(filter)).toBe(found.length)
      }),
      { numRuns },
    )
  })

  test('take a snapshot with as many partitions as a ledger counts', async () => {
    const log = opened()
    const at = { minute: 0, user: 0, action: 0, partition: 0 }
    log.save([toRecorded({ ...at, offset: 5 }, 5), toRecorded({ ...at, offset: 50 }, 50)])
    log.count(100)
    const snapshot = Array.from({ length: 1_000 }, (_, partition) => ({ partition, last: 9, missing: [] }))
    const reads = createLongReads(log.db)
    const found = await reads.find({ filter: { tenant, snapshot }, order: 'desc', limit: 10 })
    expect(found.map(({ activity }) => activity.id)).toEqual(['id-5'])
  })

  test('tell which quarters have nothing of a snapshot', async () => {
    await fc.assert(
      fc.asyncProperty(logs, filters, fc.constantFrom('asc', 'desc'), async ({ all, counted }, filter, order) => {
        const { db } = logOf(all, counted)
        const { snapshot = [], ...others } = filter
        const reads = createLongReads(db)
        const inSnapshot = (await reads.find({ filter: others, order, limit: 100 })).filter(({ position }) =>
          hasRecord(snapshot, position),
        )
        const found = await reads.find({ filter: { ...others, snapshot }, order, limit: 100 })
        expect(found.map(({ key }) => key)).toEqual(inSnapshot.map(({ key }) => key))
      }),
      { numRuns },
    )
  })

  test('tell where a distant page begins', async () => {
    const orders: Order[] = ['asc', 'desc']
    await fc.assert(
      fc.asyncProperty(logs, filters, fc.constantFrom(...orders), async ({ all, counted }, filter, order) => {
        const { db } = logOf(all, counted)
        const queries = createSqliteQueries(db)
        const jump = createSqliteJump(queries)
        const source = queries.sourceOf(filter)
        const whole = await createLongReads(db).find({ filter, order, limit: 100 })
        for (let skip = 0; skip <= whole.length + 1; skip += 3) {
          const place = await jump(filter, order, skip, async () => {})
          if (!place) continue
          const rest = queries.steps.places(source, place.range, order).places.slice(place.toSkip)
          const keys = queries.rows.found(rest).map(({ key }) => key)
          expect(keys).toEqual(whole.slice(skip).map(({ key }) => key))
        }
      }),
      { numRuns },
    )
  })
})
