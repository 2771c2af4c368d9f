import type { Collection, Filter as Match } from 'mongodb'
import type { JsonObject } from '../json.ts'
import { type MetadataMatch, metadataMatcher, scalarsWritten } from '../metadata-match.ts'
import { type FindQuery, TooBroad } from './activities.ts'
import type { Matching } from './metadata-search.ts'
import { type StoredActivity, withMetadataText } from './mongo-documents.ts'
import { conditionOf, type Selection } from './mongo-selection.ts'

const maxBatch = 100
const maxTimeExpired = 50

type Select = (query: Pick<FindQuery, 'filter' | 'order' | 'after'>) => Promise<Selection | undefined>

/**
 * MongoDB returns activities that may match, and this code decides: paths in MongoDB also lead through arrays, and
 * cannot express every name that metadata may have.
 */
export function createMongoMatching(
  activities: Collection<StoredActivity>,
  select: Select,
  signal?: AbortSignal,
): Matching<StoredActivity> {
  return async function* ({ wanted = maxBatch, ...query }, timeoutMs) {
    const { filter, order } = query
    const metadata = filter.metadata ?? []
    const matches = metadataMatcher(metadata)
    const selection = await select(query)
    if (!selection) return
    const deadline = performance.now() + timeoutMs
    const conditions = metadata.flatMap(mayMatch)
    await using candidates = activities.find(
      conditions.length > 0 ? { $and: [conditionOf(selection), ...conditions] } : conditionOf(selection),
      {
        hint: selection.hint,
        sort: { _id: order === 'asc' ? 1 : -1 },
        batchSize: Math.min(wanted, maxBatch),
        maxTimeMS: timeoutMs,
        signal,
      },
    )
    try {
      let found: StoredActivity[] = []
      // the driver makes an object of one document at a time
      for await (const candidate of candidates) {
        if (matches(metadataOf(candidate))) found.push(withMetadataText(candidate))
        if (candidates.bufferedCount() > 0) continue
        if (found.length > 0) yield found
        found = []
        if (performance.now() > deadline) throw tooBroad()
      }
    } catch (error) {
      throw (error as { code?: unknown }).code === maxTimeExpired ? tooBroad() : error
    }
  }
}

const metadataOf = ({ metadata, metadataText = 'null' }: StoredActivity): JsonObject | null =>
  metadata ?? JSON.parse(metadataText)

const tooBroad = () => new TooBroad('There are too many activities to search for metadata')

/** A condition that every match meets, if MongoDB can express one. Metadata stored as text may always match. */
function mayMatch({ path, value }: MetadataMatch): Match<StoredActivity>[] {
  if (path.some((name) => /^\$|[.\0]/.test(name))) return []
  const isThere: Match<StoredActivity> = { [`metadata.${path.join('.')}`]: { $in: scalarsWritten(value) } }
  return [{ $or: [isThere, { metadataText: { $exists: true } }] }]
}
