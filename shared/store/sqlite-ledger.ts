import type { DatabaseSync } from 'node:sqlite'
import {
  type Books,
  bookOf,
  completeTime,
  joinSpans,
  type Known,
  lastComplete,
  openStretches,
  type Span,
  sealSpans,
  toSpans,
  writeOff,
} from '../books.ts'
import type { Fate } from '../fate.ts'
import type { Receipt } from '../receipt.ts'
import { isKnownPosition, maxCounted } from './fates.ts'
import type { RecordFate, WrittenFate } from './store.ts'

type FateRow = { fate: Fate; tenant: string; activityId: string | null; deadLetter: string | null }
export type SqliteLedger = ReturnType<typeof createSqliteLedger>

/** The fates of records by their positions: that of a stored one is on its activity, every other one is a row of `fates`. */
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
  const known = db.prepare(
    `SELECT offset, fate, 1 AS rank FROM fates WHERE partition = $partition AND offset BETWEEN $first AND $last
     UNION ALL
     SELECT offset, 'stored', 0 FROM activities INDEXED BY byPosition
       WHERE partition = $partition AND offset BETWEEN $first AND $last
     ORDER BY offset, rank LIMIT ${maxCounted}`,
  )
  const sealed = db.prepare('SELECT spans FROM books WHERE partition = ?')
  const seal = db.prepare('INSERT INTO books VALUES ($partition, $spans) ON CONFLICT DO UPDATE SET spans = $spans')
  const recordedAt = db.prepare(
    `SELECT offset, recordedAtMs FROM (SELECT offset, recordedAtMs FROM activities INDEXED BY byPosition
       WHERE partition = $partition AND offset <= $offset ORDER BY offset DESC LIMIT 1)
     UNION ALL SELECT offset, recordedAtMs FROM (SELECT offset, recordedAtMs FROM fates
       WHERE partition = $partition AND offset <= $offset AND recordedAtMs IS NOT NULL ORDER BY offset DESC LIMIT 1)
     ORDER BY offset DESC LIMIT 1`,
  )

  function readSealed(partition: number): Span[] {
    const row = sealed.get(partition) as { spans: string } | undefined
    return row ? JSON.parse(row.spans) : []
  }

  /** What is not sealed. As far as it is counted: `uncounted` says that there may be more. */
  function count(partition: number, spans: readonly Span[]): { counted: Span[]; uncounted: boolean } {
    const stretches = openStretches(spans).map(({ first, last = Number.MAX_SAFE_INTEGER }) =>
      known.all({ partition, first, last }),
    )
    return {
      counted: stretches.flatMap((rows) => toSpans(rows as Known[])),
      uncounted: stretches.some(({ length }) => length === maxCounted),
    }
  }

  function lastRecordedAt(partition: number, offset: number): Date | undefined {
    const row = recordedAt.get({ partition, offset }) as { recordedAtMs: number } | undefined
    return row && new Date(row.recordedAtMs)
  }

  return {
    /** The newest word counts: a topic that was made anew has other records in the same places. */
    write(fate: WrittenFate) {
      if (isKnownPosition(fate.position)) put.run(toRow(fate))
    },
    account(fate: WrittenFate) {
      add.run(toRow(fate))
    },
    read({ position: { partition, offset }, recordedAt }: Receipt): RecordFate | undefined {
      const activity = stored.get(partition, offset, recordedAt.getTime()) as { tenant: string; id: string } | undefined
      if (activity) return { fate: 'stored', tenant: activity.tenant, activityId: activity.id }
      const row = other.get(partition, offset, recordedAt.getTime()) as FateRow | undefined
      if (!row) return undefined
      const { fate, tenant, activityId, deadLetter } = row
      return { fate, tenant, ...(activityId !== null && { activityId }), ...(deadLetter !== null && { deadLetter }) }
    },
    seal(partition: number) {
      const spans = readSealed(partition)
      const { counted } = count(partition, spans)
      seal.run({ partition, spans: JSON.stringify(sealSpans(spans, counted)) })
    },
    writeOff(partition: number, below: number) {
      const spans = readSealed(partition)
      const { counted } = count(partition, spans)
      seal.run({ partition, spans: JSON.stringify(writeOff(joinSpans(spans, counted), below)) })
    },
    books(): Books {
      const counted = partitions.all().map((row) => {
        const partition = row['n'] as number
        const spans = readSealed(partition)
        const { counted, uncounted } = count(partition, spans)
        const book = bookOf(partition, joinSpans(spans, counted), uncounted)
        return { book, lastRecordedAt: lastRecordedAt(partition, lastComplete(book)) }
      })
      return { partitions: counted.map(({ book }) => book), completeThrough: completeTime(counted) }
    },
  }
}

const toRow = ({ position, fate, tenant, activityId, deadLetter, recordedAt }: WrittenFate) => ({
  ...position,
  fate,
  tenant,
  activityId: activityId ?? null,
  deadLetter: deadLetter ?? null,
  recordedAtMs: recordedAt?.getTime() ?? null,
})
