import type { Collection, Document, Filter as Match } from 'mongodb'
import { firstKeyAt, keyTimeMs } from '../key.ts'
import { nanosecondsPerMs } from '../timestamp.ts'
import { type CalendarStatsQuery, type Stats, TooBroad } from './activities.ts'
import { type CalendarUnit, calendarOf } from './calendar.ts'
import { maxTimeMS } from './mongo-client.ts'
import type { StoredActivity } from './mongo-documents.ts'
import type { Selection } from './mongo-selection.ts'
import { onlyInSnapshot } from './mongo-snapshot.ts'
import { createNameCounter } from './name-counter.ts'

/** How many hours, days or months are counted at once. */
const maxSpans = 1_000
/** These many hours, days or months have no more spans, even where clocks change twice a year. */
const reachMs: { readonly [unit in CalendarUnit]: number } = {
  hour: 950 * 3_600_000,
  day: 900 * 24 * 3_600_000,
  month: 900 * 28 * 24 * 3_600_000,
}

/** A part of an hour, day or month: the first key of its activities. */
type Span = { key: string; from: string }

/**
 * Counts by hour, day or month from the keys, which begin with the instant. So all that is read is in the index, unless
 * the filter needs the documents. The newest spans come first, and what is older than those of the answer is only
 * counted.
 */
export function createMongoCalendar(activities: Collection<StoredActivity>, signal?: AbortSignal) {
  return async (query: CalendarStatsQuery, { match, hint, snapshot }: Selection): Promise<Stats> => {
    const spanAt = calendarOf(query.by, query.timezone)
    const counter = createNameCounter(query)
    const seen = new Set<string>()
    const endsAt = performance.now() + maxTimeMS
    const inTime = () => {
      const leftMs = Math.ceil(endsAt - performance.now())
      if (leftMs < 1) throw new TooBroad('There are too many activities to count')
      return { hint, maxTimeMS: leftMs, signal }
    }

    async function newestKey(before: string | undefined): Promise<string | undefined> {
      const [newest] = await activities
        .find(between(undefined, before), { ...inTime(), sort: { _id: -1 }, limit: 1 })
        .project<{ _id: string }>({ _id: 1, tenant: 1 })
        .toArray()
      return newest?._id
    }

    function between(from: string | undefined, before: string | undefined): Match<StoredActivity> {
      const bounds = { ...(from !== undefined && { $gte: from }), ...(before !== undefined && { $lt: before }) }
      return Object.keys(bounds).length === 0 ? match : { $and: [match, { _id: bounds }] }
    }

    const counted = (condition: Match<StoredActivity>, group: Document | string) =>
      activities
        .aggregate<{ _id: number; n: number }>(
          [
            { $match: condition },
            ...(snapshot ? onlyInSnapshot(snapshot) : []),
            { $project: { tenant: 1, group } },
            { $group: { _id: '$group', n: { $sum: 1 } } },
          ],
          { ...inTime(), allowDiskUse: false },
        )
        .toArray()

    /** The spans up to that of an instant, but no more than are counted at once. */
    function spansUntil(ms: number): Span[] {
      const spans: Span[] = []
      for (let at = Math.max(0, ms - reachMs[query.by]); at <= ms && spans.length < maxSpans; ) {
        const { key, endMs } = spanAt(at)
        spans.push({ key, from: firstKeyAt(BigInt(at) * nanosecondsPerMs) })
        at = endMs
      }
      return spans
    }

    let before: string | undefined
    // the oldest span may continue before those that are counted at once
    while (seen.size <= query.limit) {
      const newest = await newestKey(before)
      if (newest === undefined) return counter.stats()
      const spans = spansUntil(keyTimeMs(newest))
      const from = (spans[0] as Span).from
      for (const { _id, n } of await counted(between(from, before), indexOf(spans))) {
        const { key } = spans[_id] as Span
        counter.add(key, n)
        seen.add(key)
      }
      before = from
    }
    const [older] = await counted(between(undefined, before), '$tenant')
    const { data, total } = counter.stats()
    return { data, total: total + (older?.n ?? 0) }
  }
}

/** An expression for the index of the span of a key. It compares a key with ten bounds instead of a thousand. */
function indexOf(spans: readonly Span[], first = 0, end = spans.length): Document {
  // a number alone would be taken for a flag
  if (end - first === 1) return { $literal: first }
  const middle = (first + end) >> 1
  return {
    $cond: [
      { $lt: ['$_id', (spans[middle] as Span).from] },
      indexOf(spans, first, middle),
      indexOf(spans, middle, end),
    ],
  }
}
