import type { DatabaseSync } from 'node:sqlite'
import type { Order } from '../filter.ts'
import { type Range, rowsIn, type Source, statementCache } from './sqlite-scan.ts'

/** How many rows of an index to examine in one step, which then takes milliseconds. */
export const stepRows = 2000
/** How many rows to skip in one step if all match, because only the last one is examined. */
const skippedRows = 20_000

/** `last` is the last key that was examined; undefined if no key follows it. */
type Step<Result> = Result & { last: string | undefined }

export type SqliteSteps = ReturnType<typeof createSqliteSteps>

/** Reads a range of keys step by step; a step examines a fixed number of rows, even if few of them match. */
export function createSqliteSteps(db: DatabaseSync) {
  const prepare = statementCache(db)

  return {
    keys({ scans, match }: Source, range: Range, order: Order, limit = stepRows): Step<{ keys: string[] }> {
      const rows = rowsIn(scans, range, match && { text: `, ${match.text} AS isMatch`, values: match.values })
      const looked = prepare(`${rows.text} ORDER BY key ${order} LIMIT ?`).all(...rows.values, limit) as {
        key: string
        isMatch?: 0 | 1
      }[]
      const keys = looked.flatMap(({ key, isMatch = 1 }) => (isMatch ? key : []))
      return { keys, last: looked.length < limit ? undefined : looked.at(-1)?.key }
    },
    /** Counts no more than `max`, which must be at least the rows of a step. */
    count({ scans, match }: Source, range: Range, order: Order, max = skippedRows): Step<{ n: number }> {
      // merging several scans takes longer
      if (!match) return countAll(scans, range, order, Math.min(max, scans.length > 1 ? stepRows : skippedRows))
      const rows = rowsIn(scans, range, { text: `, ${match.text} AS isMatch`, values: match.values })
      const statement = prepare(
        `SELECT sum(isMatch) AS n, count(*) AS looked, ${order === 'asc' ? 'max' : 'min'}(key) AS last
         FROM (${rows.text} ORDER BY key ${order} LIMIT ?)`,
      )
      const { n, looked, last } = statement.get(...rows.values, stepRows) as {
        n: number | null
        looked: number
        last: string
      }
      return { n: n ?? 0, last: looked < stepRows ? undefined : last }
    },
  }

  /** Examines no row but the last one, which takes half the time. */
  function countAll(scans: Source['scans'], range: Range, order: Order, limit: number) {
    const rows = rowsIn(scans, range)
    const end = prepare(`${rows.text} ORDER BY key ${order} LIMIT 1 OFFSET ?`).get(...rows.values, limit - 1)
    if (end) return { n: limit, last: end['key'] as string }
    const { n } = prepare(`SELECT count(*) AS n FROM (${rows.text})`).get(...rows.values) as { n: number }
    return { n, last: undefined }
  }
}
