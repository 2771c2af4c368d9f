import { join } from 'node:path'
import type { HashId } from '../key.ts'
import { openSqliteStore } from '../store/sqlite.ts'
import { createLongReads } from '../store/sqlite-long-reads.ts'
import type { ActivityStore } from '../store/store.ts'
import { aFolder } from './processes.ts'

/** The path of a file that does not exist yet. */
export const aStoreFile = (): string => join(aFolder(), 'store.db')

/** An empty store in a file, as in production. */
export const openTestStore = (options: { hash?: HashId } = {}): ActivityStore =>
  openSqliteStore({ path: aStoreFile(), ...options })

/**
 * A store without a file and a thread, for tests that need many of them, or use a simulated clock: the start of a thread
 * takes longer than most tests.
 */
export const openMemoryStore = (): ActivityStore =>
  openSqliteStore({ path: ':memory:', createReads: (db) => createLongReads(db) })
