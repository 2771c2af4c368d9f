import type { Document, Filter as Match } from 'mongodb'
import { maxPartitions } from '../ledger-summary.ts'
import type { Snapshot } from '../snapshot.ts'
import type { StoredActivity } from './mongo-documents.ts'

/** Matches documents that belong to a snapshot. MongoDB fetches each document for it, as pages do anyway. */
export function isInSnapshot(snapshot: Snapshot): Match<StoredActivity> {
  const partitions = snapshot.map(({ partition, last, missing }) => ({
    partition: { $eq: partition },
    offset: { $lte: last },
    ...(missing.length > 0 && {
      $and: missing.map((absent) => ({ $or: [{ offset: { $lt: absent.first } }, { offset: { $gt: absent.last } }] })),
    }),
  }))
  return { $or: [{ partition: { $lt: 0 } }, { partition: { $gte: maxPartitions } }, ...partitions] }
}

/**
 * Matches documents that belong to a snapshot when they are only skipped or counted. For alternatives MongoDB fetches
 * each document, although the index has all their fields; for a computed value it does not.
 */
export function onlyInSnapshot(snapshot: Snapshot): Document[] {
  const partitions = snapshot.map(({ partition, last, missing }) => ({
    $and: [
      { $eq: ['$partition', partition] },
      { $lte: ['$offset', last] },
      ...missing.map((absent) => ({ $or: [{ $lt: ['$offset', absent.first] }, { $gt: ['$offset', absent.last] }] })),
    ],
  }))
  const notCounted = [{ $lt: ['$partition', 0] }, { $gte: ['$partition', maxPartitions] }]
  return [
    { $project: { tenant: 1, wasThere: { $or: [...notCounted, ...partitions] } } },
    { $match: { wasThere: true } },
  ]
}
