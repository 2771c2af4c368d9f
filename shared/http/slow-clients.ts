import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Connection } from './pipeline.ts'

export type SlowClientLimits = {
  /** A body may pause for this long. */
  silenceMs: number
  /** After this time, the average rate of a body counts. */
  graceMs: number
  minBytesPerSecond: number
  /** How long a client may leave an answer unread. */
  unreadMs: number
  /** How long a client may leave an answer unread while such answers take up most of their room. */
  unreadUnderPressureMs: number
  /** How often to look at all connections. */
  everyMs: number
}

export const slowClientLimits: SlowClientLimits = {
  silenceMs: 10_000,
  graceMs: 10_000,
  minBytesPerSecond: 16 * 1024,
  unreadMs: 30_000,
  unreadUnderPressureMs: 3_000,
  everyMs: 1_000,
}

type Options = {
  connections: ReadonlyMap<unknown, Connection>
  isWaiting: (connection: Connection) => boolean
  limits: SlowClientLimits
  /** Receives the bytes that wait in all sockets, and returns whether that is most of what may wait. */
  onWaitingBytes: (bytes: number) => boolean
  gradually: (work: () => void) => void
}

/** The state of a connection when its client last made progress. */
type Seen = {
  request: IncomingMessage | undefined
  since: number
  bytesAtStart: number
  bytesRead: number
  readAt: number
  written: number
  queued: number
  takenAt: number
}

/**
 * Ends requests whose bodies arrive too slowly, with a 408, and connections whose clients do not read their answers. It
 * looks at all connections once a second instead of setting timers for each request.
 */
export function watchSlowClients(server: Server, { connections, isWaiting, ...options }: Options) {
  const { limits, onWaitingBytes, gradually } = options
  const seen = new WeakMap<Socket, Seen>()

  /**
   * This clock stands still while the process is too busy to look, since it has not read what clients sent meanwhile.
   */
  let now = 0
  let lastLook = performance.now()

  function look() {
    const looked = performance.now()
    now += Math.min(looked - lastLook, 2 * limits.everyMs)
    lastLook = looked
    let waiting = 0
    for (const { socket } of connections.values()) waiting += socket.writableLength
    const unreadMs = onWaitingBytes(waiting) ? limits.unreadUnderPressureMs : limits.unreadMs
    for (const connection of connections.values()) {
      const { socket } = connection
      const known = seen.get(socket) ?? firstLook(socket, now)
      seen.set(socket, known)
      if (isUnread(socket, known, now, unreadMs)) gradually(() => socket.resetAndDestroy())
      else if (isTooSlow(connection, known, now)) server.emit('clientError', tooSlow(), socket)
    }
  }

  function isUnread(socket: Socket, known: Seen, now: number, unreadMs: number): boolean {
    const written = socket.bytesWritten - socket.writableLength
    const queued = queueSize(socket)
    if (socket.writableLength === 0 || written > known.written || queued < known.queued) known.takenAt = now
    known.written = written
    known.queued = queued
    return now - known.takenAt >= unreadMs
  }

  function isTooSlow(connection: Connection, known: Seen, now: number): boolean {
    const { latest, socket } = connection
    // no body arrives while the server does not read
    const isArriving = latest && !latest.complete && !isWaiting(connection)
    if (!isArriving) {
      known.request = undefined
      return false
    }
    const { bytesRead } = socket
    if (known.request !== latest) {
      Object.assign(known, { request: latest, since: now, bytesAtStart: bytesRead, bytesRead, readAt: now })
      return false
    }
    if (bytesRead > known.bytesRead) Object.assign(known, { bytesRead, readAt: now })
    if (now - known.readAt >= limits.silenceMs) return true
    const elapsedMs = now - known.since
    return elapsedMs > limits.graceMs && (bytesRead - known.bytesAtStart) * 1000 < limits.minBytesPerSecond * elapsedMs
  }

  const timer = setInterval(look, limits.everyMs)
  timer.unref()
  server.once('close', () => clearInterval(timer))
}

const firstLook = (socket: Socket, now: number): Seen => ({
  request: undefined,
  since: now,
  bytesAtStart: 0,
  bytesRead: 0,
  readAt: now,
  written: socket.bytesWritten - socket.writableLength,
  queued: queueSize(socket),
  takenAt: now,
})

/** The part of the current write that the system has not taken yet; Node itself reads it for its own timeouts. */
function queueSize(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { _handle?: { writeQueueSize?: number } | null }
  return handle?.writeQueueSize ?? 0
}

const tooSlow = () => Object.assign(new Error('The body arrived too slowly'), { code: 'ERR_BODY_TOO_SLOW' })
