import { DatabaseSync } from 'node:sqlite'
import { StartError } from '../config.ts'

/**
 * The commit after which the write-ahead log has so many pages copies them to the file, which takes about 6 ms for a
 * thousand of them.
 */
const maxLogPages = 1_000

export type SqliteFileOptions = {
  /** A path, or ':memory:'. */
  path: string
  /** Each migration is applied once, in order; the file stores how many it has had. */
  migrations: readonly string[]
  /**
   * FULL: a commit is on disk when it returns. NORMAL: it is on disk with the next FULL one; use it for repeatable
   * work.
   */
  synchronous?: 'FULL' | 'NORMAL'
  /** Whether a new file can give back free pages. */
  canShrink?: boolean
}

/** Opens a database with a write-ahead log. Throws StartError if the file cannot be used. */
export function openSqliteFile(options: SqliteFileOptions): DatabaseSync {
  const { path, migrations, synchronous = 'FULL', canShrink = false } = options
  try {
    const db = new DatabaseSync(path)
    db.exec(`PRAGMA busy_timeout = 5000; PRAGMA synchronous = ${synchronous}`)
    db.exec(`PRAGMA wal_autocheckpoint = ${maxLogPages}`)
    if (canShrink) db.exec('PRAGMA auto_vacuum = INCREMENTAL')
    const { journal_mode: mode } = db.prepare('PRAGMA journal_mode = WAL').get() as { journal_mode: string }
    if (mode !== 'wal' && path !== ':memory:')
      throw new Error(`the file system does not allow a write-ahead log (${mode})`)
    migrate(db, migrations)
    return db
  } catch (error) {
    throw cannotUse(path, error)
  }
}

export const isOfSqlite = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ERR_SQLITE_ERROR'

/** SQLite's code for a `-shm` file that cannot grow. */
const noSharedMemory = 4874

/** Says in plain words why a file cannot be used. */
export function cannotUse(path: string, error: unknown): StartError {
  const { message, errcode } = error as Error & { errcode?: number }
  const reason = errcode === noSharedMemory ? `the disk is full (${message})` : message
  return new StartError(`Cannot use the database ${path}: ${reason}`, { cause: error })
}

/** Sets how much of a file is kept in memory. By default it is 2 MiB, too little for a jump to a distant page. */
export function setCache(db: DatabaseSync, cacheMiB: number): void {
  db.exec(`PRAGMA cache_size = ${-1024 * cacheMiB}`)
}

/** Commits all changes of `work`, or none if it throws. */
export function transaction<Result>(db: DatabaseSync, work: () => Result): Result {
  db.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    // on a full disk SQLite has already rolled back by itself
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

function migrate(db: DatabaseSync, migrations: readonly string[]) {
  const { user_version: seen } = db.prepare('PRAGMA user_version').get() as { user_version: number }
  if (seen > migrations.length) throw new Error('it was written by a newer version of the activity log')
  if (seen === migrations.length) return
  transaction(db, () => {
    for (const migration of migrations.slice(seen)) db.exec(migration)
    db.exec(`PRAGMA user_version = ${migrations.length}`)
  })
}
