import { v7 } from 'uuid'

/** Random bytes are drawn for this many ids together, because a draw takes longer than making an id of the bytes. */
const idsPerDraw = 256
const bytes = 16
const pool = new Uint8Array(idsPerDraw * bytes)
let at = pool.length

/** A UUID of version 7 (RFC 9562): the time, then 73 random bits. */
export const newId = (): string => v7({ rng })

function rng(): Uint8Array {
  if (at === pool.length) {
    crypto.getRandomValues(pool)
    at = 0
  }
  at += bytes
  return pool.subarray(at - bytes, at)
}
