import type { Document, Filter as Match } from 'mongodb'
import type { Snapshot } from '../snapshot.ts'
import type { StoredActivity } from './mongo-documents.ts'

/** What the log had then. MongoDB looks at a document for it: for pages, which are fetched anyway. */
export function isInSnapshot(snapshot: Snapshot): Match<StoredActivity> {
  const partitions = snapshot.map(({ partition, last, missing }) => ({
    partition: { $eq: partition },
    offset: { $lte: last },
    ...(missing.length > 0 && {
      $and: missing.map((absent) => ({ $or: [{ offset: { $lt: absent.first } }, { offset: { $gt: absent.last } }] })),
    }),
  }))
  return { $or: [{ partition: { $lt: 0 } }, ...partitions] }
}

/**
 * The same for what is only skipped or counted. MongoDB fetches for a condition of alternatives, though the index has all
 * its fields; for a value that is computed of them it does not.
 */
export function onlyInSnapshot(snapshot: Snapshot): Document[] {
  const partitions = snapshot.map(({ partition, last, missing }) => ({
    $and: [
      { $eq: ['$partition', partition] },
      { $lte: ['$offset', last] },
      ...missing.map((absent) => ({ $or: [{ $lt: ['$offset', absent.first] }, { $gt: ['$offset', absent.last] }] })),
    ],
  }))
  return [
    { $project: { tenant: 1, wasThere: { $or: [{ $lt: ['$partition', 0] }, ...partitions] } } },
    { $match: { wasThere: true } },
  ]
}
