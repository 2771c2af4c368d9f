import type { Position } from '../receipt.ts'
import { openSqliteFile, transaction } from '../sqlite/file.ts'
import { fateOf, fatesOf } from './fates.ts'
import { countMatching, findMatching } from './metadata-search.ts'
import { startSealer } from './sealer.ts'
import { createSqliteArrivals } from './sqlite-arrivals.ts'
import { createSqliteDeadLetters } from './sqlite-dead-letters.ts'
import { createSqliteLedger } from './sqlite-ledger.ts'
import { createSqliteMatching } from './sqlite-metadata.ts'
import { migrations } from './sqlite-migrations.ts'
import { createSqliteQueries } from './sqlite-query.ts'
import { createSqliteSave } from './sqlite-save.ts'
import { createSqliteStats } from './sqlite-stats.ts'
import { type ActivityStore, StoreUnavailable } from './store.ts'
import { waiters } from './waiters.ts'

/** How long after its first record a partition is sealed, however few they are. */
const sealAfterMs = 60_000

/** A store in a SQLite file, durable with every commit. */
export function openSqliteStore({ path }: { path: string }): ActivityStore {
  const db = openSqliteFile({ path, migrations })
  const ledger = createSqliteLedger(db)
  const deadLetters = createSqliteDeadLetters(db)
  const queries = createSqliteQueries(db)
  const arrivals = createSqliteArrivals(db)
  const matching = createSqliteMatching(db, queries)
  const stats = createSqliteStats(db, queries, matching)
  const saveOne = createSqliteSave(db, ledger)
  const { wait, wake } = waiters()

  const sealer = startSealer({ seal: ledger.seal, quietMs: sealAfterMs })

  /** Records and their fates together, in one commit. */
  function write<Result>(positions: readonly Position[], work: () => Result): Result {
    const result = transaction(db, work)
    sealer.arrived(positions)
    for (const position of positions) wake(position)
    return result
  }

  return {
    save: (activities) => {
      const positions = activities.map(({ position }) => position)
      return attempt(() => write(positions, () => activities.map(saveOne)))
    },
    deadLetter: (letters) => {
      const positions = letters.flatMap((letter) => fateOf(letter)?.position ?? [])
      return attempt(() =>
        write(positions, () => {
          const { written, tentative } = fatesOf(letters)
          letters.forEach(deadLetters.keep)
          written.forEach(ledger.write)
          tentative.forEach(ledger.account)
        }),
      )
    },
    find: (query) =>
      attempt(async () => {
        if (!query.filter.metadata) return queries.find(query)
        return queries.withKeys(await findMatching(matching, query))
      }),
    count: (filter, atMost) =>
      attempt(() => (filter.metadata ? countMatching(matching, filter, atMost) : queries.count(filter, atMost))),
    arrivals: (query) => attempt(() => arrivals(query)),
    stats: (query) => attempt(() => stats(query)),
    get: (tenant, id) => attempt(() => queries.get(tenant, id)),
    outcome: (receipt, untilAborted) =>
      attempt(async () => {
        for (;;) {
          const fate = ledger.outcome(receipt)
          if (fate || !untilAborted || untilAborted.aborted) return fate
          await wait(receipt.position, untilAborted)
        }
      }),
    ledger: () => attempt(() => ledger.read()),
    findDeadLetters: (query) => attempt(() => deadLetters.find(query)),
    getDeadLetter: (tenant, id) => attempt(() => deadLetters.get(tenant, id)),
    resolve: (tenant, id, resolution) => attempt(() => deadLetters.resolve(tenant, id, resolution)),
    account: (accounted) => {
      const positions = accounted.map(({ position }) => position)
      return attempt(() => write(positions, () => accounted.forEach(ledger.account)))
    },
    abandon: (partition, below) => attempt(() => ledger.abandon(partition, below)),
    async [Symbol.asyncDispose]() {
      await sealer[Symbol.asyncDispose]()
      db.close()
    },
  }
}

/** SQLite answers at once; what it throws is trouble with the disk, what we throw ourselves is not. */
async function attempt<Result>(work: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ERR_SQLITE_ERROR' && code !== 'ERR_INVALID_STATE') throw error
    throw new StoreUnavailable('The SQLite store failed', { cause: error })
  }
}
