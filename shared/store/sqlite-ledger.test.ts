import { expect, test } from 'vitest'
import { coveredBy, noCounts } from '../ledger-summary.ts'
import { openSqliteFile } from '../sqlite/file.ts'
import { createSqliteLedger } from './sqlite-ledger.ts'
import { migrations } from './sqlite-migrations.ts'

function aLedger() {
  const db = openSqliteFile({ path: ':memory:', migrations })
  const ledger = createSqliteLedger(db)
  for (const offset of [3, 4, 9]) {
    ledger.write({ position: { partition: 0, offset }, outcome: 'rejected', tenant: 'default' })
  }
  return { db, ledger }
}

test('abandons offsets even if many compact at the same time', async () => {
  const { ledger } = aLedger()
  const compactions = () => Array.from({ length: 5 }, () => ledger.compact(0, true))
  await Promise.all([...compactions(), ledger.abandon(0, 3), ...compactions()])
  expect((await ledger.read()).partitions).toMatchObject([
    { completeThrough: 4, abandoned: 3, missing: [{ first: 5, last: 8 }], counts: { rejected: 3 } },
  ])
})

test('a compaction may wait for the next commit, which stays durable', async () => {
  const { db, ledger } = aLedger()
  await ledger.compact(0, true)
  expect(db.prepare('SELECT ranges FROM ledger').all()).toHaveLength(1)
  expect(db.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 })
})

test('others get their turn while many records are counted', async () => {
  const { db, ledger } = aLedger()
  const between = { first: 30_000, last: 30_000, counts: { ...noCounts, rejected: 1 } }
  db.prepare('INSERT INTO ledger VALUES (1, ?)').run(JSON.stringify([between]))
  db.exec(`WITH RECURSIVE offsets (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM offsets WHERE n < 60000)
    INSERT INTO outcomes SELECT 1, n, 'rejected', 'default', NULL, NULL, NULL FROM offsets WHERE n <> 30000`)
  let turns = 0
  const tick = () => {
    turns++
    next = setImmediate(tick)
  }
  let next = setImmediate(tick)
  const { partitions } = await ledger.read()
  clearImmediate(next)
  // each of 20,000 rows takes a microsecond
  expect(turns).toBeGreaterThan(15)
  expect(partitions).toMatchObject([{ partition: 0 }, { partition: 1, first: 0, uncounted: true }])
})

test('a partition that is quiet is compacted to its end, however much is left', async () => {
  const { db, ledger } = aLedger()
  db.exec(`WITH RECURSIVE offsets (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM offsets WHERE n < 50000)
    INSERT INTO outcomes SELECT 1, n, 'rejected', 'default', NULL, NULL, NULL FROM offsets`)
  await ledger.compact(1, true)
  const { ranges } = db.prepare('SELECT ranges FROM ledger WHERE partition = 1').get() as { ranges: string }
  expect(JSON.parse(ranges)).toEqual([{ first: 0, last: 50_000, counts: { ...noCounts, rejected: 50_001 } }])
})

/** Compacted records at 0, 100,000 and 200,000, and then `perGap` others in each gap, and five after them. */
async function aLedgerWithGaps(perGap: number, step: number) {
  const { db, ledger } = aLedger()
  const at = (offset: number) =>
    ({ position: { partition: 1, offset }, outcome: 'rejected', tenant: 'default' }) as const
  for (const offset of [0, 100_000, 200_000]) ledger.write(at(offset))
  await ledger.compact(1, true)
  db.exec(`WITH RECURSIVE offsets (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM offsets WHERE n < ${perGap - 1})
    INSERT INTO outcomes SELECT 1, gap * 100000 + 2 + n * ${step}, 'rejected', 'default', NULL, NULL, NULL
    FROM offsets, (SELECT 0 AS gap UNION ALL SELECT 1)`)
  for (let n = 1; n <= 5; n++) ledger.write(at(200_000 + n))
  return { db, ledger }
}

test('no more is counted at once in many gaps than in one, and what follows them is counted', async () => {
  const { ledger } = await aLedgerWithGaps(25_000, 2)
  await ledger.compact(1, true)
  const { partitions } = await ledger.read()
  expect(partitions[1]).toMatchObject({ last: 200_005, uncounted: true, counts: { rejected: 20_008 } })
})

test('a partition that is quiet is compacted in all its gaps, however much is in them', async () => {
  const { db, ledger } = await aLedgerWithGaps(25_000, 1)
  await ledger.compact(1, true)
  const { ranges } = db.prepare('SELECT ranges FROM ledger WHERE partition = 1').get() as { ranges: string }
  expect(coveredBy(JSON.parse(ranges))).toBe(50_008)
})

test('what is not counted yet is counted before the rest is abandoned', async () => {
  const { ledger } = await aLedgerWithGaps(15_000, 1)
  await ledger.abandon(1, 200_006)
  const { partitions } = await ledger.read()
  expect(partitions[1]).toMatchObject({ counts: { rejected: 30_008 }, abandoned: 169_998, missing: [] })
})
