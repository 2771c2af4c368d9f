import { maxPartitions } from '../ledger-summary.ts'
import { maxPruned, type PruningRecords } from './duplicate-pruning.ts'
import { maxTimeMS } from './mongo-client.ts'
import { byPosition } from './mongo-indexes.ts'
import type { LedgerCollections } from './mongo-ledger.ts'

/** What the pruning of duplicates reads and writes. Processes that prune at the same time write the same. */
export function createMongoPruning({
  outcomes,
  ledger,
}: Pick<LedgerCollections, 'outcomes' | 'ledger'>): PruningRecords {
  return {
    async partitions() {
      const all = await ledger.find({ _id: { $lt: maxPartitions } }, { sort: { _id: 1 }, maxTimeMS }).toArray()
      return all.map(({ _id, ranges }) => ({ partition: _id, ranges }))
    },
    pruning: async (partition) => (await ledger.findOne({ _id: { $eq: partition } }, { maxTimeMS }))?.pruning,
    async setPruning(partition, pruning) {
      await ledger.updateOne({ _id: { $eq: partition } }, { $set: { pruning } })
    },
    async pruneDuplicates(partition, first, last) {
      const place = (to: number) => ({ partition: { $eq: partition }, offset: { $gte: first, $lte: to } })
      const listed = { sort: byPosition, hint: byPosition, skip: maxPruned, maxTimeMS } as const
      const next = await outcomes.findOne(place(last), { ...listed, projection: { _id: 0, offset: 1 } })
      const through = next ? next.offset - 1 : last
      await outcomes.deleteMany({ ...place(through), outcome: { $eq: 'duplicate' } }, { hint: byPosition })
      return through
    },
  }
}
