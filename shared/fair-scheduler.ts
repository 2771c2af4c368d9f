/**
 * For long work of which no step may keep the process from anything else: each step waits for its turn, and there is one in
 * each turn of the event loop, whoever's it is.
 */
export function createFairScheduler(): () => Promise<unknown> {
  let last: Promise<unknown> = Promise.resolve()
  return () => {
    last = last.then(() => new Promise(setImmediate))
    return last
  }
}
