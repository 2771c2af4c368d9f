import { sequenceLimit } from '@activity-log/shared/key.ts'

export type Arrival = { receivedAt: Date; sequence: number }

/**
 * Numbers the activities of this process in the order in which they were received. The number starts at 0 with each
 * millisecond; if a millisecond has no number left, the activity gets the first one of the next. After the clock was
 * set back the numbers go on, so that those of a request still grow.
 */
export function createArrivals(): (receivedAt: Date) => Arrival {
  let clockMs = Number.NEGATIVE_INFINITY
  /** The millisecond of the last arrival: the clock's, or a later one that was taken for its numbers. */
  let lastMs = Number.NEGATIVE_INFINITY
  let sequence = -1

  return function arrive(receivedAt) {
    const nowMs = receivedAt.getTime()
    const isNew = nowMs > lastMs
    if (isNew || nowMs < clockMs) lastMs = nowMs
    clockMs = nowMs
    sequence = isNew ? 0 : sequence + 1
    if (sequence === sequenceLimit) {
      lastMs++
      sequence = 0
    }
    return { receivedAt: lastMs === nowMs ? receivedAt : new Date(lastMs), sequence }
  }
}

const saltBytes = 16
/** Random bytes are drawn for this many salts together, because a draw takes longer than making a salt. */
const pool = Buffer.alloc(256 * saltBytes)
let drawn = pool.length

/** 16 random bytes in base64url. */
export function newSalt(): string {
  if (drawn === pool.length) {
    crypto.getRandomValues(pool)
    drawn = 0
  }
  drawn += saltBytes
  return pool.toString('base64url', drawn - saltBytes, drawn)
}
