import type { Collection } from 'mongodb'
import { maxTimeMS } from './mongo-client.ts'
import type { StoredActivity } from './mongo-documents.ts'
import { byPosition } from './mongo-indexes.ts'
import { toFoundStored } from './mongo-query.ts'
import type { ActivityStore } from './store.ts'

export function createMongoArrivals(activities: Collection<StoredActivity>): ActivityStore['arrivals'] {
  return async ({ tenant, partition, first, last, limit }) => {
    const found = await activities
      .find(
        { partition: { $eq: partition }, offset: { $gte: first, $lte: last }, tenant: { $eq: tenant } },
        { hint: byPosition, sort: { offset: 1 }, limit, batchSize: limit, maxTimeMS },
      )
      .toArray()
    return found.map(toFoundStored)
  }
}
