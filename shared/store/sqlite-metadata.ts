import type { DatabaseSync } from 'node:sqlite'
import { metadataMatcher } from '../metadata-match.ts'
import { openTurns } from '../turns.ts'
import type { Matching } from './metadata-search.ts'
import { type queriesIn, statementCache } from './sqlite-query.ts'
import { TooBroad } from './store.ts'

/** SQLite answers in our own thread: what looks at many rows lets others in after so long. */
const sliceMs = 10
const firstSliceRows = 64
const largestSliceRows = 2048

/**
 * The keys of what matches, slice by slice. All that search at the same time have one slice in each turn of the event
 * loop.
 */
export function matchingIn(
  db: DatabaseSync,
  { keysOf }: Pick<ReturnType<typeof queriesIn>, 'keysOf'>,
): Matching<string> {
  const prepare = statementCache(db)
  const nextTurn = openTurns()

  return async function* ({ filter, order, after }, patienceMs) {
    const matches = metadataMatcher(filter.metadata ?? [])
    const keysAfter = keysOf(filter, order)
    const deadline = performance.now() + patienceMs
    let last = after
    for (let limit = firstSliceRows; ; limit = Math.min(2 * limit, largestSliceRows)) {
      const keys = keysAfter(last)
      if (!keys) return
      const slice = `SELECT key FROM (${keys.text} ORDER BY key ${order} LIMIT ?)`
      const rows = prepare(`SELECT key, metadata FROM activities WHERE key IN (${slice}) ORDER BY key ${order}`)
      const endOfSlice = performance.now() + sliceMs
      const found: string[] = []
      let looked = 0
      let isWhole = true
      for (const row of rows.iterate(...keys.values, limit)) {
        const { key, metadata } = row as { key: string; metadata: string | null }
        last = key
        looked++
        if (metadata !== null && matches(JSON.parse(metadata))) found.push(key)
        isWhole = performance.now() < endOfSlice
        if (!isWhole) break
      }
      if (found.length > 0) yield found
      if (isWhole && looked < limit) return
      await nextTurn()
      if (performance.now() > deadline) throw new TooBroad('There are too many activities to look for metadata in')
    }
  }
}
