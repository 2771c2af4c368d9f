import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { StartError } from '@activity-log/shared/config.ts'

export type DataFolder = AsyncDisposable & { queue: string; store: string }

/** Opens the folder of a log. A lock keeps other processes out; it ends with the process, even after a crash. */
export function openDataFolder(folder: string): DataFolder {
  const path = resolve(folder)
  try {
    makeFolder(path)
  } catch (error) {
    throw new StartError(
      `Cannot create the folder ${path} (${(error as Error).message}). Choose another one with DATA_DIR.`,
      { cause: error },
    )
  }
  const lock = lockFile(join(path, 'lock.db'), path)
  return {
    queue: join(path, 'queue.db'),
    store: join(path, 'store.db'),
    async [Symbol.asyncDispose]() {
      lock.close()
    },
  }
}

/** Avoids mkdir's `recursive`, because Node then loops forever where no folder can be created (/proc). */
function makeFolder(path: string) {
  if (existsSync(path)) return
  makeFolder(dirname(path))
  mkdirSync(path)
}

function lockFile(file: string, folder: string): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: 0 })
  try {
    db.exec('BEGIN EXCLUSIVE')
    return db
  } catch (error) {
    db.close()
    throw new StartError(
      `Another activity log uses the folder ${folder}. Stop it, or use another: DATA_DIR=./data-2 PORT=3001 npm start`,
      { cause: error },
    )
  }
}
