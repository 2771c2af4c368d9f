/** How far a partition's records have come. Offsets are taken in ascending order, with gaps where Kafka has none. */
export type Progress = {
  taken(offset: number): void
  /** Its outcome is known, in whatever order. */
  finished(offset: number): void
  /** Up to and with this offset there was nothing more to take: aborted transactions, their markers, compacted records. */
  passed(offset: number): void
  /** Where reading goes on; undefined as long as nothing was taken. */
  next(): number | undefined
  /** The first offset whose outcome is not known: what a commit may say. Undefined as long as nothing was taken. */
  committable(): number | undefined
}

export function startProgress(): Progress {
  // a Set keeps the order in which offsets were taken, so its first one is the first gap
  const underWay = new Set<number>()
  let next: number | undefined

  return {
    taken(offset) {
      underWay.add(offset)
      next = offset + 1
    },
    finished: (offset) => void underWay.delete(offset),
    passed(offset) {
      next = offset + 1
    },
    next: () => next,
    committable() {
      const [first] = underWay
      return first ?? next
    },
  }
}
