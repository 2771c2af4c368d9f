import type { DatabaseSync } from 'node:sqlite'
import type { Order } from '../filter.ts'
import { type ListedRow, listedColumns, type Moment, type SqliteRows } from './sqlite-rows.ts'
import {
  compare,
  type Entry,
  entriesIn,
  inOrder,
  momentIn,
  placeIn,
  type Range,
  rangeAt,
  rangeThrough,
  type Source,
  statementCache,
} from './sqlite-scan.ts'

/** How many entries of an index to examine in one step, which then takes milliseconds. */
export const stepRows = 2000
/** How many entries to skip in one step if all match, because only the last one is examined. */
const skippedRows = 20_000

/** `last` is the last moment that was examined, whole; undefined if nothing follows it. */
type Step<Result> = Result & { last: Moment | undefined }
/** An entry with 1 at its end if it matches. */
type Examined = [...Entry, isMatch: 0 | 1]
/** `columns` is SQL for further columns, which begins with a comma. */
type Wanted = Source & { columns?: string }

export type SqliteSteps = ReturnType<typeof createSqliteSteps>

/**
 * Reads a range step by step; a step examines a fixed number of entries, even if few of them match, and then the rest
 * of those that tie with the last one. So the activities of a moment are never in two steps, and a step can put them in
 * the order of their hashes. Ties are few, because a process gives each record another arrival: records tie if several
 * processes received them in the same millisecond, or one of an earlier version did.
 */
export function createSqliteSteps(db: DatabaseSync, { hash }: Pick<SqliteRows, 'hash'>) {
  const prepare = statementCache(db)

  function examine(
    { scans, match, columns = '' }: Wanted,
    range: Range,
    order: Order,
    limit = -1,
    skip = 0,
  ): Examined[] {
    const rows = entriesIn(scans, range, { text: `, ${match?.text ?? '1'}${columns}`, values: match?.values ?? [] })
    const statement = prepare(`${rows.text} ${inOrder[order]} LIMIT ? OFFSET ?`)
    statement.setReturnArrays(true)
    return statement.all(...rows.values, limit, skip) as unknown[] as Examined[]
  }

  const at = (source: Source, moment: Moment, order: Order, max?: number) =>
    examine(source, rangeAt(moment), order, max)

  /** Sorts the entries of each moment by hash. */
  function byHash(entries: Examined[], order: Order): Examined[] {
    if (!hasTies(entries)) return entries
    const hashes = new Map(entries.map((entry) => [entry, hash(placeIn(entry))]))
    const sign = order === 'asc' ? 1 : -1
    const byHash = (one: Examined, other: Examined) =>
      Buffer.compare(hashes.get(one) as Buffer, hashes.get(other) as Buffer)
    return entries.toSorted((one, other) => sign * (compare(momentIn(one), momentIn(other)) || byHash(one, other)))
  }

  /** The entries that tie with the key of a range and come after it. */
  function tiesAfter({ ties }: Range, tied: () => Examined[], order: Order): Examined[] {
    if (!ties) return []
    const isAfter = (entry: Examined) => {
      const compared = Buffer.compare(hash(placeIn(entry)), ties.hash)
      return order === 'asc' ? compared > 0 : compared < 0
    }
    return byHash(tied().filter(isAfter), order)
  }

  function lastOf({ scans }: Source, range: Range, order: Order, limit: number): Entry | undefined {
    const rows = entriesIn(scans, range)
    const statement = prepare(`${rows.text} ${inOrder[order]} LIMIT 1 OFFSET ?`)
    statement.setReturnArrays(true)
    return statement.get(...rows.values, limit - 1) as unknown as Entry | undefined
  }

  return {
    /** The moment of the last of so many entries, or undefined if there are fewer. */
    end(source: Source, range: Range, order: Order, limit = stepRows): Moment | undefined {
      const last = lastOf(source, range, order, limit)
      return last && momentIn(last)
    },
    /**
     * The places of matches in the order of lists: those among `limit` entries after the skipped ones, or a few more.
     * They are not whole, and in no order, if `maxTied` or more tie with the first or the last one.
     */
    places(
      source: Source,
      range: Range,
      order: Order,
      limit = stepRows,
      skip = 0,
      maxTied?: number,
    ): Step<{ places: number[]; areWhole: boolean }> {
      let areWhole = true
      const tiedAt = (moment: Moment) => {
        const all = at(source, moment, order, maxTied)
        areWhole &&= all.length !== maxTied
        return all
      }
      const start = order === 'asc' ? range.from : range.to
      const tied = start ? tiesAfter(range, () => tiedAt(start), order) : []
      const toSkip = Math.max(0, skip - tied.length)
      // the entries beside the wanted ones tell whether those tie with others
      const before = Math.min(1, toSkip)
      const looked = examine(source, range, order, before + limit + 1, toSkip - before)
      let examined = looked.slice(before, before + limit)
      const [first, last, next] = [examined[0], examined.at(-1), looked[before + limit]]
      let skipped = 0
      if (before && first && isTied(looked[0] as Examined, first)) {
        const all = tiedAt(momentIn(first))
        skipped = all.findIndex((entry) => placeIn(entry) === placeIn(first))
        examined.unshift(...all.slice(0, skipped))
      }
      if (next && last && isTied(next, last)) {
        examined = [...examined.filter((entry) => !isTied(entry, last)), ...tiedAt(momentIn(last))]
      }
      const listed = [...tied.slice(skip), ...byHash(examined, order).slice(skipped)]
      return {
        places: listed.flatMap((entry) => (entry[5] ? placeIn(entry) : [])),
        last: last && next && momentIn(last),
        areWhole,
      }
    },
    /**
     * Whole rows, if none of them ties with another: reading each beside its entry takes half the time of looking it up
     * by its place. The source must have one scan, since several would also read rows that are not next.
     */
    rows(source: Source, range: Range, order: Order, limit: number): Step<{ rows: ListedRow[] }> | undefined {
      const start = order === 'asc' ? range.from : range.to
      if (start && tiesAfter(range, () => at(source, start, order), order).length > 0) return undefined
      const looked = examine({ ...source, columns: listedColumns }, range, order, limit + 1)
      if (hasTies(looked)) return undefined
      const rows = looked.slice(0, limit)
      const last = looked.length > limit ? rows.at(-1) : undefined
      return { rows: rows as unknown[] as ListedRow[], last: last && momentIn(last) }
    },
    /** Counts the matches among no more than `max` entries and those that tie with the last one. */
    count(source: Source, range: Range, order: Order, max = skippedRows): Step<{ n: number }> {
      const { scans, match } = source
      // merging several scans takes longer
      const limit = match || scans.length > 1 ? Math.min(max, stepRows) : Math.min(max, skippedRows)
      const end = lastOf(source, range, order, limit)
      const last = end && momentIn(end)
      if (last && !match) return { n: limit + tiesBehind(source, end, order), last }
      const rows = entriesIn(scans, last ? rangeThrough(range, order, last) : range, {
        text: match ? `, ${match.text} AS isMatch` : '',
        values: match?.values ?? [],
      })
      const what = match ? 'sum(isMatch)' : 'count(*)'
      const { n } = prepare(`SELECT ${what} AS n FROM (${rows.text})`).get(...rows.values) as { n: number | null }
      return { n: n ?? 0, last }
    },
  }

  function tiesBehind(source: Source, end: Entry, order: Order): number {
    const tied = at(source, momentIn(end), order)
    return tied.length - 1 - tied.findIndex((entry) => placeIn(entry) === placeIn(end))
  }
}

const hasTies = (entries: readonly Examined[]) =>
  entries.some((entry, index) => index > 0 && isTied(entry, entries[index - 1] as Examined))

/** Most entries differ in their milliseconds already. */
const isTied = (one: readonly number[], other: readonly number[]) =>
  one[0] === other[0] && compare(momentIn(one), momentIn(other)) === 0
