import { TooLate } from './within.ts'

/** The queue is full. Everything that waits is bounded, and callers beyond the bound get this immediately. */
export class QueueFull extends Error {
  override name = 'QueueFull'
}

export type GroupCommitOptions<Item> = {
  /** The maximum number of items in one commit. */
  maxItems: number
  /** The maximum number of bytes in one commit; a single larger item is committed alone. */
  maxBytes: number
  /** The maximum number of bytes that wait; beyond it, `add` rejects with QueueFull. */
  maxWaitingBytes: number
  /** The maximum number of items that wait; beyond it, `add` rejects with QueueFull. */
  maxWaitingItems: number
  sizeOf: (item: Item) => number
  /** After this time `add` rejects with TooLate. An item that still waits then is never committed. */
  deadlineMs: number
  /**
   * The number of waiting items that starts a second commit beside one in flight; without it there is never a second.
   */
  secondFrom?: number | undefined
  /** Called for each commit with its number of items and how long the first of them waited. */
  onGroup?: (items: number, waitedMs: number) => void
}

type Waiting<Item, Result> = {
  item: Item
  bytes: number
  since: number
  resolve: (result: Result) => void
  reject: (error: unknown) => void
  timer: NodeJS.Timeout
}

/**
 * Commits items in groups. While one commit is in flight, the next items gather; they are committed together when it
 * returns and no more arrive in the same turn. With no commit in flight, they are committed at the end of this turn of
 * the event loop. There is no timer: an idle log answers as fast as ever, and groups grow with load. A failed commit
 * rejects all its items. A caller that awaits its own items needs no further draining at shutdown.
 */
export function createGroupCommit<Item, Result>(
  commit: (items: readonly Item[]) => Promise<readonly Result[]>,
  options: GroupCommitOptions<Item>,
): (item: Item) => Promise<Result> {
  const { maxItems, maxBytes, maxWaitingBytes, maxWaitingItems, sizeOf, deadlineMs, onGroup } = options
  const secondFrom = options.secondFrom ?? Number.POSITIVE_INFINITY
  const waiting = new Set<Waiting<Item, Result>>()
  let waitingBytes = 0
  let inFlight = 0

  function add(item: Item): Promise<Result> {
    const bytes = sizeOf(item)
    if (waiting.size >= maxWaitingItems || (waiting.size > 0 && waitingBytes + bytes > maxWaitingBytes)) {
      return Promise.reject(new QueueFull(`${waiting.size} items with ${waitingBytes} bytes are already waiting`))
    }
    return new Promise((resolve, reject) => {
      const since = performance.now()
      const one = { item, bytes, since, resolve, reject, timer: setTimeout(() => giveUp(one), deadlineMs) }
      waiting.add(one)
      waitingBytes += bytes
      if (inFlight > 1 || (inFlight === 1 && waiting.size < secondFrom)) return
      inFlight++
      setImmediate(run)
    })
  }

  function giveUp(one: Waiting<Item, Result>) {
    if (waiting.delete(one)) waitingBytes -= one.bytes
    one.reject(new TooLate(`There was no answer within ${deadlineMs} ms`))
  }

  async function run() {
    while (waiting.size > 0) {
      const group = takeGroup()
      onGroup?.(group.length, performance.now() - (group[0]?.since ?? 0))
      try {
        const results = await commit(group.map(({ item }) => item))
        if (results.length !== group.length) throw new Error(`${results.length} results for ${group.length} items`)
        group.forEach(({ resolve }, index) => {
          resolve(results[index] as Result)
        })
      } catch (error) {
        for (const { reject } of group) reject(error)
      }
      for (const { timer } of group) clearTimeout(timer)
      await gather()
      // the other run takes the waiting items when its commit returns
      if (inFlight > 1 && waiting.size < secondFrom) break
    }
    inFlight--
  }

  /** Waits until a turn of the event loop brings no more items, so that requests that have arrived join the group. */
  async function gather() {
    let before: number
    do {
      before = waiting.size
      await new Promise(setImmediate)
    } while (waiting.size > before && waiting.size < maxItems && waitingBytes < maxBytes)
  }

  function takeGroup(): Waiting<Item, Result>[] {
    const group: Waiting<Item, Result>[] = []
    let bytes = 0
    for (const one of waiting) {
      if (group.length > 0 && (group.length >= maxItems || bytes + one.bytes > maxBytes)) break
      group.push(one)
      waiting.delete(one)
      bytes += one.bytes
    }
    waitingBytes -= bytes
    return group
  }

  return add
}
