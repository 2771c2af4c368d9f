import type { DatabaseSync } from 'node:sqlite'
import { createFairScheduler } from '../fair-scheduler.ts'
import { metadataMatcher } from '../metadata-match.ts'
import { TooBroad } from './activities.ts'
import type { Matching } from './metadata-search.ts'
import type { SqliteQueries } from './sqlite-query.ts'
import { rangeBehind, rangeOf, sourceOf } from './sqlite-scan.ts'
import { createSqliteSteps } from './sqlite-steps.ts'

const rowsAtOnce = 128

/** Yields the keys of matching activities, in batches, and gives others their turn in between. */
export function createSqliteMatching(
  db: DatabaseSync,
  { actionsOf }: Pick<SqliteQueries, 'actionsOf'>,
): Matching<string> {
  const metadataOf = db.prepare('SELECT metadata FROM activities WHERE key = ?')
  const steps = createSqliteSteps(db)
  const nextTurn = createFairScheduler()

  return async function* ({ filter, order, after }, timeoutMs) {
    const deadline = performance.now() + timeoutMs
    const matches = metadataMatcher(filter.metadata ?? [])
    const source = sourceOf(filter, await actionsOf(filter))
    if (source.scans.length === 0) return

    function isFound(key: string): boolean {
      const { metadata } = metadataOf.get(key) as { metadata: string | null }
      return metadata !== null && matches(JSON.parse(metadata))
    }

    for (let range = rangeOf(filter, order, after); ; ) {
      const { keys, last } = steps.keys(source, range, order, rowsAtOnce)
      const found = keys.filter(isFound)
      if (found.length > 0) yield found
      if (last === undefined) return
      range = rangeBehind(range, order, last)
      await nextTurn()
      if (performance.now() > deadline) throw new TooBroad('There are too many activities to search for metadata')
    }
  }
}
