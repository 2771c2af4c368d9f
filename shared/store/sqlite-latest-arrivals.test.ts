import { expect, test } from 'vitest'
import { openSqliteFile } from '../sqlite/file.ts'
import { recorded } from '../testing/builders.ts'
import { aStoreFile } from '../testing/sqlite-test-store.ts'
import { openSqliteStore } from './sqlite.ts'
import { createSqliteLatestArrivals } from './sqlite-latest-arrivals.ts'
import { createLongReads } from './sqlite-long-reads.ts'
import { migrations } from './sqlite-migrations.ts'

/** A store, and the tenants whose arrivals it has read. */
function aStore(path = aStoreFile()) {
  const read: string[] = []
  const store = openSqliteStore({
    path,
    createReads(db) {
      const reads = createLongReads(db)
      const arrivals: typeof reads.arrivals = (query, gone) => {
        read.push(query.tenant)
        return reads.arrivals(query, gone)
      }
      return { ...reads, arrivals }
    },
  })
  const offsetsFrom = async (first: number, tenant: string) => {
    const found = await store.arrivals({ tenant, partition: 0, first, last: 100, limit: 10 })
    return found.map(({ position }) => position.offset)
  }
  return { store, read, offsetsFrom, path }
}

test('what is new of one tenant is not read for the others', async () => {
  const { store, read, offsetsFrom } = aStore()
  await store.save([recorded({ id: 'a' }, 1, 'one'), recorded({ id: 'b' }, 2, 'two')])
  expect(await offsetsFrom(3, 'one')).toEqual([])
  await store.save([recorded({ id: 'c' }, 3, 'one'), recorded({ id: 'd' }, 4, 'one')])
  expect(read).toEqual([])
  expect([await offsetsFrom(3, 'one'), await offsetsFrom(3, 'two'), await offsetsFrom(5, 'one')]).toEqual([
    [3, 4],
    [],
    [],
  ])
  expect(read).toEqual(['one'])
  await store[Symbol.asyncDispose]()
})

test('what was there before, comes at an earlier position, or at one that is taken, is found', async () => {
  const former = aStore()
  await former.store.save([recorded({ id: 'a' }, 1, 'one'), recorded({ id: 'b' }, 5, 'two')])
  await former.store[Symbol.asyncDispose]()
  const { store, offsetsFrom } = aStore(former.path)
  expect(await offsetsFrom(2, 'two')).toEqual([5])
  await store.save([recorded({ id: 'c' }, 5, 'one'), recorded({ id: 'd' }, 7, 'two'), recorded({ id: 'e' }, 3, 'two')])
  expect([await offsetsFrom(2, 'one'), await offsetsFrom(6, 'two'), await offsetsFrom(2, 'two')]).toEqual([
    [5],
    [7],
    [3, 5, 7],
  ])
  await store[Symbol.asyncDispose]()
})

test('tenants that are forgotten, since there are too many, may have something', () => {
  using db = openSqliteFile({ path: ':memory:', migrations })
  const { note, hasNone } = createSqliteLatestArrivals(db, 2)
  const isEmptyFrom = (first: number, tenant: string) => hasNone({ tenant, partition: 0, first })
  expect(isEmptyFrom(0, 'one')).toBe(true)
  note(['one', 'two', 'three'].map((tenant, offset) => recorded({}, offset, tenant)))
  expect([isEmptyFrom(0, 'one'), isEmptyFrom(1, 'one'), isEmptyFrom(2, 'one'), isEmptyFrom(2, 'three')]).toEqual([
    false,
    false,
    true,
    false,
  ])
})
