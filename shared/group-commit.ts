/** Everything that waits is bounded; this is what the callers beyond the bound get, at once. */
export class QueueFull extends Error {
  override name = 'QueueFull'
}

export type GroupCommitOptions<Item> = {
  /** Most items in one commit. */
  maxItems: number
  /** Most bytes in one commit; a single larger item still goes, alone. */
  maxBytes: number
  /** Most bytes that wait; beyond, `add` rejects with QueueFull. */
  maxWaitingBytes: number
  /** Most items that wait. */
  maxWaitingItems: number
  sizeOf: (item: Item) => number
}

type Waiting<Item, Result> = {
  item: Item
  bytes: number
  resolve: (result: Result) => void
  reject: (error: unknown) => void
}

/**
 * While one commit is under way the next items gather, and go together when it returns; when none is, they go at the end
 * of this turn of the event loop. No timer: an idle log answers as fast as ever, and the group grows by itself with load.
 * A failed commit rejects all its items. Whoever awaits its item before it lets go needs no further draining at the end.
 */
export function groupCommit<Item, Result>(
  commit: (items: readonly Item[]) => Promise<readonly Result[]>,
  { maxItems, maxBytes, maxWaitingBytes, maxWaitingItems, sizeOf }: GroupCommitOptions<Item>,
): (item: Item) => Promise<Result> {
  let waiting: Waiting<Item, Result>[] = []
  let waitingBytes = 0
  let busy = false

  function add(item: Item): Promise<Result> {
    const bytes = sizeOf(item)
    if (waiting.length >= maxWaitingItems || (waiting.length > 0 && waitingBytes + bytes > maxWaitingBytes)) {
      return Promise.reject(new QueueFull(`${waiting.length} items with ${waitingBytes} bytes wait already`))
    }
    return new Promise((resolve, reject) => {
      waiting.push({ item, bytes, resolve, reject })
      waitingBytes += bytes
      if (busy) return
      busy = true
      setImmediate(run)
    })
  }

  async function run() {
    while (waiting.length > 0) {
      const group = takeGroup()
      try {
        const results = await commit(group.map(({ item }) => item))
        if (results.length !== group.length) throw new Error(`${results.length} results for ${group.length} items`)
        group.forEach(({ resolve }, index) => {
          resolve(results[index] as Result)
        })
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
      // lets the requests that came in meanwhile be parsed, so that they are in the next group
      await new Promise(setImmediate)
    }
    busy = false
  }

  function takeGroup(): Waiting<Item, Result>[] {
    let bytes = 0
    let count = 0
    for (const { bytes: size } of waiting) {
      if (count > 0 && (count >= maxItems || bytes + size > maxBytes)) break
      bytes += size
      count++
    }
    const group = waiting.slice(0, count)
    waiting = waiting.slice(count)
    waitingBytes -= bytes
    return group
  }

  return add
}
