import type { DatabaseSync } from 'node:sqlite'
import { metadataMatcher } from '../metadata-match.ts'
import { openTurns } from '../turns.ts'
import { TooBroad } from './activities.ts'
import type { Matching } from './metadata-search.ts'
import { type createSqliteQueries, statementCache } from './sqlite-query.ts'

/** SQLite answers in our own thread: what looks at many rows lets others in after so long. */
const maxSliceMs = 10
const rowsAtOnce = 128

/**
 * The keys of what matches, slice by slice. All that search at the same time have one slice in each turn of the event
 * loop.
 */
export function createSqliteMatching(
  db: DatabaseSync,
  { keysOf }: Pick<ReturnType<typeof createSqliteQueries>, 'keysOf'>,
  sliceMs = maxSliceMs,
): Matching<string> {
  const prepare = statementCache(db)
  const nextTurn = openTurns()

  return async function* ({ filter, order, after, wanted = Number.POSITIVE_INFINITY }, timeoutMs) {
    const matches = metadataMatcher(filter.metadata ?? [])
    const keysAfter = await keysOf(filter, order)
    const deadline = performance.now() + timeoutMs
    let last = after

    /** The next rows, and whether others follow. */
    function look(found: string[]): boolean {
      const keys = keysAfter(last)
      if (!keys) return false
      const next = `SELECT key FROM (${keys.text} ORDER BY key ${order} LIMIT ${rowsAtOnce})`
      const statement = prepare(`SELECT key, metadata FROM activities WHERE key IN (${next}) ORDER BY key ${order}`)
      const rows = statement.all(...keys.values) as { key: string; metadata: string | null }[]
      for (const { key, metadata } of rows) if (metadata && matches(JSON.parse(metadata))) found.push(key)
      last = rows.at(-1)?.key
      return rows.length === rowsAtOnce
    }

    for (;;) {
      const endOfSlice = performance.now() + sliceMs
      const found: string[] = []
      let goesOn = look(found)
      while (goesOn && found.length < wanted && performance.now() < endOfSlice) goesOn = look(found)
      if (found.length > 0) yield found
      if (!goesOn) return
      await nextTurn()
      if (performance.now() > deadline) throw new TooBroad('There are too many activities to look for metadata in')
    }
  }
}
