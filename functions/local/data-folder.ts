import { randomUUID } from 'node:crypto'
import { join, resolve } from 'node:path'
import { type QueuedOffsets, queuedOffsets } from '@activity-log/shared/broker/embedded-broker.ts'
import type { LedgerSummary } from '@activity-log/shared/ledger-summary.ts'
import type { Log } from '@activity-log/shared/log.ts'
import { DataError, type FolderFile, openFolderFile, putBack, toDataError } from './folder-file.ts'
import { lockFolder } from './lock-folder.ts'

export type DataFolder = AsyncDisposable & {
  queue: string
  store: string
  /** Throws DataError if the queue is older than the store, since it would give out positions again. */
  compare(ledger: LedgerSummary, log: Pick<Log, 'error'>): void
}

/** The queue has one partition. */
const partition = 0

/**
 * Opens the folder of a log, which only its owner may read. A lock keeps other processes out; it ends with the process,
 * even after a crash. Both databases carry the id of the folder, so that a file of another log is noticed.
 */
export function openDataFolder(folder: string): DataFolder {
  const path = resolve(folder)
  const lock = lockFolder(path)
  try {
    const queued = identify(path)
    return {
      queue: join(path, 'queue.db'),
      store: join(path, 'store.db'),
      compare: (ledger, log) => compare(ledger, queued, path, log),
      async [Symbol.asyncDispose]() {
        lock.close()
      },
    }
  } catch (error) {
    lock.close()
    throw error
  }
}

/** Gives both files one id, unless they have it. Throws DataError if they do not belong together. */
function identify(folder: string): Queued {
  using queue = openFolderFile(folder, 'queue')
  using store = openFolderFile(folder, 'store')
  const queued = queue.isNew ? nothingQueued : readQueued(queue)
  const wasDelivered = queued.settledBelow > 0 || queued.hasDeadLetters
  if (store.isNew && wasDelivered)
    throw new DataError(`${store.path} is missing or empty, but ${queue.path} has delivered records to it. ${putBack}`)
  // a process that ended while it gave an id to a folder of an earlier version left the store without one
  const isHalfDone = store.id === undefined && !queue.isShared
  if (!queue.isNew && !store.isNew && queue.id !== store.id && !isHalfDone)
    throw new DataError(`${queue.path} and ${store.path} belong to different logs. ${putBack}`)
  const id = (queue.isNew ? store.id : queue.id) ?? store.id ?? queue.id ?? randomUUID()
  const since = queue.since ?? queued.next
  const isDone = queue.id === id && store.id === id && queue.isShared
  if (!isDone) {
    queue.give({ id, since, isShared: false })
    store.give({ id, since, isShared: true })
    queue.give({ id, since, isShared: true })
  }
  return { ...queued, since }
}

type Queued = QueuedOffsets & { since: number }
const nothingQueued: QueuedOffsets = { next: 0, settledBelow: 0, hasDeadLetters: false }

function readQueued({ db, path }: FolderFile): QueuedOffsets {
  try {
    return queuedOffsets(db)
  } catch (error) {
    throw toDataError(error, path)
  }
}

function compare({ partitions }: LedgerSummary, queued: Queued, folder: string, log: Pick<Log, 'error'>): void {
  const last = partitions.find((each) => each.partition === partition)?.last ?? -1
  const [queue, store] = [join(folder, 'queue.db'), join(folder, 'store.db')]
  if (last >= queued.next) {
    const ends = queued.next === 0 ? 'is missing or empty' : `ends before position ${queued.next}`
    throw new DataError(`${queue} ${ends}, but ${store} goes on to ${last}, so the queue is older. ${putBack}`)
  }
  const mustBeThere = queued.settledBelow > queued.since && !queued.hasDeadLetters
  if (mustBeThere && last < queued.settledBelow - 1) {
    const gap = `${store} ends at position ${last}, but ${queue} has delivered all below ${queued.settledBelow}`
    // the stored activities can still be used, and an operator has to judge which records the ledger misses
    log.error({ last, settledBelow: queued.settledBelow }, `${gap}, so the store is older. ${putBack}`)
  }
}
