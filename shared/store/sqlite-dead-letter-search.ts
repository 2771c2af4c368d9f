import type { DatabaseSync } from 'node:sqlite'
import { readDeadLetterKey } from './dead-letter-id.ts'
import type { DeadLetterQuery } from './dead-letters.ts'
import type { DeadLetterRow } from './sqlite-dead-letters.ts'
import { type Sql, statementCache } from './sqlite-scan.ts'
import type { TimeSlicer } from './sqlite-time-slicer.ts'

/** How many rows to look at in one step: the index has only their time. */
const rowsAtOnce = 100

type Place = { firstAtMs: number; id: string }
type Looked = Place & { isMatch: 0 | 1 }

/** Finds the ids of dead letters in the order of their first arrival, step by step. */
export function createDeadLetterSearch(db: DatabaseSync) {
  const prepare = statementCache(db)
  const byId = db.prepare('SELECT * FROM deadLetters WHERE id = ?')

  async function ids({ filter, order, limit, after }: DeadLetterQuery, timeSlicer: TimeSlicer): Promise<string[]> {
    const { tenant, from = 0, to = Number.MAX_SAFE_INTEGER } = filter
    const match = matchOf(filter)
    const isRising = order === 'asc'
    // there is one bound at each end: with two, SQLite would begin at the first and read on to the second
    const [beyond, until] = isRising ? ['>', '<'] : ['<', '>=']
    const statement = prepare(
      `SELECT firstAtMs, id, ${match.text} AS isMatch FROM deadLetters INDEXED BY byArrival
       WHERE tenant = ? AND (firstAtMs, id) ${beyond} (?, ?) AND firstAtMs ${until} ?
       ORDER BY firstAtMs ${order}, id ${order} LIMIT ${rowsAtOnce}`,
    )
    const found: string[] = []
    for (let place = placeOf(isRising, isRising ? from : to, after); ; ) {
      await timeSlicer()
      const { firstAtMs, id } = place
      const looked = statement.all(...match.values, tenant, firstAtMs, id, isRising ? to : from) as Looked[]
      for (const { id, isMatch } of looked) {
        if (isMatch && found.length < limit) found.push(id)
      }
      const end = looked.at(-1)
      if (!end || looked.length < rowsAtOnce || found.length === limit) return found
      place = end
    }
  }

  return {
    ids,
    rows: (ids: readonly string[]) => ids.map((id) => byId.get(id) as DeadLetterRow),
    /** Whether it is still as the filter asks: somebody may have resolved it since its id was found. */
    isStill: ({ state }: DeadLetterRow, filter: DeadLetterQuery['filter']) => state === (filter.state ?? state),
  }
}

/** The place before the first result: the start of the time range, or the last place that was shown. */
function placeOf(isRising: boolean, timeMs: number, after: string | undefined): Place {
  const begin = { firstAtMs: timeMs, id: '' }
  if (after === undefined) return begin
  const place = readDeadLetterKey(after)
  const isWithin = isRising ? place.firstAtMs >= timeMs : place.firstAtMs < timeMs
  return isWithin ? place : begin
}

function matchOf(filter: DeadLetterQuery['filter']): Sql {
  const names = (['reason', 'topic', 'state'] as const).filter((name) => filter[name] !== undefined)
  return {
    text: names.map((name) => `${name} = ?`).join(' AND ') || 'true',
    values: names.map((name) => filter[name] as string),
  }
}
