import type { Order } from '@activity-log/shared/filter.ts'

export type Part = { order: Order; limit: number; after?: string; skip?: number }

/** The size at which the rows of an answer end. The rest of an answer of 1 MiB is for its links. */
export const maxRowBytes = 1024 * 1024 - 32 * 1024
/** The first rows show how large the others may be. */
const firstRows = 33

export type Bounded<Item> = { found: Item[]; isCut: boolean }

/** Finds rows up to a number of bytes, a part at a time, so that rows of any size take a bounded amount of memory. */
export async function findBounded<Item extends { key: string }>(
  find: (part: Part) => Promise<readonly Item[]>,
  part: Part,
  sizeOf: (item: Item) => number,
  maxBytes = maxRowBytes,
): Promise<Bounded<Item>> {
  const found: Item[] = []
  let bytes = 0
  let rows = firstRows
  for (;;) {
    const limit = Math.min(rows, part.limit - found.length)
    const last = found.at(-1)
    const next = await find({ ...part, limit, ...(last && { after: last.key, skip: 0 }) })
    for (const item of next) {
      bytes += sizeOf(item)
      // a page always has a row, so that its links lead on
      if (bytes > maxBytes && found.length > 0) return { found, isCut: true }
      found.push(item)
    }
    if (next.length < limit || found.length >= part.limit) return { found, isCut: false }
    rows = Math.max(1, Math.floor((maxBytes - bytes) / (bytes / found.length)))
  }
}
