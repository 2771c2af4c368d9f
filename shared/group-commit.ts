import { createFairQueue, type Waiting } from './fair-queue.ts'
import { spareShare, withSpare } from './fair-room.ts'
import { inOrder, type Place } from './in-order.ts'
import { TooLate, undefinedIfLate, within } from './within.ts'

/** The queue is full. Everything that waits is bounded, and callers beyond the bound get this immediately. */
export class QueueFull extends Error {
  override name = 'QueueFull'
}

/**
 * How many items learn their results in one turn of the event loop: the answer to a client takes 50 µs or more. If a
 * group has more of them, none does in the turn of its commit, which takes long as well.
 */
const settledPerTurn = 128

/** Nobody waits longer for room, nor behind a commit that takes longer. */
const longestWaitMs = 1_000

export type GroupCommitOptions<Item> = {
  /** The maximum number of items in one commit. */
  maxItems: number
  /** The maximum number of bytes in one commit; a single larger item is committed alone. */
  maxBytes: number
  /** The maximum number of bytes that wait for one owner; beyond it, `add` rejects with QueueFull. */
  maxWaitingBytes: number
  /** The maximum number of items that wait for one owner; beyond it, `add` rejects with QueueFull. */
  maxWaitingItems: number
  sizeOf: (item: Item) => number
  /** Whose item it is: groups have room for every owner, however many items another one adds. */
  ownerOf?: (item: Item) => string
  /** Whether there is room for what would wait for an owner, where it is committed to; otherwise QueueFull. */
  hasRoom?: ((owner: string, items: number, bytes: number) => boolean) | undefined
  /** After this time `add` rejects with TooLate. An item that still waits then is never committed. */
  deadlineMs: number
  /**
   * The number of waiting items that starts a second commit beside one in flight; without it there is never a second.
   */
  secondFrom?: number | undefined
  /** Called for each commit with its number of items and how long the first of them waited. */
  onGroup?: (items: number, waitedMs: number) => void
}

export type GroupCommit<Item, Result> = {
  add(item: Item): Promise<Result>
  /** Adds items that their caller awaits together, and resolves with what became of each. */
  addAll(items: readonly Item[]): Promise<readonly PromiseSettledResult<Result>[]>
  /**
   * Waits until an owner has at most half of the room that it may have, for those whose items would be made for nothing
   * otherwise: for a second, or until no group has left for a second.
   */
  roomFor(owner: string): Promise<void>
}

type Outcome<Result> = PromiseSettledResult<Result>

type Entry<Item, Result> = Waiting & {
  /** Undefined once it is settled. */
  item: Item | undefined
  since: number
  /** Its place among those that are not settled, while it is one of them. */
  unsettled: Place<Entry<Item, Result>> | undefined
  tell: (outcome: Outcome<Result>, index: number) => void
  /** The number of the item among those that were added together. */
  index: number
}

/**
 * Commits items in groups. While one commit is in flight, the next items gather; they are committed together when it
 * returns and no more arrive in the same turn. With no commit in flight, they are committed at the end of this turn of
 * the event loop. No timer delays them: an idle log answers as fast as ever, and groups grow with load. A failed commit
 * rejects all its items. A caller that awaits its own items needs no further draining at shutdown.
 */
export function createGroupCommit<Item, Result>(
  commit: (items: readonly Item[]) => Promise<readonly Result[]>,
  options: GroupCommitOptions<Item>,
): GroupCommit<Item, Result> {
  const { maxItems, maxBytes, maxWaitingBytes, maxWaitingItems, sizeOf, deadlineMs, onGroup } = options
  const { ownerOf = nobody, hasRoom } = options
  const secondFrom = options.secondFrom ?? Number.POSITIVE_INFINITY
  /** In the order of their deadlines: those in flight and those that wait. */
  const unsettled = inOrder<Entry<Item, Result>>()
  const queue = createFairQueue<Entry<Item, Result>>()
  const waiting = queue.all
  let inFlight = 0
  /** Resolves when the next group leaves, which makes room. */
  let taken = Promise.withResolvers<void>()
  let takenAt = 0
  /** One timer for all entries: one for each would cost more than committing it. */
  let timer: NodeJS.Timeout | undefined

  function add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      enter(item, 0, (outcome) => {
        if (outcome.status === 'fulfilled') resolve(outcome.value)
        else reject(outcome.reason)
      })
    })
  }

  /** A promise for each of many items would cost more than committing it. */
  function addAll(items: readonly Item[]): Promise<readonly Outcome<Result>[]> {
    return new Promise((resolve) => {
      const outcomes: Outcome<Result>[] = []
      let open = items.length
      if (open === 0) resolve(outcomes)
      const tell = (outcome: Outcome<Result>, index: number) => {
        outcomes[index] = outcome
        open--
        if (open === 0) resolve(outcomes)
      }
      for (const [index, item] of items.entries()) enter(item, index, tell)
    })
  }

  function enter(item: Item, index: number, tell: Entry<Item, Result>['tell']) {
    const bytes = sizeOf(item)
    const owner = ownerOf(item)
    if (isFull(owner, bytes)) {
      const here = `${waiting.items} items with ${waiting.bytes} bytes wait here for all`
      const reason = new QueueFull(`There is no room for more of this owner; ${here}`)
      return tell({ status: 'rejected', reason }, index)
    }
    const since = performance.now()
    const entry: Entry<Item, Result> = {
      item,
      bytes,
      since,
      unsettled: undefined,
      tell,
      index,
      share: undefined,
      place: undefined,
    }
    entry.unsettled = unsettled.add(entry)
    queue.push(owner, entry)
    timer ??= setTimeout(giveUpLate, deadlineMs)
    if (inFlight > 1 || (inFlight === 1 && waiting.items < secondFrom)) return
    inFlight++
    setImmediate(run)
  }

  function isFull(owner: string, bytes: number): boolean {
    const own = queue.shareOf(owner)
    const ownItems = own?.items ?? 0
    const ownBytes = (own?.bytes ?? 0) + bytes
    if (hasRoom && !hasRoom(owner, ownItems + 1, ownBytes)) return true
    if (waiting.items === 0) return false
    return (
      waiting.items + ownItems / spareShare >= maxWaitingItems * withSpare ||
      waiting.bytes + bytes + ownBytes / spareShare > maxWaitingBytes * withSpare
    )
  }

  async function roomFor(owner: string): Promise<void> {
    const until = performance.now() + longestWaitMs
    for (;;) {
      const left = Math.min(until, takenAt + longestWaitMs) - performance.now()
      if (left <= 0 || !hasMostOfItsRoom(owner)) return
      await within(left, taken.promise, 'No group was taken').catch(undefinedIfLate)
    }
  }

  function hasMostOfItsRoom(owner: string): boolean {
    const { items = 0, bytes = 0 } = queue.shareOf(owner) ?? {}
    return (
      waiting.items + (2 * items) / spareShare > maxWaitingItems * withSpare ||
      waiting.bytes + (2 * bytes) / spareShare > maxWaitingBytes * withSpare
    )
  }

  function giveUpLate() {
    timer = undefined
    // timers may fire a fraction of a millisecond early
    const lateSince = performance.now() - deadlineMs + 1
    for (let place = unsettled.first(); place && place.item.since < lateSince; place = unsettled.first()) {
      const entry = place.item
      if (entry.share) queue.leave(entry)
      const reason = new TooLate(`There was no answer within ${deadlineMs} ms`)
      settle(entry, { status: 'rejected', reason })
    }
    waitForNext()
  }

  async function run() {
    while (waiting.items > 0) {
      const group = takeGroup()
      takenAt = performance.now()
      taken.resolve()
      taken = Promise.withResolvers()
      onGroup?.(group.length, takenAt - (group[0]?.since ?? 0))
      const outcomeOf = await committed(group)
      const isLarge = group.length > settledPerTurn
      for (const [index, entry] of group.entries()) {
        if (isLarge && index % settledPerTurn === 0) await nextTurn()
        settle(entry, outcomeOf(index))
      }
      waitForNext()
      await gather()
      // the other run takes the waiting items when its commit returns
      if (inFlight > 1 && waiting.items < secondFrom) break
    }
    inFlight--
  }

  /** Commits a group. Returns what became of each of its items. */
  async function committed(group: readonly Entry<Item, Result>[]): Promise<(index: number) => Outcome<Result>> {
    try {
      const results = await commit(group.map(({ item }) => item as Item))
      if (results.length !== group.length) throw new Error(`${results.length} results for ${group.length} items`)
      return (index) => ({ status: 'fulfilled', value: results[index] as Result })
    } catch (reason) {
      return () => ({ status: 'rejected', reason })
    }
  }

  /** Waits until a turn of the event loop brings no more items, so that requests that have arrived join the group. */
  async function gather() {
    let before: number
    do {
      before = waiting.items
      await nextTurn()
    } while (waiting.items > before && waiting.items < maxItems && waiting.bytes < maxBytes)
  }

  function takeGroup(): Entry<Item, Result>[] {
    const group: Entry<Item, Result>[] = []
    let bytes = 0
    for (let entry = queue.peek(); entry; entry = queue.peek()) {
      if (group.length > 0 && (group.length >= maxItems || bytes + entry.bytes > maxBytes)) break
      queue.take(entry)
      group.push(entry)
      bytes += entry.bytes
    }
    return group
  }

  function settle(entry: Entry<Item, Result>, outcome: Outcome<Result>) {
    // one that gave up was told so before its commit returned
    if (!entry.unsettled) return
    unsettled.remove(entry.unsettled)
    entry.unsettled = undefined
    entry.item = undefined
    entry.tell(outcome, entry.index)
  }

  function waitForNext() {
    const first = unsettled.first()?.item
    if (!first) clearTimeout(timer)
    timer = first && (timer ?? setTimeout(giveUpLate, Math.max(0, first.since + deadlineMs - performance.now())))
  }

  return { add, addAll, roomFor }
}

const nobody = () => ''
const nextTurn = () => new Promise((resolve) => setImmediate(resolve))
