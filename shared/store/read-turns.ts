import { oncePerTurn } from '../once-per-turn.ts'

/** Call it before each step of a read: it resolves when the step may begin. */
export type NextStep = () => Promise<void>

type Waiting = { workedMs: number; begin: () => void }

/** Of the turns of an owner, each fourth one is for the read that has waited the longest. */
const oldestEvery = 4

/**
 * Lets reads take turns, one step in each turn of the event loop. Owners take turns with one another, so nobody waits
 * longer because somebody else reads much. Of the reads of one owner, the one that has worked the least is next, so a
 * short one does not wait for many long ones; yet these go on, too.
 */
export function createReadTurns(now = () => performance.now()): (owner: string) => NextStep {
  /** Those who wait, in the order of their turns. */
  const owners = new Map<string, { waiting: Waiting[]; turns: number }>()
  const schedule = oncePerTurn(nextTurn)

  function wait(owner: string, read: Waiting) {
    const own = owners.get(owner)
    if (own) own.waiting.push(read)
    else owners.set(owner, { waiting: [read], turns: 0 })
    schedule()
  }

  function nextTurn() {
    for (const [owner, own] of owners) {
      const { waiting } = own
      const at = ++own.turns % oldestEvery === 0 ? 0 : leastWorked(waiting)
      const [read] = waiting.splice(at, 1)
      owners.delete(owner)
      // behind the others
      if (waiting.length > 0) owners.set(owner, own)
      read?.begin()
      break
    }
    if (owners.size > 0) schedule()
  }

  return (owner) => {
    let workedMs = 0
    let beganAt: number | undefined
    return () => {
      if (beganAt !== undefined) workedMs += now() - beganAt
      return new Promise((resolve) => {
        const begin = () => {
          beganAt = now()
          resolve()
        }
        wait(owner, { workedMs, begin })
      })
    }
  }
}

function leastWorked(waiting: readonly Waiting[]): number {
  let least = 0
  for (let at = 1; at < waiting.length; at++) {
    if ((waiting[at] as Waiting).workedMs < (waiting[least] as Waiting).workedMs) least = at
  }
  return least
}
