import type { DatabaseSync } from 'node:sqlite'
import { deadLetterId, deadLetterKey } from './dead-letter-id.ts'
import type { DeadLetter, deadLetterStates, FoundDeadLetter, KeptDeadLetter, Resolution } from './dead-letters.ts'

export type DeadLetterRow = {
  id: string
  topic: string
  partition: number
  offset: number
  reason: DeadLetter['reason']
  errors: string
  headers: string
  body: Uint8Array
  tenant: string
  activityId: string | null
  recordedAtMs: number | null
  firstPartition: number | null
  firstOffset: number | null
  firstAtMs: number
  lastAtMs: number
  attempts: number
  state: (typeof deadLetterStates)[number]
  resolution: string | null
}

export function createSqliteDeadLetters(db: DatabaseSync) {
  const insert = db.prepare(
    `INSERT INTO deadLetters (id, topic, partition, offset, reason, errors, headers, body, tenant, activityId, recordedAtMs,
       firstPartition, firstOffset, firstAtMs, lastAtMs, attempts)
     VALUES ($id, $topic, $partition, $offset, $reason, $errors, $headers, $body, $tenant, $activityId, $recordedAtMs,
       $firstPartition, $firstOffset, $atMs, $atMs, 1)
     ON CONFLICT (id) DO UPDATE SET lastAtMs = $atMs, attempts = attempts + 1`,
  )
  const byId = db.prepare('SELECT * FROM deadLetters WHERE tenant = ? AND id = ?')
  const resolve = db.prepare(
    `UPDATE deadLetters SET state = $state, resolution = $resolution
     WHERE tenant = $tenant AND id = $id AND (state = 'open' OR (state = 'discarded' AND $state = 'replayed'))`,
  )

  return {
    deadLetter(deadLetter: DeadLetter) {
      const { topic, position, reason, errors, headers, body, at, tenant, activityId, recordedAt, firstPosition } =
        deadLetter
      insert.run({
        id: deadLetterId(deadLetter),
        topic,
        ...position,
        reason,
        errors: JSON.stringify(errors),
        headers: JSON.stringify(headers),
        body,
        tenant,
        activityId: activityId ?? null,
        recordedAtMs: recordedAt?.getTime() ?? null,
        firstPartition: firstPosition?.partition ?? null,
        firstOffset: firstPosition?.offset ?? null,
        atMs: at.getTime(),
      })
    },
    get(tenant: string, id: string): KeptDeadLetter | undefined {
      const row = byId.get(tenant, id) as DeadLetterRow | undefined
      return row && fromRow(row)
    },
    resolve(tenant: string, id: string, resolution: Resolution) {
      resolve.run({ tenant, id, state: resolution.state, resolution: JSON.stringify(resolution) })
    },
  }
}

export function toFoundDeadLetter(row: DeadLetterRow): FoundDeadLetter {
  const deadLetter = fromRow(row)
  return { key: deadLetterKey(deadLetter), deadLetter }
}

function fromRow(row: DeadLetterRow): KeptDeadLetter {
  const { id, topic, partition, offset, reason, errors, headers, body, tenant, attempts } = row
  return {
    id,
    topic,
    position: { partition, offset },
    reason,
    errors: JSON.parse(errors),
    headers: JSON.parse(headers),
    body,
    tenant,
    attempts,
    firstAt: new Date(row.firstAtMs),
    lastAt: new Date(row.lastAtMs),
    ...(row.activityId !== null && { activityId: row.activityId }),
    ...(row.recordedAtMs !== null && { recordedAt: new Date(row.recordedAtMs) }),
    ...(row.firstPartition !== null && {
      firstPosition: { partition: row.firstPartition, offset: row.firstOffset as number },
    }),
    ...(row.resolution !== null && { resolution: readResolution(row.resolution) }),
  }
}

function readResolution(text: string): Resolution {
  const resolution = JSON.parse(text)
  return { ...resolution, at: new Date(resolution.at) }
}
