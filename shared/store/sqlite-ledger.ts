import type { DatabaseSync } from 'node:sqlite'
import type { CountedRange, Known } from '../ledger-summary.ts'
import type { Outcome } from '../outcome.ts'
import type { Receipt } from '../receipt.ts'
import { createCountedLedger, type OpenRange } from './counted-ledger.ts'
import type { RecordOutcome, WrittenOutcome } from './ledger.ts'
import { isKnownPosition, maxCounted } from './outcomes.ts'
import {
  fromStoredName,
  fromStoredRange,
  type StoredName,
  type StoredRange,
  toStoredName,
  toStoredRange,
} from './stored-names.ts'

type Compacted = { ranges: readonly CountedRange[]; text: string }
type KnownRow = { offset: number; fate: StoredName<Outcome> }
type OutcomeRow = { fate: StoredName<Outcome>; tenant: string; activityId: string | null; deadLetter: string | null }
/** PRAGMA synchronous = NORMAL */
const normal = 1
/** Looking up a range takes as long as reading this many rows. */
const rowsOfRange = 10

export type SqliteLedger = ReturnType<typeof createSqliteLedger>

/**
 * The outcomes of records by position. The outcome of a stored record is on its activity while that exists; all others
 * are rows of `fates`.
 */
export function createSqliteLedger(db: DatabaseSync) {
  const insert =
    'INSERT INTO fates VALUES ($partition, $offset, $fate, $tenant, $activityId, $deadLetter, $recordedAtMs)'
  const add = db.prepare(`${insert} ON CONFLICT DO NOTHING`)
  const put = db.prepare(
    `${insert} ON CONFLICT DO UPDATE SET fate = $fate, tenant = $tenant, activityId = $activityId,
       deadLetter = $deadLetter, recordedAtMs = $recordedAtMs`,
  )
  const stored = db.prepare('SELECT tenant, id FROM activities WHERE partition = ? AND offset = ? AND recordedAtMs = ?')
  const other = db.prepare(
    'SELECT * FROM fates WHERE partition = ? AND offset = ? AND coalesce(recordedAtMs = ?, true)',
  )
  const partitions = db.prepare(
    `WITH RECURSIVE inActivities (n) AS (
       SELECT min(partition) FROM activities WHERE partition >= 0
       UNION ALL SELECT (SELECT min(partition) FROM activities WHERE partition > n) FROM inActivities WHERE n IS NOT NULL
     ), inFates (n) AS (
       SELECT min(partition) FROM fates
       UNION ALL SELECT (SELECT min(partition) FROM fates WHERE partition > n) FROM inFates WHERE n IS NOT NULL
     )
     SELECT n FROM inActivities WHERE n IS NOT NULL UNION SELECT n FROM inFates WHERE n IS NOT NULL
     UNION SELECT partition FROM books ORDER BY n`,
  )
  const selectKnown = db.prepare(
    `SELECT offset, fate, 1 AS rank FROM fates WHERE partition = $partition AND offset BETWEEN $first AND $last
     UNION ALL
     SELECT offset, 'stored', 0 FROM activities INDEXED BY byPosition
       WHERE partition = $partition AND offset BETWEEN $first AND $last
     ORDER BY offset, rank LIMIT ${maxCounted}`,
  )
  const selectCompacted = db.prepare('SELECT spans FROM books WHERE partition = ?')
  const insertCompacted = db.prepare('INSERT INTO books VALUES ($partition, $spans) ON CONFLICT DO NOTHING')
  const updateCompacted = db.prepare('UPDATE books SET spans = $spans WHERE partition = $partition AND spans = $before')
  const { synchronous } = db.prepare('PRAGMA synchronous').get() as { synchronous: number }
  const recordedAt = db.prepare(
    `SELECT offset, recordedAtMs FROM (SELECT offset, recordedAtMs FROM activities INDEXED BY byPosition
       WHERE partition = $partition AND offset <= $offset ORDER BY offset DESC LIMIT 1)
     UNION ALL SELECT offset, recordedAtMs FROM (SELECT offset, recordedAtMs FROM fates
       WHERE partition = $partition AND offset <= $offset AND recordedAtMs IS NOT NULL ORDER BY offset DESC LIMIT 1)
     ORDER BY offset DESC LIMIT 1`,
  )

  function compacted(partition: number): Compacted | undefined {
    const row = selectCompacted.get(partition) as { spans: string } | undefined
    if (!row) return undefined
    const ranges = (JSON.parse(row.spans) as StoredRange[]).map(fromStoredRange)
    return { ranges, text: row.spans }
  }

  let readInTurn = 0
  async function known(partition: number, ranges: readonly OpenRange[]) {
    const found: KnownRow[][] = []
    for (const { first, last = Number.MAX_SAFE_INTEGER } of ranges) {
      if (readInTurn > maxCounted) {
        await new Promise(setImmediate)
        readInTurn = 0
      }
      const rows = selectKnown.all({ partition, first, last }) as KnownRow[]
      found.push(rows)
      readInTurn += rows.length + rowsOfRange
    }
    const all = found.flat().map(({ offset, fate }): Known => ({ offset, outcome: fromStoredName(fate) }))
    return { known: all, areAll: found.every(({ length }) => length < maxCounted) }
  }

  function swapCompacted(
    partition: number,
    before: Compacted | undefined,
    ranges: readonly CountedRange[],
    isLasting: boolean,
  ) {
    const stored = ranges.map(toStoredRange)
    const next = { partition, spans: JSON.stringify(stored) }
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

  function lastRecordedAt(partition: number, offset: number): Date | undefined {
    const row = recordedAt.get({ partition, offset }) as { recordedAtMs: number } | undefined
    return row && new Date(row.recordedAtMs)
  }

  const counted = createCountedLedger<Compacted>({
    partitions: () =>
      partitions.all().map((row) => {
        const partition = row['n'] as number
        return { partition, compacted: compacted(partition) }
      }),
    compacted,
    known,
    swapCompacted,
    lastRecordedAt,
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
    outcome({ position: { partition, offset }, recordedAt }: Receipt): RecordOutcome | undefined {
      const activity = stored.get(partition, offset, recordedAt.getTime()) as { tenant: string; id: string } | undefined
      if (activity) return { outcome: 'stored', tenant: activity.tenant, activityId: activity.id }
      const row = other.get(partition, offset, recordedAt.getTime()) as OutcomeRow | undefined
      if (!row) return undefined
      const { fate, tenant, activityId, deadLetter } = row
      const outcome = fromStoredName<Outcome>(fate)
      return { outcome, tenant, ...(activityId !== null && { activityId }), ...(deadLetter !== null && { deadLetter }) }
    },
  }
}

const toRow = ({ position, outcome, tenant, activityId, deadLetter, recordedAt }: WrittenOutcome) => ({
  ...position,
  fate: toStoredName(outcome),
  tenant,
  activityId: activityId ?? null,
  deadLetter: deadLetter ?? null,
  recordedAtMs: recordedAt?.getTime() ?? null,
})
