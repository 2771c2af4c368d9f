import { randomFillSync } from 'node:crypto'
import { sequenceLimit } from '@activity-log/shared/key.ts'

export type Arrival = { receivedAt: Date; sequence: number }

/**
 * Numbers the activities of this process in the order in which they were received. The number starts at 0 with each
 * millisecond; if a millisecond has no number left, the activity gets the first one of the next. After the clock was
 * set back the numbers go on, so that those of a request still grow.
 */
export function createArrivals(): (receivedAt: Date) => Arrival {
  let lastMs = Number.NEGATIVE_INFINITY
  let lastSequence = -1

  return function arrive(receivedAt) {
    const ms = receivedAt.getTime()
    lastSequence = ms > lastMs ? 0 : lastSequence + 1
    lastMs = Math.max(lastMs, ms)
    if (lastSequence < sequenceLimit) return { receivedAt, sequence: lastSequence }
    lastSequence = 0
    lastMs++
    return { receivedAt: new Date(Math.max(ms + 1, 0)), sequence: 0 }
  }
}

const saltBytes = 16
/** Random bytes are drawn for this many salts together, because a draw takes longer than making a salt. */
const pool = Buffer.alloc(256 * saltBytes)
let drawn = pool.length

/** 16 random bytes in base64url. */
export function newSalt(): string {
  if (drawn === pool.length) {
    randomFillSync(pool)
    drawn = 0
  }
  drawn += saltBytes
  return pool.toString('base64url', drawn - saltBytes, drawn)
}
