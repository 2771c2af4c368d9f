import { hash } from 'node:crypto'
import type { ActivityRecorded } from './activity-recorded.ts'
import { canonicalAttributes } from './canonical-attributes.ts'
import { canonicalJson, type JsonObject } from './json.ts'
import { activityKey } from './key.ts'
import type { Position } from './receipt.ts'
import { formatTimestamp, parseTimestamp } from './timestamp.ts'

/** An activity as every store keeps it. */
export type ActivityDocument = {
  key: string
  tenant: string
  id: string
  userId: string
  action: string
  timestampMs: number
  /** The timestamp as it was sent, if it differs from how the log writes that instant. */
  timestampText: string | null
  metadata: JsonObject | null
  recordedAtMs: number
  partition: number
  offset: number
  digest: string
}

/** An activity as a reader receives it. */
export type FoundActivity = {
  id: string
  userId: string
  action: string
  timestamp: string
  metadata?: JsonObject
  recordedAt: string
}

export function toDocument(event: ActivityRecorded, { partition, offset }: Position): ActivityDocument {
  const { tenant, activity, recordedAt } = event
  const at = parseTimestamp(activity.timestamp)
  if (typeof at === 'string') throw new Error(`The timestamp of a recorded activity ${at}`)
  return {
    key: activityKey(tenant, activity.id, at.ms),
    tenant,
    id: activity.id,
    userId: activity.userId,
    action: activity.action,
    timestampMs: at.ms,
    timestampText: activity.timestamp === formatTimestamp(at.ms) ? null : activity.timestamp,
    metadata: activity.metadata ?? null,
    recordedAtMs: recordedAt.getTime(),
    partition,
    offset,
    digest: contentDigest(event, at.instant),
  }
}

export function toFound(document: ActivityDocument): FoundActivity {
  const { id, userId, action, timestampMs, timestampText, metadata, recordedAtMs } = document
  return {
    id,
    userId,
    action,
    timestamp: timestampText ?? formatTimestamp(timestampMs),
    ...(metadata && { metadata }),
    recordedAt: new Date(recordedAtMs).toISOString(),
  }
}

/** Decides between duplicate and conflict: covers what the client sent, but not the members that were filled in. */
function contentDigest({ activity, filledIn, isCloudEvent }: ActivityRecorded, instant: string): string {
  const { userId, action, metadata = null } = activity
  const compared = isCloudEvent && metadata ? canonicalAttributes(metadata) : metadata
  const sent = { userId, action, metadata: compared, instant: filledIn.includes('timestamp') ? null : instant }
  return hash('sha256', canonicalJson(sent), 'buffer').subarray(0, 16).toString('base64url')
}
