import { type CountedRange, cutRanges } from '../ledger-summary.ts'
import type { Position } from '../receipt.ts'
import type { Ends, LedgerRecords } from './ledger-records.ts'
import { StoreUnavailable } from './store.ts'

export const isBeyond = (ends: Ends, { partition, offset }: Position) => offset >= (ends[partition] ?? 0)

/** The maximum number of positions of one step. */
export const maxWrittenOff = 500

const maxAttempts = 20

/**
 * Writes off the records that a queue never had. A record may arrive at any time, so the ends are read again after the
 * positions that they decide about.
 */
export async function writeOff<Compacted extends { ranges: readonly CountedRange[] }>(
  records: LedgerRecords<Compacted>,
  readEnds: () => Promise<Ends>,
): Promise<number> {
  let count = 0
  await cutAll()
  for (let found: readonly Position[] | undefined; !found || found.length === maxWrittenOff; ) {
    found = await records.beyond(await readEnds())
    const ends = await readEnds()
    const forged = found.filter((position) => isBeyond(ends, position))
    await records.forgetPositions(forged)
    count += forged.length
  }
  // the positions may have been compacted in the meantime
  await cutAll()
  return count

  async function cutAll() {
    for (const { partition } of await records.partitions()) await cut(partition)
  }

  async function cut(partition: number) {
    for (let attempt = 1; attempt <= maxAttempts; attempt++) {
      const compacted = await records.compacted(partition)
      const end = (await readEnds())[partition] ?? 0
      const across = compacted?.ranges.find(({ first, last }) => first < end && end <= last)
      const counted = across ? (await records.known(partition, [{ first: end, last: across.last }])).known : []
      const cut = cutRanges(compacted?.ranges ?? [], end, counted)
      if (!compacted || cut === compacted.ranges) return
      if (await records.swapCompacted(partition, compacted, cut, true)) return
    }
    throw new StoreUnavailable(`The ledger of partition ${partition} could not be written: others kept changing it`)
  }
}
