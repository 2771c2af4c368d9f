import { createFairScheduler } from '../fair-scheduler.ts'
import { searchMatcher } from '../matches-filter.ts'
import { TooBroad } from './activities.ts'
import type { Matching } from './metadata-search.ts'
import type { SqliteQueries } from './sqlite-query.ts'
import { keyBehind, rangeBehind, rangeOf } from './sqlite-scan.ts'

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
    const matches = searchMatcher(filter)
    const source = sourceOf(filter)
    if (source.scans.length === 0) return

    for (let range = rangeOf(filter, order, after); ; ) {
      const { places, last } = steps.places(source, range, order, rowsAtOnce)
      const found = places.filter((place) => matches(rows.searched(place)))
      yield { found, through: last && keyBehind(last, order) }
      if (last === undefined) return
      range = rangeBehind(range, order, last)
      await nextTurn()
      if (performance.now() > deadline) throw new TooBroad('There are too many activities to search')
    }
  }
}
