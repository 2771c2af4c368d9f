import type { DatabaseSync } from 'node:sqlite'
import { type CountedRange, type Known, maxPartitions } from '../ledger-summary.ts'
import type { Outcome } from '../outcome.ts'
import type { Receipt } from '../receipt.ts'
import { createCountedLedger } from './counted-ledger.ts'
import type { RecordOutcome, WrittenOutcome } from './ledger.ts'
import type { OpenRange } from './ledger-records.ts'
import { isIn, isKnownPosition, maxCounted, mayHaveExpired } from './outcomes.ts'
import { endOfCounted, firstPlaceInSql, partitionInSql, placeOf, placesOf, positionOf } from './sqlite-places.ts'
import { fromStoredId } from './sqlite-rows.ts'
import { createSqliteWriteOff } from './sqlite-write-off.ts'

type Compacted = { ranges: readonly CountedRange[]; text: string }
type OutcomeRow = { outcome: Outcome; tenant: string; activityId: string | null; deadLetter: string | null }
/** PRAGMA synchronous = NORMAL */
const normal = 1
/** Looking up a range takes as long as reading this many rows. */
const rowsOfRange = 10
/** Others wait while this many rows are read, which takes a few milliseconds. */
const rowsPerTurn = 2_000

export type SqliteLedger = ReturnType<typeof createSqliteLedger>

/**
 * The outcomes of records by position. The outcome of a stored record is on its activity while that exists; all others
 * are rows of `outcomes`.
 */
export function createSqliteLedger(db: DatabaseSync) {
  const insert =
    'INSERT INTO outcomes VALUES ($partition, $offset, $outcome, $tenant, $activityId, $deadLetter, $recordedAtMs)'
  const add = db.prepare(`${insert} ON CONFLICT DO NOTHING`)
  const put = db.prepare(
    `${insert} ON CONFLICT DO UPDATE SET outcome = $outcome, tenant = $tenant, activityId = $activityId,
       deadLetter = $deadLetter, recordedAtMs = $recordedAtMs`,
  )
  const stored = db.prepare(
    `SELECT tenants.name AS tenant, id FROM activities JOIN tenants ON number = tenant
     WHERE place IN (SELECT ? UNION ALL SELECT place FROM positions WHERE partition = ? AND offset = ?)
       AND timestampMs + delayMs = ?`,
  )
  const other = db.prepare(
    'SELECT * FROM outcomes WHERE partition = ? AND offset = ? AND coalesce(recordedAtMs = ?, true)',
  )
  const partitions = db.prepare(
    `WITH RECURSIVE inActivities (n) AS (
       SELECT min(place) ${partitionInSql} FROM activities WHERE place >= 0
       UNION ALL SELECT (SELECT min(place) ${partitionInSql} FROM activities WHERE place >= (n + 1) ${firstPlaceInSql})
         FROM inActivities WHERE n < ${maxPartitions}
     ), elsewhere (n) AS (
       SELECT min(partition) FROM positions WHERE partition >= 0
       UNION ALL SELECT (SELECT min(partition) FROM positions WHERE partition > n) FROM elsewhere WHERE n < ${maxPartitions}
     ), inOutcomes (n) AS (
       SELECT min(partition) FROM outcomes
       UNION ALL SELECT (SELECT min(partition) FROM outcomes WHERE partition > n) FROM inOutcomes WHERE n < ${maxPartitions}
     )
     SELECT n FROM (SELECT n FROM inActivities UNION SELECT n FROM elsewhere UNION SELECT n FROM inOutcomes
       UNION SELECT partition FROM ledger WHERE ranges <> '[]') WHERE n < ${maxPartitions} ORDER BY n`,
  )
  const uncounted = db.prepare(
    `SELECT EXISTS (SELECT 1 FROM activities WHERE place >= ${endOfCounted})
       OR EXISTS (SELECT 1 FROM positions WHERE partition >= ${maxPartitions})
       OR EXISTS (SELECT 1 FROM outcomes WHERE partition >= ${maxPartitions}) AS hasAny`,
  )
  const inOutcomes = db.prepare(
    'SELECT offset, outcome FROM outcomes WHERE partition = ? AND offset BETWEEN ? AND ? ORDER BY offset LIMIT ?',
  )
  const elsewhere = db.prepare(
    `SELECT offset FROM positions JOIN activities USING (place) WHERE partition = ? AND offset BETWEEN ? AND ?
     ORDER BY offset LIMIT ?`,
  )
  const inPlaces = db.prepare('SELECT place FROM activities WHERE place BETWEEN ? AND ? ORDER BY place LIMIT ?')
  const selectCompacted = db.prepare('SELECT ranges FROM ledger WHERE partition = ?')
  const insertCompacted = db.prepare('INSERT INTO ledger VALUES ($partition, $ranges) ON CONFLICT DO NOTHING')
  const updateCompacted = db.prepare(
    'UPDATE ledger SET ranges = $ranges WHERE partition = $partition AND ranges = $before',
  )
  const { synchronous } = db.prepare('PRAGMA synchronous').get() as { synchronous: number }
  const recordedAt = db.prepare(
    `SELECT recordedAtMs FROM (
       SELECT offset, recordedAtMs FROM (SELECT place - $first AS offset, timestampMs + delayMs AS recordedAtMs
         FROM activities WHERE place BETWEEN $first AND $last AND timestampMs + delayMs <= $notAfter
         ORDER BY place DESC LIMIT 1)
       UNION ALL SELECT * FROM (SELECT offset, timestampMs + delayMs FROM positions JOIN activities USING (place)
         WHERE partition = $partition AND offset <= $offset AND timestampMs + delayMs <= $notAfter ORDER BY offset DESC LIMIT 1)
       UNION ALL SELECT * FROM (SELECT offset, recordedAtMs FROM outcomes
         WHERE partition = $partition AND offset <= $offset AND recordedAtMs <= $notAfter ORDER BY offset DESC LIMIT 1)
     ) ORDER BY offset DESC LIMIT 1`,
  )

  function compacted(partition: number): Compacted | undefined {
    const row = selectCompacted.get(partition) as { ranges: string } | undefined
    return row && { ranges: JSON.parse(row.ranges), text: row.ranges }
  }

  /** An activity comes before another outcome at its offset. */
  function knownIn(partition: number, first: number, last: number, max: number): Known[] {
    const places = placesOf(partition, first, last)
    const stored = [
      ...inPlaces.all(places.first, places.last, max).map(({ place }) => positionOf(place as number).offset),
      ...elsewhere.all(partition, first, last, max).map(({ offset }) => offset as number),
    ].map((offset): Known => ({ offset, outcome: 'stored' }))
    const others = inOutcomes.all(partition, first, last, max) as Known[]
    return [...stored, ...others].sort((one, other) => one.offset - other.offset).slice(0, max)
  }

  let readInTurn = 0
  async function knownInRange(
    partition: number,
    { first, last = Number.MAX_SAFE_INTEGER }: OpenRange,
    maxFound: number,
  ) {
    const found: Known[] = []
    for (let from = first; ; ) {
      if (readInTurn > rowsPerTurn) {
        await new Promise(setImmediate)
        readInTurn = 0
      }
      const max = Math.min(rowsPerTurn, maxFound - found.length)
      const rows = knownIn(partition, from, last, max)
      found.push(...rows)
      readInTurn += rows.length + rowsOfRange
      if (rows.length < max || found.length >= maxFound) return found
      // another outcome of the last offset would not count
      from = (rows.at(-1)?.offset ?? last) + 1
    }
  }

  async function known(partition: number, ranges: readonly OpenRange[]) {
    const found: Known[][] = []
    let areAll = true
    let left = maxCounted
    for (const range of ranges) {
      // the gaps share a maximum, because there may be many; what follows them has one of its own
      const max = range.last === undefined ? maxCounted : left
      const known = max > 0 ? await knownInRange(partition, range, max) : []
      found.push(known)
      left -= known.length
      areAll &&= known.length < max
    }
    return { known: found.flat(), areAll }
  }

  function swapCompacted(
    partition: number,
    before: Compacted | undefined,
    ranges: readonly CountedRange[],
    isLasting: boolean,
  ) {
    const next = { partition, ranges: JSON.stringify(ranges) }
    const swap = () =>
      (before ? updateCompacted.run({ ...next, before: before.text }) : insertCompacted.run(next)).changes > 0
    if (isLasting) return swap()
    // nobody waits for this commit, so the next one may make it durable
    db.exec(`PRAGMA synchronous = ${Math.min(synchronous, normal)}`)
    try {
      return swap()
    } finally {
      db.exec(`PRAGMA synchronous = ${synchronous}`)
    }
  }

  function lastRecordedAt(partition: number, offset: number, notAfter: Date): Date | undefined {
    const row = recordedAt.get({
      partition,
      offset,
      notAfter: notAfter.getTime(),
      ...placesOf(partition, 0, offset),
    }) as { recordedAtMs: number } | undefined
    return row && new Date(row.recordedAtMs)
  }

  const counted = createCountedLedger<Compacted>({
    partitions: () =>
      partitions.all().map((row) => {
        const partition = row['n'] as number
        return { partition, compacted: compacted(partition) }
      }),
    hasUncounted: () => uncounted.get()?.['hasAny'] === 1,
    compacted,
    known,
    swapCompacted,
    lastRecordedAt,
    ...createSqliteWriteOff(db),
  })

  return {
    ...counted,
    /** The newest outcome wins, because a topic that was deleted and created again reuses positions. */
    write(written: WrittenOutcome) {
      if (isKnownPosition(written.position)) put.run(toRow(written))
    },
    account(written: WrittenOutcome) {
      const statement = written.outcome === 'stored' ? put : add
      statement.run(toRow(written))
    },
    outcome(receipt: Receipt): RecordOutcome | undefined {
      const { partition, offset } = receipt.position
      const { recordedAt } = receipt
      const place = placeOf({ partition, offset }) ?? null
      const activity = stored.get(place, partition, offset, recordedAt.getTime()) as
        | { tenant: string; id: string | Uint8Array }
        | undefined
      if (activity) return { outcome: 'stored', tenant: activity.tenant, activityId: fromStoredId(activity.id) }
      const row = other.get(partition, offset, recordedAt.getTime()) as OutcomeRow | undefined
      if (!row) {
        const isExpired =
          mayHaveExpired(receipt) &&
          knownIn(partition, offset, offset, 1).length === 0 &&
          isIn(receipt, compacted(partition)?.ranges)
        return isExpired ? { outcome: 'expired' } : undefined
      }
      const { outcome, tenant, activityId, deadLetter } = row
      return { outcome, tenant, ...(activityId !== null && { activityId }), ...(deadLetter !== null && { deadLetter }) }
    },
  }
}

const toRow = ({ position, outcome, tenant, activityId, deadLetter, recordedAt }: WrittenOutcome) => ({
  ...position,
  outcome,
  tenant,
  activityId: activityId ?? null,
  deadLetter: deadLetter ?? null,
  recordedAtMs: recordedAt?.getTime() ?? null,
})
