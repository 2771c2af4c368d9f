import { type ActivityDocument, toFound } from '../document.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../json.ts'
import { toKey } from '../key.ts'
import type { Position } from '../receipt.ts'
import type { Found } from './activities.ts'
import type { WrittenOutcome } from './ledger.ts'

/** The names of the version before formats had numbers. */
export const formerCollections = {
  activities: 'activities',
  deadLetters: 'deadLetters',
  outcomes: 'fates',
  ledger: 'books',
} as const

/** No name is one that an earlier version used: it may still run beside this one, and must not write into these. */
export const collections = {
  activities: 'recordedActivities',
  deadLetters: 'keptDeadLetters',
  outcomes: 'outcomes',
  ledger: 'ledger',
  /** The format of all others, and how far a migration has come. */
  meta: 'meta',
} as const

/**
 * An activity as MongoDB stores it; `_id` is the text of its key. No JSON schema validates it: persist has checked it
 * already, and an outdated schema would reject the records of a newer version at every redelivery.
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
  /** The time of receipt is also in `_id`, but only a date can make a document expire. */
  recordedAt: Date
  salt?: string
  partition: number
  offset: number
  digest: string
}

export function toStored(document: ActivityDocument): StoredActivity {
  const { key, timestampMs, timestampText, metadata, recordedAtMs, salt, partition, offset, digest, ...names } =
    document
  return {
    _id: toKey(key),
    ...names,
    timestamp: new Date(timestampMs),
    ...(timestampText !== null && { timestampText }),
    ...(metadata && storedMetadata(metadata)),
    recordedAt: new Date(recordedAtMs),
    ...(salt !== null && { salt }),
    partition,
    offset,
    digest,
  }
}

/** Turns an object into text, which takes a twentieth of its memory. */
export function withMetadataText({ metadata, ...stored }: StoredActivity): StoredActivity {
  return metadata ? { ...stored, metadataText: JSON.stringify(metadata) } : stored
}

export function toFoundStored(stored: StoredActivity): Found {
  const { _id, timestamp, timestampText = null, recordedAt, partition, offset, ...names } = stored
  const { metadataText = null } = withMetadataText(stored)
  const times = { timestampMs: timestamp.getTime(), timestampText, recordedAtMs: recordedAt.getTime() }
  return { key: _id, activity: toFound({ ...names, ...times, metadataText }), position: { partition, offset } }
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

/** The id of an outcome is its position, so that each position has one outcome without another index. */
export const toOutcomeId = ({ partition, offset }: Position) => `${partition}/${offset}`

/** `_id` is the position, so that each position has one outcome without another index. */
export type StoredOutcome = Omit<WrittenOutcome, 'position'> & {
  _id: string
  partition: number
  offset: number
  at: Date
}
