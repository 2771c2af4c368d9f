import type { ActivityDocument } from '../document.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts'

export const collections = {
  activities: 'activities',
  deadLetters: 'deadLetters',
  outcomes: 'fates',
  ledger: 'books',
} as const

/**
 * An activity as MongoDB stores it; its key is `_id`. No JSON schema validates it: persist has checked it already, and
 * an outdated schema would reject the records of a newer version at every redelivery.
 */
export type StoredActivity = {
  _id: string
  tenant: string
  id: string
  userId: string
  action: string
  timestamp: Date
  /** The timestamp as it was sent, if it differs from how the log writes that instant. */
  timestampText?: string
  metadata?: JsonObject
  metadataText?: string
  recordedAt: Date
  partition: number
  offset: number
  digest: string
}

export function toStored(document: ActivityDocument): StoredActivity {
  const { key, timestampMs, timestampText, metadata, recordedAtMs, partition, offset, digest, ...names } = document
  return {
    _id: key,
    ...names,
    timestamp: new Date(timestampMs),
    ...(timestampText !== null && { timestampText }),
    ...(metadata && storedMetadata(metadata)),
    recordedAt: new Date(recordedAtMs),
    partition,
    offset,
    digest,
  }
}

export function fromStored(stored: StoredActivity): ActivityDocument {
  const { _id, timestamp, timestampText = null, metadata = null, metadataText, recordedAt, ...others } = stored
  return {
    ...others,
    key: _id,
    timestampMs: timestamp.getTime(),
    timestampText,
    metadata: metadataText === undefined ? metadata : JSON.parse(metadataText),
    recordedAtMs: recordedAt.getTime(),
  }
}

/**
 * BSON preserves JSON: the order of members, doubles, `__proto__`, and dots in names. So metadata is a document that
 * people can query, unless a name begins with `$`: MongoDB cannot query such names, and the driver turns `{$ref, $id}`
 * into a DBRef, which is not read back as it was. Such metadata is stored as JSON text.
 */
function storedMetadata(metadata: JsonObject): Pick<StoredActivity, 'metadata' | 'metadataText'> {
  return hasDollarName(metadata) ? { metadataText: JSON.stringify(metadata) } : { metadata }
}

function hasDollarName(value: JsonValue): boolean {
  if (Array.isArray(value)) return value.some(hasDollarName)
  return (
    isJsonObject(value) && Object.entries(value).some(([name, part]) => name.startsWith('$') || hasDollarName(part))
  )
}
