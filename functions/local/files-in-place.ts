import { statSync } from 'node:fs'
import { DataError } from './folder-file.ts'

/** Looking at all files takes less than 0.1 ms. */
const usualMs = 500

/**
 * Notices when somebody deletes or replaces a file of the log while it runs, for example by putting back a backup. The
 * process would go on with the old files, which nobody finds any more once it has ended: what it accepted meanwhile
 * would be lost, and no ledger would miss it. SQLite itself deletes the files beside a database only when it closes it.
 */
export function watchFilesInPlace(
  databases: readonly string[],
  everyMs = usualMs,
): Disposable & { untilGone: Promise<DataError> } {
  const paths = databases.flatMap((path) => [path, `${path}-wal`, `${path}-shm`])
  // a file that is not there yet may still be made
  const opened = paths.map((path) => ({ path, identity: identityOf(path) })).filter(({ identity }) => identity)
  const { promise: untilGone, resolve } = Promise.withResolvers<DataError>()
  const timer = setInterval(() => {
    const gone = opened.find(({ path, identity }) => ![identity, unknown].includes(identityOf(path)))
    if (!gone) return
    clearInterval(timer)
    const found = `${gone.path} was deleted or replaced while the log was using it, so the log has ended`
    resolve(new DataError(`${found}. What it accepted since then may be lost. Stop the log before you put back files.`))
  }, everyMs)
  return { untilGone, [Symbol.dispose]: () => clearInterval(timer) }
}

const unknown = 'unknown'

/** Undefined if there is no such file. An open file keeps its number. */
function identityOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true })
    return `${dev} ${ino}`
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    // the folder may be closed to this process for a while; its files are open
    return unknown
  }
}
