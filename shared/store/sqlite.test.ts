import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { StartError } from '../config.ts'
import { aDeadLetter, deadLettersOf, recorded } from '../testing/builders.ts'
import { aStoreFile, openMemoryStore, openTestStore } from '../testing/sqlite-test-store.ts'
import { openSqliteStore } from './sqlite.ts'
import { createLongReads, type LongReads } from './sqlite-long-reads.ts'
import { migrations } from './sqlite-migrations.ts'
import { testActivityStore } from './store.testsuite.ts'
import { testStoredOutcomes } from './stored-outcome.testsuite.ts'

describe('SQLite store', () => testActivityStore(async (options) => openTestStore(options)))

testStoredOutcomes(async () => {
  const path = aStoreFile()
  const store = openSqliteStore({ path })
  const removeByHand = async (id: string) => {
    using db = new DatabaseSync(path)
    db.prepare('DELETE FROM activities WHERE id = ?').run(id)
  }
  return { store, removeByHand }
})

test('a stored activity has no row of its own', async () => {
  const path = aStoreFile()
  await using store = openSqliteStore({ path })
  await store.save([recorded({ id: 'a' }), recorded({ id: 'b' })])
  using db = new DatabaseSync(path)
  expect(db.prepare('SELECT count(*) AS n FROM outcomes').get()).toEqual({ n: 0 })
})

test.each([
  ['a few actions does not leave the thread', 5, []],
  ['many actions, which takes long to merge, goes to the reading thread', 25, ['find', 'count']],
])('a list of %s', async (_what, count, expected) => {
  const asked: string[] = []
  const createReads = (db: DatabaseSync) => {
    const reads = createLongReads(db)
    const find: LongReads['find'] = (query) => {
      asked.push('find')
      return reads.find(query)
    }
    const countAll: LongReads['count'] = (...query) => {
      asked.push('count')
      return reads.count(...query)
    }
    return { ...reads, find, count: countAll }
  }
  await using store = openSqliteStore({ path: aStoreFile(), createReads })
  const names = Array.from({ length: count }, (_, n) => `action-${n}`)
  await store.save(names.map((action, offset) => recorded({ id: action, action }, offset)))
  const filter = { tenant: 'default', actions: names.map((exact) => ({ exact })) }
  expect(await store.find({ filter, order: 'asc', limit: 100 })).toHaveLength(count)
  expect(await store.count(filter, 100)).toBe(count)
  expect(asked).toEqual(expected)
})

test('a list of open dead letters has none that is closed while it is read', async () => {
  await using store = openMemoryStore()
  const letters = ['a', 'b', 'c', 'd'].map((body, at) => aDeadLetter({ body: Buffer.from(body), at: new Date(at) }))
  await store.deadLetter(letters)
  const [first] = await deadLettersOf(store)
  let steps = 0
  // called before the ids are looked for, and again before their rows are read
  const gone = () => {
    if (++steps === 2)
      void store.resolve('default', first?.id as string, { state: 'discarded', note: 'x', at: new Date() })
    return new AbortController().signal
  }
  const query = { filter: { tenant: 'default', state: 'open' }, order: 'asc', limit: 2 } as const
  const found = await store.findDeadLetters(query, gone)
  expect(found.map(({ deadLetter: { body } }) => String.fromCharCode(...body))).toEqual(['b', 'c'])
})

test.each(['rows', 'dead letters'])('one large list after another holds %s in the reading thread', async (what) => {
  const reads = Promise.withResolvers<LongReads>()
  await using store = openSqliteStore({
    path: aStoreFile(),
    createReads(db) {
      const made = createLongReads(db)
      reads.resolve(made)
      return made
    },
  })
  const many = Array.from({ length: 300 }, (_, offset) => ({ position: { partition: 0, offset } }))
  await store.save(many.map(({ position }) => ({ ...recorded({ id: `${position.offset}` }), position })))
  await store.deadLetter(many.map(aDeadLetter))
  const { find, findDeadLetters } = await reads.promise
  const query = { filter: { tenant: 'default' }, order: 'asc', limit: 300 } as const
  let turn = 0
  const endedIn: number[] = []
  const lists = Array.from({ length: 20 }, async () => {
    const found = await (what === 'rows' ? find(query) : findDeadLetters(query))
    expect(found).toHaveLength(300)
    endedIn.push(turn)
  })
  while (endedIn.length < lists.length) {
    await new Promise(setImmediate)
    turn++
  }
  await Promise.all(lists)
  // each takes three turns; otherwise all of them would have begun before one is over, and end in 20 turns
  expect(turn - (endedIn[0] as number)).toBeGreaterThan(2 * lists.length)
})

test('the lines of an export are made in the reading thread, also a few of them', async () => {
  let parts = 0
  const createReads = (db: DatabaseSync) => {
    const reads = createLongReads(db)
    const findLines: LongReads['findLines'] = (query) => {
      parts++
      return reads.findLines(query)
    }
    return { ...reads, findLines }
  }
  await using store = openSqliteStore({ path: aStoreFile(), createReads })
  await store.save([recorded({ id: 'a' })])
  const { examined } = await store.findLines({
    filter: { tenant: 'default' },
    order: 'asc',
    limit: 1,
    format: 'csv',
    maxBytes: 1,
  })
  expect([examined, parts]).toEqual([1, 1])
})

test('a name whose transaction failed gets a number again', async () => {
  await using store = openTestStore()
  const good = recorded({ id: 'a', userId: 'ann', action: 'new' })
  const bad = recorded({ id: 'b', timestamp: 'never' })
  await expect(store.save([good, bad])).rejects.toThrow()
  expect(await store.save([good])).toEqual(['stored'])
  expect((await store.get('default', 'a'))?.activity).toMatchObject({ userId: 'ann', action: 'new' })
  expect(await store.find({ filter: { tenant: 'default', userId: 'ann' }, order: 'asc', limit: 1 })).toHaveLength(1)
})

describe('SQLite store in a file', () => {
  test('finds activities that were saved before it was closed', async () => {
    const path = aStoreFile()
    {
      await using store = openSqliteStore({ path })
      await store.save([recorded({ id: 'a' })])
    }
    await using again = openSqliteStore({ path })
    expect(await again.get('default', 'a')).toMatchObject({ activity: { id: 'a' } })
  })

  test('finds activities in a file of an older version, also at a snapshot', async () => {
    const path = aStoreFile()
    {
      using older = new DatabaseSync(path)
      for (const migration of migrations.slice(0, 2)) older.exec(migration)
      older.exec('PRAGMA user_version = 2')
      older.exec(`INSERT INTO activities VALUES
        ('01HM6A3X000000000000000000', 'default', 'a', 'ann', 'login', 1705312800000, NULL, NULL, 1705312800000, 0, 0, 'x'),
        ('01HM6A3X010000000000000000', 'default', 'b', 'ann', 'login', 1705312800000, NULL, NULL, 1705312800000, 0, 1, 'y')`)
    }
    await using store = openSqliteStore({ path })
    const filter = { tenant: 'default', userId: 'ann', snapshot: [{ partition: 0, last: 0, missing: [] }] }
    expect(await store.find({ filter, order: 'asc', limit: 9 })).toMatchObject([{ activity: { id: 'a' } }])
  })

  test('throws StartError for a file that it cannot use', () => {
    expect(() => openSqliteStore({ path: '/no/such/folder/store.db' })).toThrow(StartError)
  })

  test('does not touch a file of a newer version', async () => {
    const path = aStoreFile()
    using newer = new DatabaseSync(path)
    newer.exec('PRAGMA user_version = 99')
    expect(() => openSqliteStore({ path })).toThrow(/newer version/)
  })
})
