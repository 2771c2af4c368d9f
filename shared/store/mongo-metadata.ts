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
 * cannot express every name that metadata may have. MongoDB does not say how far it came before it found nothing, so it
 * is asked about one range of keys after another.
 */
export function createMongoMatching(
  activities: Collection<StoredActivity>,
  select: Select,
  signal?: AbortSignal,
): Matching<StoredActivity> {
  return async function* ({ wanted = maxBatch, ...query }, timeoutMs) {
    const { filter, order } = query
    const matches = searchMatcher(filter)
    const deadline = performance.now() + timeoutMs
    // text is compared here, so every candidate has to come
    const conditions = filter.text === undefined ? (filter.metadata ?? []).flatMap(mayMatch) : []
    const sort = { _id: order === 'asc' ? 1 : -1 } as const
    const selected = await select(query)
    if (!selected) return
    const { hint, indexed } = selected
    const timeLeft = () => Math.max(minTimeMS, Math.ceil(deadline - performance.now()))

    /** The last of so many keys, read from the index alone; undefined if there are fewer. */
    async function keyAhead(after: Match<StoredActivity>, keys: number): Promise<string | undefined> {
      const [last] = await activities
        .find({ $and: [indexed, after] }, { hint, sort, skip: keys - 1, limit: 1, maxTimeMS: timeLeft(), signal })
        .project<{ _id: string }>({ _id: 1, tenant: 1 })
        .toArray()
      return last?._id
    }

    async function* found(range: readonly Match<StoredActivity>[]) {
      await using candidates = activities.find(
        { $and: [conditionOf(selected as Selection), ...range, ...conditions] },
        {
          hint,
          sort,
          batchSize: filter.text === undefined ? Math.min(wanted, maxBatch) : maxBatch,
          maxTimeMS: timeLeft(),
          signal,
        },
      )
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
    }

    try {
      let after: Match<StoredActivity> = {}
      for (let keys = firstKeys; ; keys = Math.min(2 * keys, maxKeys)) {
        const through = await keyAhead(after, keys)
        const until = through === undefined ? {} : { _id: order === 'asc' ? { $lte: through } : { $gte: through } }
        yield* found([after, until])
        if (through === undefined) return
        yield { found: [], through }
        if (performance.now() > deadline) throw tooBroad()
        after = { _id: order === 'asc' ? { $gt: through } : { $lt: through } }
      }
    } catch (error) {
      throw (error as { code?: unknown }).code === maxTimeExpired ? tooBroad() : error
    }
  }
}

/** How many keys of an index a first step goes through, and the longest one: a fraction of a second each. */
const firstKeys = 1_000
const maxKeys = 16_000

const tooBroad = () => new TooBroad('There are too many activities to search')

/** A condition that every match meets, if MongoDB can express one. Metadata stored as text may always match. */
function mayMatch({ path, value }: MetadataMatch): Match<StoredActivity>[] {
  if (path.some((name) => /^\$|[.\0]/.test(name))) return []
  const isThere: Match<StoredActivity> = { [`metadata.${path.join('.')}`]: { $in: scalarsWritten(value) } }
  return [{ $or: [isThere, { metadataText: { $exists: true } }] }]
}
