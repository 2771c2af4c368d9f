import { searchMatcher } from '../matches-filter.ts'
import { TooBroad } from './activities.ts'
import type { Matching } from './metadata-search.ts'
import type { SqliteQueries } from './sqlite-query.ts'
import { keyBehind, rangeBehind, rangeOf } from './sqlite-scan.ts'
import type { Paces } from './sqlite-time-slicer.ts'

const rowsAtOnce = 128
/** Others also get their turn after this many characters of metadata, which take about a millisecond. */
const maxCharacters = 256 * 1024

/** Yields the places of matching activities, in batches, and gives others their turn in between. */
export function createSqliteMatching(
  { sourceOf, rows, steps }: Pick<SqliteQueries, 'sourceOf' | 'rows' | 'steps'>,
  { turns }: Pick<Paces, 'turns'>,
): Matching<number> {
  return async function* ({ filter, order, after }, timeoutMs, gone) {
    const deadline = performance.now() + timeoutMs
    const nextTurn = turns({ tenant: filter.tenant, gone })
    const matches = searchMatcher(filter)
    const source = sourceOf(filter)
    if (source.scans.length === 0) return

    // many that arrive together would otherwise all begin in one turn
    await nextTurn()
    let characters = 0
    for (let range = rangeOf(filter, order, after); ; ) {
      const { places, last } = steps.places(source, range, order, rowsAtOnce)
      const found: number[] = []
      for (const place of places) {
        const searched = rows.searched(place)
        if (searched && matches(searched)) found.push(place)
        characters += searched?.metadataText?.length ?? 0
        if (characters < maxCharacters) continue
        characters = 0
        await nextTurn()
      }
      yield { found, through: last && keyBehind(last, order) }
      if (last === undefined) return
      range = rangeBehind(range, order, last)
      await nextTurn()
      if (performance.now() > deadline) throw new TooBroad('There are too many activities to search')
    }
  }
}
