import { TooLate } from './within.ts'

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
  /** After so long `add` rejects with TooLate. What is not in a commit by then never will be. */
  deadlineMs: number
  /** When so many items wait, a second commit goes beside the one that is under way; without it there is never a second. */
  secondFrom?: number | undefined
  /** Told of each commit: how many items it has, and how long the first of them had waited. */
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
 * While one commit is under way the next items gather, and go together when it returned and no more come at once; when none
 * is, they go at the end of this turn of the event loop. No timer: an idle log answers as fast as ever, and the group grows
 * by itself with load. A failed commit rejects all its items. Whoever awaits its item before it lets go needs no further
 * draining at the end.
 */
export function createGroupCommit<Item, Result>(
  commit: (items: readonly Item[]) => Promise<readonly Result[]>,
  options: GroupCommitOptions<Item>,
): (item: Item) => Promise<Result> {
  const { maxItems, maxBytes, maxWaitingBytes, maxWaitingItems, sizeOf, deadlineMs, onGroup } = options
  const secondFrom = options.secondFrom ?? Number.POSITIVE_INFINITY
  const waiting = new Set<Waiting<Item, Result>>()
  let waitingBytes = 0
  let underWay = 0

  function add(item: Item): Promise<Result> {
    const bytes = sizeOf(item)
    if (waiting.size >= maxWaitingItems || (waiting.size > 0 && waitingBytes + bytes > maxWaitingBytes)) {
      return Promise.reject(new QueueFull(`${waiting.size} items with ${waitingBytes} bytes wait already`))
    }
    return new Promise((resolve, reject) => {
      const since = performance.now()
      const one = { item, bytes, since, resolve, reject, timer: setTimeout(() => giveUp(one), deadlineMs) }
      waiting.add(one)
      waitingBytes += bytes
      if (underWay > 1 || (underWay === 1 && waiting.size < secondFrom)) return
      underWay++
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
      // the other one takes them when it returns
      if (underWay > 1 && waiting.size < secondFrom) break
    }
    underWay--
  }

  /** For as many turns of the event loop as bring more: requests that came in meanwhile are parsed, and go together. */
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
