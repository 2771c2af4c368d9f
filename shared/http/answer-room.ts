import { unavailable } from './problem.ts'

/** Answers up to this size are always sent: otherwise clients that do not read could keep others from writing. */
const smallBytes = 64 * 1024

/** Smaller answers are not counted: there are only so many requests in progress. */
export const countedBytes = 4 * 1024

export type AnswerRoom = {
  /** Returns a function that gives the room back, or undefined if there is none. */
  take(bytes: number): (() => void) | undefined
  /** Takes note of all bytes that wait in sockets. Returns whether they are most of what may wait. */
  noteWaiting(bytes: number): boolean
}

/** Bounds the bytes of answers that clients have not taken yet. */
export function openAnswerRoom(maxBytes: number): AnswerRoom {
  let held = 0
  let waiting = 0
  return {
    take(bytes) {
      // what waits in sockets includes streams, which do not take room
      if (bytes > smallBytes && Math.max(held, waiting) + bytes > maxBytes) return undefined
      held += bytes
      return () => {
        held -= bytes
      }
    },
    noteWaiting(bytes) {
      waiting = bytes
      return Math.max(held, waiting) > maxBytes / 2
    },
  }
}

export const noRoomForAnswer = () =>
  unavailable('Too many answers wait for clients to read them. Ask again in a moment, or for a smaller page.')
