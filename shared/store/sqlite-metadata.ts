import { createFairScheduler } from '../fair-scheduler.ts'
import { metadataMatcher } from '../metadata-match.ts'
import { TooBroad } from './activities.ts'
import type { Matching } from './metadata-search.ts'
import type { SqliteQueries } from './sqlite-query.ts'
import { mergeable, rangeBehind, rangeOf } from './sqlite-scan.ts'

const rowsAtOnce = 128

/** Yields the places of matching activities, in batches, and gives others their turn in between. */
export function createSqliteMatching({
  sourceOf,
  rows,
  steps,
}: Pick<SqliteQueries, 'sourceOf' | 'rows' | 'steps'>): Matching<number> {
  const nextTurn = createFairScheduler()

  return async function* ({ filter, order, after }, timeoutMs) {
    const deadline = performance.now() + timeoutMs
    const matches = metadataMatcher(filter.metadata ?? [])
    const source = mergeable(sourceOf(filter))
    if (source.scans.length === 0) return

    function isFound(place: number): boolean {
      const metadata = rows.metadata(place)
      return metadata !== null && matches(JSON.parse(metadata))
    }

    for (let range = rangeOf(filter, order, after); ; ) {
      const { places, last } = steps.places(source, range, order, rowsAtOnce)
      const found = places.filter(isFound)
      if (found.length > 0) yield found
      if (last === undefined) return
      range = rangeBehind(range, order, last)
      await nextTurn()
      if (performance.now() > deadline) throw new TooBroad('There are too many activities to search for metadata')
    }
  }
}
