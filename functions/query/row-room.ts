import { createFairLock } from '@activity-log/shared/fair-lock.ts'
import { createFairRoom } from '@activity-log/shared/fair-room.ts'
import { ownerOf } from '@activity-log/shared/http/caller.ts'
import { unavailable } from '@activity-log/shared/http/problem.ts'
import type { ServiceRequest } from '@activity-log/shared/http/route.ts'
import { answerMs, type Hold } from './from-store.ts'

/** What the requests of an owner hold in rows that are not an answer yet. */
const maxHeldBytes = 16 * 1024 * 1024
/** Rows up to this size are always held: otherwise large lists could keep out small ones. */
const smallBytes = 64 * 1024

export type RowRoom = <Result>(find: Find<Result>, request: Asking) => Promise<Result>
type Find<Result> = (hold: Hold) => Promise<Result>
type Asking = Pick<ServiceRequest, 'turn'> & { caller: Parameters<typeof ownerOf>[0] }

class NoRoom extends Error {
  override name = 'NoRoom'
}

/**
 * Bounds the memory of rows that were found and wait for their turn to become an answer. Once there is no room, a large
 * list forgets what it found and finds it again later: such lists go on one after another, so any number of them can
 * wait, and none of them delays small ones. Owners take turns, and none of them takes all of the room.
 */
export function openRowRoom(maxBytes = maxHeldBytes): RowRoom {
  const room = createFairRoom(maxBytes)
  const lock = createFairLock()

  async function holding<Result>(find: Find<Result>, owner: string, isBounded: boolean): Promise<Result> {
    let own = 0
    let isOver = false
    const hold: Hold = (bytes) => {
      // nobody waits for it any more
      if (isOver) return
      own += bytes
      room.hold(owner, bytes)
      if (isBounded && own > smallBytes && !room.hasRoom(owner, 0)) throw new NoRoom('There is no room for more rows')
    }
    try {
      return await find(hold)
    } finally {
      isOver = true
      room.hold(owner, -own)
    }
  }

  return async (find, { turn, caller }) => {
    const owner = ownerOf(caller)
    const since = performance.now()
    try {
      return await holding(find, owner, true)
    } catch (error) {
      if (!(error instanceof NoRoom)) throw error
    }
    const release = await lock(owner)
    try {
      // many may be too late at the same time
      await turn()
      if (performance.now() - since > answerMs) throw tooManyRows()
      return await holding(find, owner, false)
    } finally {
      release()
    }
  }
}

const tooManyRows = () =>
  unavailable('Too many large lists are asked for at a time. Ask again in a moment, or for a smaller page.')
