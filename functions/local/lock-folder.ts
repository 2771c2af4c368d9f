import { chmodSync, closeSync, existsSync, mkdirSync, openSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StartError } from '@activity-log/shared/config.ts'
import { inUse, isBusy, isDamaged } from './folder-file.ts'

/** Creates the folder, takes it from other users and locks it. Throws StartError if that is impossible. */
export function lockFolder(path: string): DatabaseSync {
  try {
    makeFolder(path)
    readdirSync(path)
  } catch (error) {
    throw new StartError(
      `Cannot create or read the folder ${path} (${(error as Error).message}). Choose another one with DATA_DIR.`,
      { cause: error },
    )
  }
  const file = join(path, 'lock.db')
  try {
    makePrivate(path)
    closeSync(openSync(file, 'a', 0o600))
    chmodSync(file, 0o600)
  } catch (error) {
    const detail = `Cannot keep the folder ${path} private (${(error as Error).message}).`
    throw new StartError(`${detail} Give it to the user that runs the log, or choose another one with DATA_DIR.`, {
      cause: error,
    })
  }
  return lock(file, path)
}

/** Does not use mkdir's `recursive`, with which Node loops forever where no folder can be created (/proc). */
function makeFolder(path: string) {
  if (existsSync(path)) return
  makeFolder(dirname(path))
  mkdirSync(path, { mode: 0o700 })
  // a umask may have taken rights from the owner
  chmodSync(path, 0o700)
}

const ownNames = /^(?:queue|store|lock)\.db(?:-wal|-shm|-journal)?$/

/**
 * Takes the folder and its files from other users; an earlier version left them open. A folder with anything else in it
 * is not the log's own, such as /tmp, and keeps its permissions.
 */
function makePrivate(path: string) {
  const names = readdirSync(path)
  if (names.every((name) => ownNames.test(name))) chmodSync(path, 0o700)
  for (const name of names) if (ownNames.test(name)) chmodSync(join(path, name), 0o600)
}

function lock(file: string, folder: string): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: 0 })
  try {
    db.exec('BEGIN EXCLUSIVE')
    return db
  } catch (error) {
    db.close()
    if (isBusy(error)) throw inUse(folder, error)
    const detail = `Cannot lock the folder with ${file}: ${(error as Error).message}.`
    throw new StartError(isDamaged(error) ? `${detail} Delete that file.` : detail, { cause: error })
  }
}
