import { setTimeout as wait } from 'node:timers/promises'

/** Resolves when the work has ended, well or not, or the time is over. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  const ended = new AbortController()
  const timeOver = wait(ms, undefined, { signal: ended.signal })
  await Promise.race([work, timeOver]).catch(() => {})
  ended.abort()
  await timeOver.catch(() => {})
}
