import type { Order } from '@activity-log/shared/filter.ts'
import { TooBroad } from '@activity-log/shared/store/activities.ts'

export type Part = { order: Order; limit: number; after?: string; skip?: number; withinMs?: number }

/** How long the search of an answer may take, which leaves time for the rest of it. */
const searchMs = 4000
const minSearchMs = 100

/** The size at which the rows of an answer end. The rest of an answer of 1 MiB is for its links. */
export const maxRowBytes = 1024 * 1024 - 32 * 1024
/** The first rows show how large the others may be. */
const firstRows = 33

/** With `through`, the time of a search was up when all rows through that key were examined. */
export type Bounded<Item> = { found: Item[]; isCut: boolean; through?: string | undefined }

export type FoundPart<Item> = { found: readonly Item[]; through?: string | undefined }

/** Finds rows up to a number of bytes, a part at a time, so that rows of any size take a bounded amount of memory. */
export async function findBounded<Item extends { key: string }>(
  find: (part: Part) => Promise<FoundPart<Item>>,
  part: Part,
  sizeOf: (item: Item) => number,
  maxBytes = maxRowBytes,
): Promise<Bounded<Item>> {
  const found: Item[] = []
  const endsAt = performance.now() + searchMs
  let bytes = 0
  let rows = firstRows
  for (;;) {
    const limit = Math.min(rows, part.limit - found.length)
    const last = found.at(-1)
    const withinMs = endsAt - performance.now()
    if (last && withinMs < minSearchMs) return { found, isCut: false, through: last.key }
    const place = last && { after: last.key, skip: 0 }
    const next = await find({ ...part, limit, withinMs, ...place }).catch((error) => {
      if (last && error instanceof TooBroad) return { found: [], through: last.key }
      throw error
    })
    for (const item of next.found) {
      bytes += sizeOf(item)
      // a page always has a row, so that its links lead on
      if (bytes > maxBytes && found.length > 0) return { found, isCut: true }
      found.push(item)
    }
    if (next.through !== undefined) return { found, isCut: false, through: next.through }
    if (next.found.length < limit || found.length >= part.limit) return { found, isCut: false }
    rows = Math.max(1, Math.floor((maxBytes - bytes) / (bytes / found.length)))
  }
}
