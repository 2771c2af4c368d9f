import type { Collection, Filter as Match } from 'mongodb'
import { searchMatcher } from '../matches-filter.ts'
import { type MetadataMatch, scalarsWritten } from '../metadata-match.ts'
import { type FindQuery, TooBroad } from './activities.ts'
import type { Matching } from './metadata-search.ts'
import { type StoredActivity, withMetadataText } from './mongo-documents.ts'
import { conditionOf, type Selection } from './mongo-selection.ts'

const maxBatch = 100
/** Others get their turn after this time. */
const turnMs = 10
/** Enough for a first part, even if little time is left. */
const minTimeMS = 500
export const maxTimeExpired = 50

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
    const matches = searchMatcher(filter)
    const selection = await select(query)
    if (!selection) return
    const deadline = performance.now() + timeoutMs
    // text is compared here, so every candidate has to come, and shows how far the search is
    const conditions = filter.text === undefined ? (filter.metadata ?? []).flatMap(mayMatch) : []
    await using candidates = activities.find(
      conditions.length > 0 ? { $and: [conditionOf(selection), ...conditions] } : conditionOf(selection),
      {
        hint: selection.hint,
        sort: { _id: order === 'asc' ? 1 : -1 },
        batchSize: filter.text === undefined ? Math.min(wanted, maxBatch) : maxBatch,
        maxTimeMS: Math.max(minTimeMS, Math.ceil(timeoutMs)),
        signal,
      },
    )
    try {
      let found: StoredActivity[] = []
      let turnAt = performance.now() + turnMs
      // the driver makes an object of one document at a time
      for await (const candidate of candidates) {
        const stored = withMetadataText(candidate)
        if (matches(stored)) found.push(stored)
        if (performance.now() > turnAt) {
          await new Promise(setImmediate)
          turnAt = performance.now() + turnMs
        }
        const isOver = performance.now() > deadline
        if (candidates.bufferedCount() > 0 && !isOver) continue
        yield { found, through: candidate._id }
        found = []
        if (isOver) throw tooBroad()
      }
    } catch (error) {
      throw (error as { code?: unknown }).code === maxTimeExpired ? tooBroad() : error
    }
  }
}

const tooBroad = () => new TooBroad('There are too many activities to search')

/** A condition that every match meets, if MongoDB can express one. Metadata stored as text may always match. */
function mayMatch({ path, value }: MetadataMatch): Match<StoredActivity>[] {
  if (path.some((name) => /^\$|[.\0]/.test(name))) return []
  const isThere: Match<StoredActivity> = { [`metadata.${path.join('.')}`]: { $in: scalarsWritten(value) } }
  return [{ $or: [isThere, { metadataText: { $exists: true } }] }]
}
