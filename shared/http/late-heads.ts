import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'

type Options = {
  /** The request of a connection whose headers arrived last. */
  latestOf: (socket: Socket) => IncomingMessage | undefined
  /** How long the headers of a request may take; those of the first may begin as late as that. */
  limitMs: number
  /** How often to look at all connections. */
  everyMs: number
  gradually: (work: () => void) => void
}

/** A connection as it was when somebody last looked at it. */
type Seen = {
  latest: IncomingMessage | undefined
  isComplete: boolean
  bytesRead: number
  /** When the headers of a next request began; undefined if there is none. */
  since: number | undefined
}

/**
 * Reports connections whose headers have not come in time, a few per turn of the event loop. Node itself reports all of
 * them at once, which takes 10 µs for each: 40 ms for 4,000 clients that connect and then say nothing.
 */
export function watchLateHeads(server: Server, { latestOf, limitMs, everyMs, gradually }: Options): void {
  const open = new Map<Socket, Seen>()

  function look() {
    const now = performance.now()
    for (const [socket, seen] of open) {
      if (!isLate(socket, seen, now)) continue
      seen.since = undefined
      seen.bytesRead = socket.bytesRead
      gradually(() => {
        if (latestOf(socket) === seen.latest) server.emit('clientError', tooLate(), socket)
      })
    }
  }

  function isLate(socket: Socket, seen: Seen, now: number): boolean {
    const latest = latestOf(socket)
    if (latest !== seen.latest || !seen.isComplete) {
      seen.latest = latest
      seen.isComplete = latest === undefined || latest.complete
      seen.bytesRead = socket.bytesRead
      seen.since = undefined
    } else if (seen.since === undefined && socket.bytesRead > seen.bytesRead) seen.since = now
    return seen.since !== undefined && now - seen.since >= limitMs
  }

  server.on('connection', (socket: Socket) => {
    open.set(socket, { latest: undefined, isComplete: true, bytesRead: 0, since: performance.now() })
    socket.once('close', () => open.delete(socket))
  })
  const timer = setInterval(look, everyMs)
  timer.unref()
  server.once('close', () => clearInterval(timer))
}

const tooLate = () => Object.assign(new Error('The headers arrived too late'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' })
