import { spareShare } from '../fair-room.ts'
import type { AnswerRoom } from './answer.ts'
import { unavailable } from './problem.ts'

/** Answers up to this size are always sent: otherwise clients that do not read could keep others from writing. */
const smallBytes = 64 * 1024

/**
 * Bounds the bytes of answers that clients have not taken yet. An owner may have four times what is left then, so there
 * is room for others, whatever the clients of one do not read.
 */
export function openAnswerRoom(maxBytes: number) {
  const byOwner = new Map<string, number>()
  let held = 0
  let waiting = 0

  const take: AnswerRoom['take'] = (bytes, owner) => {
    if (bytes > smallBytes && !hasRoom(bytes, owner)) return { instead: noRoom.toAnswer() }
    hold(bytes, owner)
    return { release: () => hold(-bytes, owner) }
  }

  function hasRoom(bytes: number, owner: string | undefined): boolean {
    // what waits in sockets includes streams, which do not take room
    const left = maxBytes - Math.max(held, waiting) - bytes
    return owner === undefined ? left >= 0 : bytesOf(owner) + bytes <= spareShare * left
  }

  function hold(bytes: number, owner: string | undefined) {
    held += bytes
    if (owner === undefined) return
    const own = bytesOf(owner) + bytes
    if (own === 0) byOwner.delete(owner)
    else byOwner.set(owner, own)
  }
  const bytesOf = (owner: string) => byOwner.get(owner) ?? 0

  return {
    take,
    /** Takes note of all bytes that wait in sockets. Returns whether they are most of what may wait. */
    noteWaiting(bytes: number): boolean {
      waiting = bytes
      return Math.max(held, waiting) > maxBytes / 2
    },
  }
}

const noRoom = unavailable(
  'Too many answers wait for clients to read them. Ask again in a moment, or for a smaller page.',
)
