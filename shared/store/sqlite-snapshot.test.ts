import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { recorded } from '../testing/builders.ts'
import { aFolder } from '../testing/processes.ts'
import { openSqliteStore } from './sqlite.ts'
import { createLongReads } from './sqlite-long-reads.ts'
import { createSqliteSnapshots } from './sqlite-snapshot.ts'

test('rows are compared with no more partitions than the log has, however many a made-up snapshot names', async () => {
  const path = join(aFolder(), 'store.db')
  await using store = openSqliteStore({ path })
  const positions = [3, 5, 7, 40_000].flatMap((partition) => [0, 1].map((offset) => ({ partition, offset })))
  await store.save(positions.map((position, n) => ({ ...recorded({ id: `id-${n}` }), position })))
  using db = new DatabaseSync(path)
  const withoutNeedless = createSqliteSnapshots(db)
  const snapshot = Array.from({ length: 1_000 }, (_, partition) => ({
    partition,
    last: partition === 7 ? -1 : 0,
    missing: [],
  }))
  const filter = { tenant: 'default', snapshot }
  expect(withoutNeedless(filter).snapshot?.map(({ partition }) => partition)).toEqual([3, 5])
  const found = (await store.find({ filter, order: 'asc', limit: 10 })).map(({ position }) => position)
  // what the ledger does not count belongs to every snapshot
  const expected = positions.filter(({ partition, offset }) => partition === 40_000 || (partition < 7 && offset === 0))
  expect(found).toHaveLength(expected.length)
  expect(found).toEqual(expect.arrayContaining(expected))
})

test('what is saved while a read goes on belongs to no snapshot from before', async () => {
  const path = join(aFolder(), 'store.db')
  await using store = openSqliteStore({ path })
  const saveFrom = (first: number) =>
    store.save(Array.from({ length: 5 }, (_, n) => recorded({ id: `id-${first + n}`, userId: 'u' }, first + n)))
  await saveFrom(0)
  using db = new DatabaseSync(path)
  const reads = createLongReads(db)
  const filter = { tenant: 'default', userId: 'u', from: 0n, snapshot: [{ partition: 0, last: 4, missing: [] }] }
  const page = { filter, order: 'asc', limit: 100 } as const
  // each has found that nothing came after the snapshot, and waits for its turn
  const found = reads.find(page)
  const lines = reads.findLines({ ...page, format: 'ndjson', maxBytes: 100_000 })
  const counted = reads.count(filter)
  await saveFrom(5)
  expect(await found).toHaveLength(5)
  expect((await lines).examined).toBe(5)
  expect(await counted).toBe(5)
})
