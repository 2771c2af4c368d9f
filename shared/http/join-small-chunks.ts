import type { IncomingMessage } from 'node:http'
import type { Rests } from './rests.ts'

/** Larger chunks are passed on one by one. */
const smallBytes = 1024
/** How many chunks are joined at most. */
const maxJoined = 256

/**
 * Joins the small chunks of a body that arrive together, before anything reads it. Node makes an object of about 300
 * bytes for each chunk, and a client may send a byte in each: a body that waits would take 300 times its bytes. A
 * connection that brings many at once rests before it is read again.
 */
export function joinSmallChunks(request: IncomingMessage, { rest }: Pick<Rests, 'rest'>): void {
  if (request.headers['transfer-encoding'] === undefined) return
  const push = request.push.bind(request)
  let small: Uint8Array[] = []

  function passOn() {
    if (small.length === 0) return
    const joined = Buffer.concat(small)
    small = []
    // what Node does itself when it learns from `push` that enough is waiting
    if (!push(joined)) request.socket.pause()
  }

  request.push = (chunk) => {
    if (chunk instanceof Uint8Array && chunk.byteLength < smallBytes) {
      const count = small.push(chunk)
      if (count === 1) setImmediate(passOn)
      else if (count === maxJoined) {
        passOn()
        rest(request)
      }
      return true
    }
    passOn()
    return push(chunk)
  }
}

/** A body is kept in at most this many chunks, and one more for so many bytes of it. */
const fewChunks = 64
const bytesPerChunk = 512

/** Adds a chunk to those of a body that has `bytes` with it, and joins them all if they are many for it. */
export function withChunk(chunks: Uint8Array[], chunk: Uint8Array, bytes: number): Uint8Array[] {
  chunks.push(chunk)
  return chunks.length > fewChunks + bytes / bytesPerChunk ? [Buffer.concat(chunks)] : chunks
}
