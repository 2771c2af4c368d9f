import { chmodSync, closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { exitData, StartError } from '@activity-log/shared/config.ts'
import { cannotUse, transaction } from '@activity-log/shared/sqlite/file.ts'

/** The files of a data folder do not belong together, or one of them is missing or damaged. */
export class DataError extends StartError {
  override name = 'DataError'
  override readonly exitCode = exitData
}

export type Role = 'queue' | 'store'

/** A database of the folder, open for this process alone. */
export type FolderFile = Disposable & {
  db: DatabaseSync
  path: string
  /** Whether the log never wrote to it: it was missing or empty. */
  isNew: boolean
  /** The id of the folder, which both files have. Earlier versions wrote none; `give` adds it. */
  id: string | undefined
  /** Whether the id is known to be in the other file, too. */
  isShared: boolean
  /** Every outcome from this offset on is in the store. Earlier versions did not store all outcomes. */
  since: number | undefined
  give(mark: { id: string; since: number; isShared: boolean }): void
}

/** How long a program that only reads a file, such as a backup, may keep the log from starting. */
const busyMs = 2_000

/**
 * Opens a database of the folder, which only its owner may read, and creates it if it is missing. SQLite gives the
 * permissions of a database to the files beside it. No other process can have the file open: this finds out even if
 * somebody deleted the lock of the folder.
 */
export function openFolderFile(folder: string, role: Role): FolderFile {
  const path = join(folder, `${role}.db`)
  let db: DatabaseSync | undefined
  try {
    closeSync(openSync(path, 'a', 0o600))
    chmodSync(path, 0o600)
    db = new DatabaseSync(path, { timeout: busyMs })
    db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT')
    return readFile(db, path, role)
  } catch (error) {
    db?.close()
    throw isBusy(error) ? inUse(folder, error) : toDataError(error, path)
  }
}

function readFile(db: DatabaseSync, path: string, role: Role): FolderFile {
  const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number }
  const tables = db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
    .all()
    .map(({ name }) => name)
  const mark = tables.includes('dataFolder')
    ? (db.prepare('SELECT id, role, since, isShared FROM dataFolder').get() as Mark | undefined)
    : undefined
  const isNew = version === 0 && tables.every((name) => name === 'dataFolder')
  const isOurs = version > 0 && tables.includes('records') === (role === 'queue')
  if ((mark && mark.role !== role) || (!isNew && !isOurs))
    throw new DataError(`${path} is not the ${role} of an activity log. ${putBack}`)
  return {
    db,
    path,
    isNew,
    id: mark?.id,
    isShared: mark?.isShared === 1,
    since: mark?.since,
    give({ id, since, isShared }) {
      transaction(db, () => {
        db.exec(`CREATE TABLE IF NOT EXISTS dataFolder (
          id TEXT NOT NULL, role TEXT NOT NULL, since INTEGER NOT NULL, isShared INTEGER NOT NULL
        ) STRICT`)
        db.exec('DELETE FROM dataFolder')
        db.prepare('INSERT INTO dataFolder VALUES (?, ?, ?, ?)').run(id, role, since, isShared ? 1 : 0)
      })
    },
    [Symbol.dispose]: () => db.close(),
  }
}

type Mark = { id: string; role: string; since: number; isShared: number }

export const putBack = 'Put back both files from one backup, or begin another log: DATA_DIR=./data-2 npm start'

/** SQLite's codes for a file that another connection uses, that is damaged, and that is no database. */
const [busy, corrupt, notADatabase] = [5, 11, 26]
const codeOf = (error: unknown) => ((error as { errcode?: number }).errcode ?? 0) & 0xff

export const isBusy = (error: unknown) => codeOf(error) === busy
export const isDamaged = (error: unknown) => [corrupt, notADatabase].includes(codeOf(error))

/** Says in plain words why a file can't be used. */
export function toDataError(error: unknown, path: string): Error {
  if (error instanceof StartError) return error
  if (!isDamaged(error)) return cannotUse(path, error)
  return new DataError(`${path} is damaged (${(error as Error).message}). ${putBack}`, { cause: error })
}

export const inUse = (folder: string, cause: unknown) =>
  new StartError(
    `Another activity log uses the folder ${folder}. Stop it, or use another: DATA_DIR=./data-2 PORT=3001 npm start`,
    { cause },
  )
