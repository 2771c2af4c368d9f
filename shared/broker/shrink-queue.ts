import type { DatabaseSync } from 'node:sqlite'

/** A file may have so many free bytes beside half as many as wait in it, because the next records use them again. */
const maxFreeBytes = 3 * 1024 * 1024
/** How many pages to give back in one step, which then takes a few milliseconds. */
const pagesAtOnce = 500
const shrinkAfterMs = 2_000

/** Lets a file give back pages. A file of an earlier version is rewritten once, without its free pages. */
export function allowShrinking(db: DatabaseSync): void {
  const { auto_vacuum: mode } = db.prepare('PRAGMA auto_vacuum').get() as { auto_vacuum: number }
  if (mode === incremental) return
  try {
    db.exec('PRAGMA auto_vacuum = INCREMENTAL; VACUUM')
  } catch {
    // the disk may be full; the file then stays as large as it is until the next start
  }
}

const incremental = 2

export type Shrinking = Disposable & {
  /** Tells that records were removed. */
  removed(): void
}

/**
 * Gives the free pages of a queue back to the disk if there are many, step by step, and empties its write-ahead log
 * once it is quiet. A busy queue keeps both: it would need them again at once.
 */
export function startShrinking(db: DatabaseSync, heldBytes: () => number, afterMs = shrinkAfterMs): Shrinking {
  const freePages = db.prepare('PRAGMA freelist_count')
  const { page_size: pageBytes } = db.prepare('PRAGMA page_size').get() as { page_size: number }
  const ignoreTrouble = (work: () => void) => () => {
    try {
      // a step may still be due when the queue is closed
      if (db.isOpen) work()
    } catch {
      // the disk is in trouble; the next removal tries again
    }
  }
  let due: NodeJS.Timeout | undefined
  let quiet: NodeJS.Timeout | undefined

  function isTooLarge(): boolean {
    const { freelist_count: pages } = freePages.get() as { freelist_count: number }
    return pages * pageBytes > maxFreeBytes + heldBytes() / 2
  }

  const shrink = ignoreTrouble(() => {
    due = undefined
    if (!isTooLarge()) return emptyLog()
    db.exec(`PRAGMA incremental_vacuum(${pagesAtOnce})`)
    setImmediate(shrink)
  })

  /** The file itself shrinks when its log is written back, which must not wait for somebody who reads. */
  const emptyLog = ignoreTrouble(() => {
    const { timeout } = db.prepare('PRAGMA busy_timeout').get() as { timeout: number }
    db.exec('PRAGMA busy_timeout = 0')
    try {
      db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
    } finally {
      db.exec(`PRAGMA busy_timeout = ${timeout}`)
    }
  })

  function removed() {
    quiet ??= setTimeout(emptyLog, afterMs).unref()
    quiet.refresh()
    if (!due && isTooLarge()) due = setTimeout(shrink, afterMs).unref()
  }
  // a process may have ended before it came to this
  removed()

  return {
    removed,
    [Symbol.dispose]() {
      clearTimeout(quiet)
      clearTimeout(due)
    },
  }
}
