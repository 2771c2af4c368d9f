import type { ActivityRecorded } from './activity-recorded.ts'
import { canonicalAttributes } from './canonical-attributes.ts'
import { canonicalJson, type JsonObject } from './json.ts'
import { arrivalOf, atMost, firstBytesOfSha256, type HashId, hashId, type Key } from './key.ts'
import type { Position } from './receipt.ts'
import { formatTimestamp, isoText, parseTimestamp } from './timestamp.ts'

/** An activity as every store keeps it. */
export type ActivityDocument = {
  key: Key
  tenant: string
  id: string
  userId: string
  action: string
  timestampMs: number
  /** The timestamp as it was sent, if it differs from how the log writes that instant. */
  timestampText: string | null
  metadata: JsonObject | null
  recordedAtMs: number
  /** 16 random bytes in base64url; records of earlier versions have none. */
  salt: string | null
  partition: number
  offset: number
  digest: string
}

/** An activity as a client receives it. */
export type FoundActivity = {
  id: string
  userId: string
  action: string
  timestamp: string
  metadata?: JsonObject
  recordedAt: string
}

/** An activity as a store reads it. Its metadata stays JSON text, because objects take twenty times as much memory. */
export type ListedActivity = Omit<FoundActivity, 'metadata'> & { metadataText?: string }

export function toDocument(
  event: ActivityRecorded,
  { partition, offset }: Position,
  hash: HashId = hashId,
): ActivityDocument {
  const { tenant, activity, recordedAt, sequence, salt = null } = event
  const at = parseTimestamp(activity.timestamp)
  if (typeof at === 'string') throw new Error(`The timestamp of a recorded activity ${at}`)
  const recordedAtMs = recordedAt.getTime()
  return {
    key: {
      instant: atMost(at.nanoseconds),
      arrival: arrivalOf(recordedAtMs, sequence),
      hash: hash(tenant, activity.id),
    },
    tenant,
    id: activity.id,
    userId: activity.userId,
    action: activity.action,
    timestampMs: at.ms,
    timestampText: activity.timestamp === formatTimestamp(at.ms) ? null : activity.timestamp,
    metadata: activity.metadata ?? null,
    recordedAtMs,
    salt,
    partition,
    offset,
    digest: contentDigest(event, at.instant),
  }
}

export type StoredParts = Pick<ActivityDocument, 'id' | 'userId' | 'action' | 'timestampText'> & {
  timestampMs: number
  recordedAtMs: number
  metadataText: string | null
}

export function toFound(parts: StoredParts): ListedActivity {
  const { id, userId, action, timestampMs, timestampText, metadataText, recordedAtMs } = parts
  return {
    id,
    userId,
    action,
    timestamp: timestampText ?? formatTimestamp(timestampMs),
    ...(metadataText !== null && { metadataText }),
    recordedAt: isoText(recordedAtMs),
  }
}

/** Writes the JSON of an activity around the stored text of its metadata. The time of receipt needs no escapes. */
export function activityJson({ id, userId, action, timestamp, metadataText, recordedAt }: ListedActivity): string {
  const start = JSON.stringify({ id, userId, action, timestamp }).slice(0, -1)
  const metadata = metadataText === undefined ? '' : `,"metadata":${metadataText}`
  return `${start}${metadata},"recordedAt":"${recordedAt}"}`
}

export const metadataOf = ({ metadataText }: Pick<ListedActivity, 'metadataText'>): JsonObject | null =>
  metadataText === undefined ? null : JSON.parse(metadataText)

/** Decides between duplicate and conflict: covers what the client sent, but not the members that were filled in. */
function contentDigest({ activity, filledIn, isCloudEvent }: ActivityRecorded, instant: string): string {
  const { userId, action, metadata = null } = activity
  const compared = isCloudEvent && metadata ? canonicalAttributes(metadata) : metadata
  // already sorted by name, so canonicalJson need not sort them
  const sent = { action, instant: filledIn.includes('timestamp') ? null : instant, metadata: compared, userId }
  return firstBytesOfSha256(canonicalJson(sent)).toString('base64url')
}
