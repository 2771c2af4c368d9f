import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** How long every connection that rests waits for the one before it. */
const restMs = 20

export type Rests = {
  /** Reads no more of the body until its turn comes. */
  rest(request: IncomingMessage): void
  isResting(socket: Socket): boolean
  forget(socket: Socket): void
}

/**
 * Has the connections whose clients send very small chunks read one at a time, with a rest before each. Node calls back
 * for each chunk, and one read may hold ten thousand, so a few such clients would take all of the event loop.
 */
export function openRests(): Rests {
  const resting = new Map<Socket, IncomingMessage>()
  let timer: NodeJS.Timeout | undefined

  const schedule = () => {
    if (timer || resting.size === 0) return
    timer = setTimeout(wakeOne, restMs)
  }

  function wakeOne() {
    timer = undefined
    for (const [socket, request] of resting) {
      resting.delete(socket)
      // otherwise its reader resumes it, when there is room
      if (request.readableLength < request.readableHighWaterMark) socket.resume()
      break
    }
    schedule()
  }

  return {
    rest(request) {
      const { socket } = request
      if (resting.has(socket)) return
      resting.set(socket, request)
      socket.pause()
      schedule()
    },
    isResting: (socket) => resting.has(socket),
    forget: (socket) => void resting.delete(socket),
  }
}
