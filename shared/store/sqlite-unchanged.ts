import type { DatabaseSync, StatementSync } from 'node:sqlite'

/** The maximum number of results in memory. */
const maxResults = 1_000
/** A result may depend on the time of day, so none is kept for longer. */
const maxAgeMs = 1_000

export type Unchanged = ReturnType<typeof createSqliteUnchanged>

/**
 * Remembers results while nobody writes to the database: people open the first page of a quiet log again and again, and
 * counting its rows takes longer than everything else.
 */
export function createSqliteUnchanged(db: DatabaseSync) {
  const own = db.prepare('SELECT total_changes()')
  const others = db.prepare('PRAGMA data_version')
  own.setReturnArrays(true)
  others.setReturnArrays(true)
  const numberOf = (statement: StatementSync) => (statement.get() as unknown as [number])[0]

  const results = new Map<string, unknown>()
  let version = { ours: -1, theirs: -1 }
  let since = 0

  return function unchanged<Result>(name: string, compute: () => Result): Result {
    const now = performance.now()
    const [ours, theirs] = [numberOf(own), numberOf(others)]
    const isSame = ours === version.ours && theirs === version.theirs
    if (!isSame || now - since > maxAgeMs || results.size === maxResults) {
      results.clear()
      version = { ours, theirs }
      since = now
    }
    if (results.has(name)) return results.get(name) as Result
    const result = compute()
    results.set(name, result)
    // what failed is tried again
    if (result instanceof Promise) result.catch(() => results.get(name) === result && results.delete(name))
    return result
  }
}
