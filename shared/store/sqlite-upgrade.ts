import type { DatabaseSync } from 'node:sqlite'
import type { ActivityDocument } from '../document.ts'
import { arrivalOf, atMost, type HashId, hashId } from '../key.ts'
import { openSqliteFile, transaction } from '../sqlite/file.ts'
import { nanosecondsPerMs, parseTimestamp } from '../timestamp.ts'
import { migrations } from './sqlite-migrations.ts'
import { createSqliteInserter } from './sqlite-save.ts'

/** How many rows are moved in one transaction. */
const rowsAtOnce = 5000

export type UpgradeProgress = { moved: number; left: number }

type FormerActivity = {
  key: string
  tenant: string
  id: string
  userId: string
  action: string
  timestampMs: number
  timestampText: string | null
  metadata: string | null
  recordedAtMs: number
  partition: number
  offset: number
  digest: string
}

export type UpgradeOptions = { batch?: number; hash?: HashId }

/**
 * Upgrades a store that an earlier version wrote, before it is opened. It may end at any moment, even by a crash: the
 * next call goes on, because rows are moved in transactions, and what is not moved yet is still in the former tables.
 */
export async function upgradeSqliteStore({
  path,
  onProgress,
  ...options
}: UpgradeOptions & { path: string; onProgress: (progress: UpgradeProgress) => void }): Promise<void> {
  const db = openSqliteFile({ path, migrations })
  try {
    for (const progress of upgradeSteps(db, options)) {
      onProgress(progress)
      await new Promise(setImmediate)
    }
  } finally {
    db.close()
  }
}

/**
 * Moves the rows of the former tables into the present ones, a transaction for each step, and drops them at the end.
 */
export function* upgradeSteps(
  db: DatabaseSync,
  { batch = rowsAtOnce, hash = hashId }: UpgradeOptions = {},
): Generator<UpgradeProgress> {
  const former = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'formerActivities'")
  if (!former.get()) return
  let { left } = db.prepare('SELECT count(*) AS left FROM formerActivities').get() as { left: number }
  let moved = 0
  for (const step of [deadLetterSteps(db, batch), outcomeSteps(db, batch)]) {
    while (transaction(db, step) > 0) yield { moved, left }
  }
  const moveActivities = activitySteps(db, batch, hash)
  for (let count = transaction(db, moveActivities); count > 0; count = transaction(db, moveActivities)) {
    moved += count
    left -= count
    yield { moved, left }
  }
  transaction(db, () => {
    upgradeLedger(db)
    db.exec('DROP TABLE formerActivities; DROP TABLE formerOutcomes; DROP TABLE formerLedger')
  })
}

/** Renames the reason of some dead letters, and returns their number. */
function deadLetterSteps(db: DatabaseSync, batch: number) {
  const next = db.prepare(`SELECT id, reason FROM deadLetters WHERE id > ? ORDER BY id LIMIT ${batch}`)
  const rename = db.prepare("UPDATE deadLetters SET reason = 'rejected' WHERE id = ?")
  let last = ''
  return () => {
    const rows = next.all(last) as { id: string; reason: string }[]
    for (const { id, reason } of rows) if (reason === 'refused') rename.run(id)
    last = rows.at(-1)?.id ?? last
    return rows.length
  }
}

function outcomeSteps(db: DatabaseSync, batch: number) {
  const first = `(SELECT partition, offset FROM formerOutcomes ORDER BY partition, offset LIMIT ${batch})`
  const copy = db.prepare(
    `INSERT INTO outcomes SELECT partition, offset, iif(fate = 'refused', 'rejected', fate), tenant, activityId,
       deadLetter, recordedAtMs FROM formerOutcomes WHERE (partition, offset) IN ${first}`,
  )
  const remove = db.prepare(`DELETE FROM formerOutcomes WHERE (partition, offset) IN ${first}`)
  return () => {
    copy.run()
    return Number(remove.run().changes)
  }
}

function activitySteps(db: DatabaseSync, batch: number, hash: HashId) {
  const first = db.prepare(`SELECT * FROM formerActivities ORDER BY key LIMIT ${batch}`)
  const remove = db.prepare('DELETE FROM formerActivities WHERE key <= ?')
  const inserter = createSqliteInserter(db, hash)
  return () => {
    const rows = first.all() as FormerActivity[]
    for (const row of rows) move(row)
    const last = rows.at(-1)
    if (last) remove.run(last.key)
    return rows.length
  }

  /**
   * If the hashes of two ids collide and the key is taken, the activity gets the next free key, so it stays readable.
   */
  function move({ metadata, ...row }: FormerActivity) {
    for (let sequence = 0; ; sequence++) {
      if (inserter.insert(documentOf(row, sequence, hash), metadata) !== 'key-taken') return
    }
  }
}

function documentOf(
  row: Omit<FormerActivity, 'key' | 'metadata'>,
  sequence: number,
  hash: HashId,
): Omit<ActivityDocument, 'metadata'> {
  const { tenant, id, timestampMs, timestampText, recordedAtMs } = row
  const parsed = timestampText === null ? '' : parseTimestamp(timestampText)
  const instant = typeof parsed === 'string' ? BigInt(timestampMs) * nanosecondsPerMs : parsed.nanoseconds
  const key = { instant: atMost(instant), arrival: arrivalOf(recordedAtMs, sequence), hash: hash(tenant, id) }
  return { ...row, key, salt: null }
}

function upgradeLedger(db: DatabaseSync) {
  const insert = db.prepare('INSERT INTO ledger VALUES (?, ?)')
  for (const { partition, spans } of db.prepare('SELECT partition, spans FROM formerLedger').all()) {
    const ranges = (JSON.parse(spans as string) as FormerRange[]).map(
      ({ counts: { refused = 0, ...counts }, ...ends }) => ({
        ...ends,
        counts: { ...counts, rejected: refused },
      }),
    )
    insert.run(partition as number, JSON.stringify(ranges))
  }
}

type FormerRange = { first: number; last: number; counts: { [outcome: string]: number } }
