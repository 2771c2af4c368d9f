/** Tracks the progress of a partition. Offsets are taken in ascending order, with gaps where Kafka has no record. */
export type Progress = {
  taken(offset: number): void
  /** Notes that a record has an outcome. Records may finish in any order. */
  finished(offset: number): void
  /** Skips offsets up to and including this one: aborted transactions, their markers, compacted records. */
  passed(offset: number): void
  /** The next offset to read; undefined if nothing was taken yet. */
  next(): number | undefined
  /** The first offset without an outcome, which may be committed; undefined if nothing was taken yet. */
  committable(): number | undefined
}

export function startProgress(): Progress {
  // a Set keeps the order of insertion, so its first offset is the lowest one
  const unfinished = new Set<number>()
  let next: number | undefined

  return {
    taken(offset) {
      unfinished.add(offset)
      next = offset + 1
    },
    finished: (offset) => void unfinished.delete(offset),
    passed(offset) {
      next = offset + 1
    },
    next: () => next,
    committable() {
      const [first] = unfinished
      return first ?? next
    },
  }
}
