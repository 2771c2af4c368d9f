import type { Socket } from 'node:net'
import { oncePerTurn } from '../once-per-turn.ts'

export type Valve = {
  add(socket: Socket): void
  /** Something came from a socket that costs time before any work for it can wait for its turn. */
  note(): void
  /** One socket brought as much as a turn may read. */
  close(): void
  /** Nothing is read from the socket for now, so nobody knows what its client has sent. */
  isHeld(socket: Socket): boolean
}

/**
 * How many requests are read in a turn of the event loop, and how long that takes, before sockets are held. What is read
 * must be answered as well, and a page takes longer than a small answer.
 */
const minRequests = 32
const maxMs = 20
/** How often to look at the clock, which takes a microsecond. */
const lookEvery = 8
/** How many clients may end their connections in a turn. It costs less than what follows, which waits for no turn. */
const maxEnded = 32
/** How many sockets are read again per turn. */
const releasedPerTurn = 32

/**
 * Bounds what one turn of the event loop reads. Node reads from every socket that has something, ten thousand of them if
 * so many clients send at the same moment, and parses up to 64 KiB of requests of each, before anything else goes on.
 * Once this has taken too long, nothing more is read; then some sockets at a time are.
 */
export function openValve(now = () => performance.now()): Valve {
  const open = new Set<Socket>()
  const held = new Set<Socket>()
  /** They are read again, but not before the next turn. */
  const released = new Set<Socket>()
  let noted = 0
  let ended = 0
  let since = 0
  const schedule = oncePerTurn(nextTurn)

  function hold() {
    for (const socket of open) {
      // whoever paused it resumes it
      if (socket.isPaused() || socket.destroyed) continue
      held.add(socket)
      socket.pause()
    }
    schedule()
  }

  function release() {
    let count = 0
    for (const socket of held) {
      held.delete(socket)
      released.add(socket)
      socket.resume()
      if (++count === releasedPerTurn) break
    }
  }

  function nextTurn() {
    noted = 0
    ended = 0
    released.clear()
    if (held.size === 0) return
    release()
    schedule()
  }

  const note = () => {
    if (noted++ === 0) {
      since = now()
      schedule()
    } else if (noted >= minRequests && noted % lookEvery === 0 && now() - since >= maxMs) hold()
  }

  const noteEnd = () => {
    if (++ended === maxEnded) hold()
    else schedule()
  }

  return {
    note,
    close: hold,
    isHeld: (socket) => held.has(socket) || released.has(socket),
    add(socket) {
      open.add(socket)
      // reading the body of a request resumes its socket
      socket.on('resume', () => {
        if (held.has(socket)) socket.pause()
      })
      socket
        .on('end', noteEnd)
        .on('error', noteEnd)
        .once('close', () => {
          open.delete(socket)
          held.delete(socket)
          released.delete(socket)
        })
    },
  }
}
