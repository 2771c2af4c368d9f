import { join } from 'node:path'
import { openSqliteStore } from '../store/sqlite.ts'
import { createLongReads } from '../store/sqlite-long-reads.ts'
import type { ActivityStore } from '../store/store.ts'
import { aFolder } from './processes.ts'

/** The path of a file that is not there yet. */
export const aStoreFile = (): string => join(aFolder(), 'store.db')

/** A store with nothing in it, as it is everywhere: in a file. */
export const openTestStore = (): ActivityStore => openSqliteStore({ path: aStoreFile() })

/** A store without a file and without a thread, for tests that need thousands of them, or whose time is not real. */
export const openMemoryStore = (): ActivityStore =>
  openSqliteStore({ path: ':memory:', createReads: (db) => createLongReads(db) })
