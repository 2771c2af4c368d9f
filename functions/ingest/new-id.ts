import { v7 } from 'uuid'

/** Random bytes are drawn for so many ids at once: each time that they are asked for takes longer than to make an id of them. */
const idsAtOnce = 256
const bytes = 16
const pool = new Uint8Array(idsAtOnce * bytes)
let at = pool.length

/** A UUID of version 7 (RFC 9562): the time, then 73 bits by chance. */
export const newId = (): string => v7({ rng })

function rng(): Uint8Array {
  if (at === pool.length) {
    crypto.getRandomValues(pool)
    at = 0
  }
  at += bytes
  return pool.subarray(at - bytes, at)
}
