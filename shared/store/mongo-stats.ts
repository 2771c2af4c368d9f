import { type Collection, type Document, MongoError } from 'mongodb'
import { afterPrefix, isSearch } from '../filter.ts'
import { type Counted as CountedName, type FindQuery, type NameStatsQuery, type Stats, TooBroad } from './activities.ts'
import { type Matching, type Traits, tallyMatching } from './metadata-search.ts'
import { createMongoCalendar } from './mongo-calendar.ts'
import { maxTimeMS } from './mongo-client.ts'
import type { StoredActivity } from './mongo-documents.ts'
import { byAction, byTime, byUser } from './mongo-indexes.ts'
import { conditionOf, type Selection } from './mongo-selection.ts'
import type { ActivityStore } from './store.ts'

type Select = (query: Pick<FindQuery, 'filter' | 'order'>) => Promise<Selection | undefined>
type Counted = { _id: string; n: number }

/** Error codes: time exceeded, and memory exceeded with and without a specific code. */
const tooMuch: readonly unknown[] = [50, 146, 292]

/**
 * MongoDB counts, within its limits of memory and time. With a filter by metadata or text this code counts the matches, because
 * MongoDB cannot decide about them.
 */
export function createMongoStats(
  activities: Collection<StoredActivity>,
  select: Select,
  matching: Matching<StoredActivity>,
  signal?: AbortSignal,
): ActivityStore['stats'] {
  const byCalendar = createMongoCalendar(activities, signal)
  const aggregate = <Row extends Document>(stages: Document[], hint: Selection['hint']) =>
    activities.aggregate<Row>(stages, { hint, maxTimeMS, signal, allowDiskUse: false }).toArray()

  const stats: ActivityStore['stats'] = async (query) => {
    const { filter } = query
    if (isSearch(filter)) return tallyMatching(matching, query, traits)
    const selection = await select({ filter, order: 'asc' })
    if (!selection) return { data: [], total: 0 }
    try {
      return 'timezone' in query ? await byCalendar(query, selection) : await byName(query, selection)
    } catch (error) {
      if (!(error instanceof MongoError && tooMuch.includes(error.code))) throw error
      throw new TooBroad('There are too many activities to count')
    }
  }

  async function byName(query: NameStatsQuery, selection: Selection): Promise<Stats> {
    const { filter, by, limit, prefix, after } = query
    const { hint, isExamined } = selection
    const isWhole = hint === byTime && !isExamined && filter.from === undefined && filter.to === undefined
    // grouping in the order of names fetches no documents
    const ofName = by === 'userId' ? byUser : byAction
    const [row] = await aggregate<{ data: Counted[]; total: { n: number }[] }>(
      [
        { $match: conditionOf(selection) },
        ...(prefix ? [{ $match: { [by]: { $gte: prefix, ...before(afterPrefix(prefix)) } } }] : []),
        { $group: { _id: `$${by}`, n: { $sum: 1 } } },
        {
          $facet: {
            data: [...(after ? [comesAfter(after)] : []), { $sort: { n: -1, _id: 1 } }, { $limit: limit }],
            total: [{ $group: { _id: null, n: { $sum: '$n' } } }],
          },
        },
      ],
      isWhole ? ofName : hint,
    )
    return {
      data: (row?.data ?? []).map(({ _id, n }) => ({ key: _id, count: n })),
      total: row?.total[0]?.n ?? 0,
    }
  }

  return stats
}

const before = (end: string | undefined) => (end === undefined ? {} : { $lt: end })

const comesAfter = ({ key, count }: CountedName) => ({
  $match: { $or: [{ n: { $lt: count } }, { n: { $eq: count }, _id: { $gt: key } }] },
})

const traits: Traits<StoredActivity> = {
  timeMs: ({ timestamp }) => timestamp.getTime(),
  name: (stored, by) => stored[by],
}
