import { unavailable } from '@activity-log/shared/http/problem.ts'
import type { Turn } from '@activity-log/shared/http/turns.ts'
import { answerMs, type Hold } from './from-store.ts'

/** What all requests hold in rows that are not an answer yet. */
const maxHeldBytes = 16 * 1024 * 1024
/** Rows up to this size are always held: otherwise large lists could keep out small ones. */
const smallBytes = 64 * 1024

export type RowRoom = <Result>(find: (hold: Hold) => Promise<Result>, turn: Turn) => Promise<Result>

class NoRoom extends Error {
  override name = 'NoRoom'
}

/**
 * Bounds the memory of rows that were found and wait for their turn to become an answer. Once there is no room, a large
 * list forgets what it found and finds it again later: such lists go on one after another, so any number of them can
 * wait, and none of them delays small ones.
 */
export function openRowRoom(maxBytes = maxHeldBytes): RowRoom {
  let held = 0
  let last: Promise<unknown> | undefined

  async function holding<Result>(find: (hold: Hold) => Promise<Result>, isBounded: boolean): Promise<Result> {
    let own = 0
    let isOver = false
    const hold: Hold = (bytes) => {
      // nobody waits for it any more
      if (isOver) return
      own += bytes
      held += bytes
      if (isBounded && own > smallBytes && held > maxBytes) throw new NoRoom('There is no room for more rows')
    }
    try {
      return await find(hold)
    } finally {
      isOver = true
      held -= own
    }
  }

  return async (find, turn) => {
    const since = performance.now()
    try {
      return await holding(find, true)
    } catch (error) {
      if (!(error instanceof NoRoom)) throw error
    }
    const before = last
    const { promise, resolve } = Promise.withResolvers<void>()
    last = promise
    try {
      await before
      // many may be too late at the same time
      await turn()
      if (performance.now() - since > answerMs) throw tooManyRows()
      return await holding(find, false)
    } finally {
      resolve()
    }
  }
}

const tooManyRows = () =>
  unavailable('Too many large lists are asked for at a time. Ask again in a moment, or for a smaller page.')
