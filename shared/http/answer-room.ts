import { countByOwner, spareShare } from '../fair-room.ts'
import type { AnswerRoom } from './answer.ts'
import { unavailable } from './problem.ts'

/** Answers up to this size are always sent: otherwise clients that do not read could keep others from writing. */
const smallBytes = 64 * 1024

/**
 * Bounds the bytes of answers that clients have not taken yet. An owner may have four times what is left then, so there
 * is room for others, whatever the clients of one do not read.
 */
export function openAnswerRoom(maxBytes: number) {
  const held = countByOwner()
  let waiting = 0

  const take: AnswerRoom['take'] = (bytes, owner) => {
    if (bytes > smallBytes && !hasRoom(bytes, owner)) return { instead: noRoom.toAnswer() }
    held.hold(owner ?? nobody, bytes)
    return { release: () => held.hold(owner ?? nobody, -bytes) }
  }

  function hasRoom(bytes: number, owner: string | undefined): boolean {
    // what waits in sockets includes streams, which do not take room
    const left = maxBytes - Math.max(held.all(), waiting) - bytes
    return owner === undefined ? left >= 0 : held.of(owner) + bytes <= spareShare * left
  }

  return {
    take,
    /** Takes note of all bytes that wait in sockets. Returns whether they are most of what may wait. */
    noteWaiting(bytes: number): boolean {
      waiting = bytes
      return Math.max(held.all(), waiting) > maxBytes / 2
    },
  }
}

/** Holds the answers that are nobody's, which share with no one. */
const nobody = ''
const noRoom = unavailable(
  'Too many answers wait for clients to read them. Ask again in a moment, or for a smaller page.',
)
