/**
 * Keeps long work from blocking the process: each step waits for its turn, and each turn of the event loop runs one
 * step of all the work that shares the scheduler.
 */
export function createFairScheduler(): () => Promise<unknown> {
  let last: Promise<unknown> = Promise.resolve()
  return () => {
    last = last.then(() => new Promise(setImmediate))
    return last
  }
}
