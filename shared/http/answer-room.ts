import type { AnswerRoom } from './answer.ts'
import { unavailable } from './problem.ts'

/** Answers up to this size are always sent: otherwise clients that do not read could keep others from writing. */
const smallBytes = 64 * 1024

/** Bounds the bytes of answers that clients have not taken yet. */
export function openAnswerRoom(maxBytes: number) {
  let held = 0
  let waiting = 0
  const take: AnswerRoom['take'] = (bytes) => {
    // what waits in sockets includes streams, which do not take room
    if (bytes > smallBytes && Math.max(held, waiting) + bytes > maxBytes) return { instead: noRoom.toAnswer() }
    held += bytes
    const release = () => {
      held -= bytes
    }
    return { release }
  }
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
