import { deepStrictEqual } from 'node:assert'
import { join } from 'node:path'
import type { HashId } from '../key.ts'
import { linesOf } from '../store/lines.ts'
import { openSqliteStore } from '../store/sqlite.ts'
import { checkCounts } from '../store/sqlite-check.ts'
import { createLongReads } from '../store/sqlite-long-reads.ts'
import type { ActivityStore } from '../store/store.ts'
import { aFolder } from './processes.ts'

/** The path of a file that does not exist yet. */
export const aStoreFile = (): string => join(aFolder(), 'store.db')

/** So few that some activities of a test are counted, and others are not. */
const countedAtOnce = 3

/** An empty store in a file, as in production. */
export const openTestStore = (options: { hash?: HashId } = {}): ActivityStore =>
  openSqliteStore({ path: aStoreFile(), countedAtOnce, ...options })

/**
 * A store without a file and a thread, for tests that need many of them, or use a simulated clock: the start of a thread
 * takes longer than most tests. Its disposal rejects if its counters differ from its activities.
 */
export const openMemoryStore = (): ActivityStore =>
  openSqliteStore({
    path: ':memory:',
    countedAtOnce,
    createReads: (db) => ({
      ...createLongReads(db),
      async [Symbol.asyncDispose]() {
        deepStrictEqual(
          [...checkCounts(db)].flatMap(({ differences }) => differences),
          [],
        )
      },
    }),
  })

/** A store that finds in another way, also what it exports. */
export const withFind = (store: ActivityStore, find: ActivityStore['find']): ActivityStore => ({
  ...store,
  find,
  findLines: linesOf(find),
})
