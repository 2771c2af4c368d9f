import type { DatabaseSync } from 'node:sqlite'
import { toDocument } from '../document.ts'
import type { RecordedActivity, SaveOutcome } from './activities.ts'
import type { SqliteLedger } from './sqlite-ledger.ts'
import type { Row } from './sqlite-query.ts'

export function createSqliteSave(db: DatabaseSync, ledger: Pick<SqliteLedger, 'write'>) {
  const insert = db.prepare(
    `INSERT INTO activities VALUES
       ($key, $tenant, $id, $userId, $action, $timestampMs, $timestampText, $metadata, $recordedAtMs, $partition, $offset, $digest)
     ON CONFLICT DO NOTHING`,
  )
  const byId = db.prepare('SELECT * FROM activities WHERE tenant = ? AND id = ?')

  return function saveOne({ position, ...event }: RecordedActivity): SaveOutcome {
    const document = toDocument(event, position)
    const metadata = document.metadata && JSON.stringify(document.metadata)
    if (insert.run({ ...document, metadata }).changes === 1) return 'stored'
    const { tenant, id, key } = document
    const present = byId.get(tenant, id) as Row | undefined
    if (!present) throw new Error(`The key ${key} of ${id} already belongs to another id`)
    if (present.digest !== document.digest) return 'conflict'
    if (present.partition === document.partition && present.offset === document.offset) return 'stored'
    ledger.write({ position, outcome: 'duplicate', tenant, activityId: id, recordedAt: event.recordedAt })
    return 'duplicate'
  }
}
