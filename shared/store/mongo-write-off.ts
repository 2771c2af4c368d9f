import type { Collection } from 'mongodb'
import type { Position } from '../receipt.ts'
import type { Ends, WriteOffRecords } from './ledger-records.ts'
import { maxTimeMS } from './mongo-client.ts'
import { type StoredActivity, type StoredOutcome, toOutcomeId } from './mongo-documents.ts'
import { byPosition } from './mongo-indexes.ts'
import { unknownPartition } from './outcomes.ts'
import { maxWrittenOff } from './write-off.ts'

type Collections = { activities: Collection<StoredActivity>; outcomes: Collection<StoredOutcome> }
type Match = { partition: { $eq: number } | { $gte: number }; offset?: { $gte: number } }

/** What writing records off reads and writes. */
export function createMongoWriteOff({ activities, outcomes }: Collections): WriteOffRecords {
  async function positionsOf(match: Match): Promise<Position[]> {
    const listed = { sort: byPosition, hint: byPosition, limit: maxWrittenOff, maxTimeMS } as const
    const projection = { _id: 0, partition: 1, offset: 1 } as const
    const [stored, others] = await Promise.all([
      activities.find(match, listed).project<Position>(projection).toArray(),
      outcomes.find(match, listed).project<Position>(projection).toArray(),
    ])
    return [...stored, ...others]
  }

  return {
    async beyond(ends: Ends) {
      const matches: Match[] = [
        ...ends.map((end, partition) => ({ partition: { $eq: partition }, offset: { $gte: end } })),
        { partition: { $gte: ends.length } },
      ]
      const found: Position[] = []
      for (const match of matches) {
        if (found.length < maxWrittenOff) found.push(...(await positionsOf(match)))
      }
      return found.slice(0, maxWrittenOff)
    },
    async forgetPositions(positions) {
      const places = [...Map.groupBy(positions, ({ partition }) => partition)]
      for (const [partition, some] of places) {
        const offset = { $in: some.map(({ offset }) => offset) }
        const stored = await activities
          .find({ partition: { $eq: partition }, offset }, { hint: byPosition, maxTimeMS })
          .project<Pick<StoredActivity, '_id'>>({ _id: 1 })
          .toArray()
        const keys = stored.map(({ _id }) => _id)
        await activities.updateMany({ _id: { $in: keys } }, { $set: { partition: unknownPartition } })
      }
      await outcomes.deleteMany({ _id: { $in: positions.map(toOutcomeId) } })
    },
  }
}
