/** Call it once, when the work is over, so that the next one begins. */
export type Release = () => void

/**
 * Lets one piece of work go on at a time. Owners take turns, so nobody waits longer because another one wants much; the
 * work of one owner goes on in order.
 */
export function createFairLock(): (owner: string) => Promise<Release> {
  /** Those who wait, by their owners in the order of their turns. */
  const waiting = new Map<string, (() => void)[]>()
  let isTaken = false

  function release() {
    const [first] = waiting
    isTaken = first !== undefined
    if (!first) return
    const [owner, own] = first
    const begin = own.shift()
    waiting.delete(owner)
    // behind the others
    if (own.length > 0) waiting.set(owner, own)
    begin?.()
  }

  return (owner) =>
    new Promise((resolve) => {
      const begin = () => resolve(release)
      if (!isTaken) {
        isTaken = true
        begin()
        return
      }
      const own = waiting.get(owner)
      if (own) own.push(begin)
      else waiting.set(owner, [begin])
    })
}
