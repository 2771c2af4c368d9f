import type { DatabaseSync } from 'node:sqlite'
import type { HashId } from '../key.ts'
import type { Position } from '../receipt.ts'
import { openSqliteFile, setCache, transaction } from '../sqlite/file.ts'
import { startCounting } from './background-counting.ts'
import { startPruning } from './background-pruning.ts'
import { startCompactor } from './compactor.ts'
import { inSlices } from './in-slices.ts'
import { outcomeOf, outcomesOf } from './outcomes.ts'
import { createSqliteCounters, countedAtOnce as usualCountedAtOnce } from './sqlite-counters.ts'
import { createSqliteDeadLetters, toFoundDeadLetter } from './sqlite-dead-letters.ts'
import { createSqliteLatestArrivals } from './sqlite-latest-arrivals.ts'
import { createSqliteLedger } from './sqlite-ledger.ts'
import { cacheMiB, type LongReads } from './sqlite-long-reads.ts'
import { migrations } from './sqlite-migrations.ts'
import { createSqlitePruning } from './sqlite-pruning.ts'
import { createSqliteQueries } from './sqlite-query.ts'
import { createReader } from './sqlite-reader.ts'
import { createSqliteSave } from './sqlite-save.ts'
import { createSqliteUnchanged } from './sqlite-unchanged.ts'
import { upgradeSteps } from './sqlite-upgrade.ts'
import { type ActivityStore, StoreUnavailable } from './store.ts'
import { createWaiters } from './waiters.ts'

/** How long after its first record a partition is compacted, even with few records. */
const compactAfterMs = 60_000

/** How many uncounted activities a count looks at in this thread. */
const maxChangesHere = 2 * usualCountedAtOnce

export type SqliteStoreOptions = {
  /** The path of the file. */
  path: string
  /** By default SHA-256. */
  hash?: HashId
  /** How many activities are counted together. */
  countedAtOnce?: number
  /** Runs long reads; by default in a separate thread. */
  createReads?: (db: DatabaseSync, path: string) => LongReads & Partial<AsyncDisposable>
}

/** A store in a SQLite file. Every commit is durable. */
export function openSqliteStore({
  path,
  hash,
  countedAtOnce,
  createReads = (_db, path) => createReader({ path }),
}: SqliteStoreOptions): ActivityStore {
  const db = openSqliteFile({ path, migrations })
  setCache(db, cacheMiB)
  for (const _ of upgradeSteps(db));
  const ledger = createSqliteLedger(db)
  const deadLetters = createSqliteDeadLetters(db)
  const unchanged = createSqliteUnchanged(db)
  const queries = createSqliteQueries(db, { unchanged, maxChanges: maxChangesHere })
  const reads = createReads(db, path)
  const latest = createSqliteLatestArrivals(db)
  const { saveOne, forget } = createSqliteSave(db, ledger, hash)
  const counting = startCounting(createSqliteCounters(db), (work) => transaction(db, work), countedAtOnce)
  const { wait, wake } = createWaiters()

  const compactor = startCompactor({ compact: ledger.compact, quietMs: compactAfterMs })

  const pruning = startPruning(createSqlitePruning(db))

  function committed<Result>(work: () => Result): Result {
    try {
      return transaction(db, work)
    } catch (error) {
      forget()
      throw error
    }
  }

  /** Writes records and their outcomes together, in one commit. */
  function write<Result>(positions: readonly Position[], work: () => Result): Result {
    const result = committed(work)
    compactor.arrived(positions)
    for (const position of positions) wake(position)
    return result
  }

  return {
    save: (activities) => {
      const positions = activities.map(({ position }) => position)
      return attempt(() => {
        const outcomes = write(positions, () => counting.counted(activities.map(saveOne)))
        latest.note(activities.filter((_activity, index) => outcomes[index] === 'stored'))
        return outcomes
      })
    },
    deadLetter: (letters) => {
      const positions = letters.flatMap((letter) => outcomeOf(letter)?.position ?? [])
      return attempt(() =>
        write(positions, () => {
          const { written, tentative } = outcomesOf(letters)
          letters.forEach(deadLetters.deadLetter)
          written.forEach(ledger.write)
          tentative.forEach(ledger.account)
        }),
      )
    },
    find: (query, gone) => attempt(async () => queries.find(query) ?? reads.find(query, gone)),
    findLines: (query, gone) => attempt(() => reads.findLines(query, gone)),
    count: (filter, max, gone) => attempt(async () => queries.count(filter, max) ?? reads.count(filter, max, gone)),
    arrivals: (query, gone) => attempt(async () => (latest.hasNone(query) ? [] : reads.arrivals(query, gone))),
    stats: (query, gone) => attempt(() => reads.stats(query, gone)),
    tenants: (after, limit) => attempt(() => queries.tenants(after, limit)),
    get: (tenant, id) => attempt(() => queries.get(tenant, id)),
    outcome: (receipt, untilAborted) =>
      attempt(async () => {
        for (;;) {
          const outcome = ledger.outcome(receipt)
          if (outcome || !untilAborted || untilAborted.aborted) return outcome
          await wait(receipt.position, untilAborted)
        }
      }),
    ledger: () => attempt(() => unchanged('ledger', ledger.read)),
    findDeadLetters: (query, gone) =>
      attempt(async () => inSlices(await reads.findDeadLetters(query, gone), toFoundDeadLetter)),
    getDeadLetter: (tenant, id) => attempt(() => deadLetters.get(tenant, id)),
    resolve: (tenant, id, resolution) => attempt(() => deadLetters.resolve(tenant, id, resolution)),
    account: (accounted) => {
      const positions = accounted.map(({ position }) => position)
      return attempt(() => write(positions, () => accounted.forEach(ledger.account)))
    },
    abandon: (partition, below) => attempt(() => ledger.abandon(partition, below)),
    writeOff: (readEnds) => attempt(() => ledger.writeOff(readEnds)),
    async [Symbol.asyncDispose]() {
      await counting[Symbol.asyncDispose]()
      await pruning[Symbol.asyncDispose]()
      await compactor[Symbol.asyncDispose]()
      // this precedes the closing of the last connection, which cleans up the file
      await reads[Symbol.asyncDispose]?.()
      db.close()
    },
  }
}

/** SQLite answers immediately. Its errors mean trouble with the disk; errors that we throw ourselves do not. */
async function attempt<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ERR_SQLITE_ERROR' && code !== 'ERR_INVALID_STATE') throw error
    throw new StoreUnavailable('The SQLite store failed', { cause: error })
  }
}
