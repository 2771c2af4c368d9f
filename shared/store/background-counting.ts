import { setTimeout as wait } from 'node:timers/promises'
import type { SaveOutcome } from './activities.ts'
import { countedAtOnce } from './sqlite-counters.ts'

/** Soon after the start, whose first answers come first. */
const firstMs = 1_000
/** While others wait for the process, counting takes a third of its time at most. */
const pauses = 2

export interface Counting extends AsyncDisposable {
  /** Counts what was saved, now and then; call it within the transaction that saves. */
  counted(outcomes: SaveOutcome[]): SaveOutcome[]
}

/**
 * Counts activities as they are saved, and in the background those that an earlier version saved, or that came in
 * faster than they were counted.
 */
export function startCounting(
  count: (max: number) => number,
  transaction: (work: () => number) => number,
  atOnce = countedAtOnce,
): Counting {
  const closing = new AbortController()
  const pause = (ms: number) => wait(ms, undefined, { signal: closing.signal, ref: false })
  let uncounted = 0

  async function run() {
    await pause(firstMs)
    for (;;) {
      const start = performance.now()
      const n = transaction(() => count(countedAtOnce))
      if (n < countedAtOnce) return
      await pause(pauses * (performance.now() - start))
    }
  }
  // whatever is left is counted as more is saved
  const running = run().catch(() => {})

  return {
    counted(outcomes) {
      uncounted += outcomes.length
      if (uncounted < atOnce) return outcomes
      // more than were saved, to catch up
      count(2 * uncounted)
      uncounted = 0
      return outcomes
    },
    async [Symbol.asyncDispose]() {
      closing.abort()
      await running
    },
  }
}
