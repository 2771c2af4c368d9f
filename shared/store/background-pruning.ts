import { setTimeout as wait } from 'node:timers/promises'
import { type PruningRecords, pruneDuplicates } from './duplicate-pruning.ts'

/** Soon, because a process that scales to zero does not live long. */
const firstMs = 10_000
/** Seals are made once a day, and an hour more or less does not matter. */
const everyMs = 60 * 60 * 1000
/** Between two steps, so that 10,000 outcomes are looked at per second. */
const pauseMs = 100

/** Prunes duplicates in the background. Pruning that fails is retried the next time. */
export function startPruning(records: PruningRecords): AsyncDisposable {
  const closing = new AbortController()
  const pause = (ms: number) => wait(ms, undefined, { signal: closing.signal, ref: false })

  async function run() {
    for (let ms = firstMs; ; ms = everyMs) {
      await pause(ms)
      await pruneDuplicates(
        records,
        () => new Date(),
        () => pause(pauseMs),
      ).catch(() => {})
    }
  }
  const running = run().catch(() => {})

  return {
    async [Symbol.asyncDispose]() {
      closing.abort()
      await running
    },
  }
}
