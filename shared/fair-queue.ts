/** What waits, and how large it is. The queue sets `share` while it waits. */
export type Waiting = { readonly bytes: number; share: Share | undefined }

/** What waits for one owner. */
export type Share = {
  owner: string
  /** In order, from `first` on; those that were taken or gave up have no share. */
  waiting: Waiting[]
  first: number
  items: number
  bytes: number
  /** How many bytes it may take at its turn. */
  credit: number
  /** Whether its turn will come. */
  isInTurn: boolean
}

export type FairQueue<Entry extends Waiting> = {
  /** How much waits, for all owners together. */
  readonly all: { items: number; bytes: number }
  /** The share of an owner for whom something waits. */
  shareOf(owner: string): Readonly<Share> | undefined
  push(owner: string, entry: Entry): void
  /** The entry whose turn it is; it stays until it is taken. */
  peek(): Entry | undefined
  /** Takes the entry that `peek` returned. */
  take(entry: Entry): void
  /** Removes an entry that no longer waits. */
  leave(entry: Entry): void
}

/** An owner may take this much at each turn: few enough that a group of 512 KiB has room for many owners. */
const turnBytes = 8 * 1024

/** Owners for whom nothing waits are remembered up to this number, since most of them come again. */
const maxIdle = 64

/**
 * Hands out what waits in turns, by deficit round robin in bytes (Shreedhar and Varghese, SIGCOMM 1995): an owner who
 * sends much waits for their own, and nobody else does. Each owner's entries keep their order; those of a single owner
 * are simply a queue.
 */
export function createFairQueue<Entry extends Waiting>(): FairQueue<Entry> {
  const all = { items: 0, bytes: 0 }
  const shares = new Map<string, Share>()
  /** The owners for whom something waits, in the order of their turns; the first one has its turn. */
  const turns: Share[] = []
  let hasCredit = false

  /** The first entry that still waits. */
  function head(share: Share): Entry | undefined {
    const { waiting } = share
    while (share.first < waiting.length && waiting[share.first]?.share === undefined) share.first++
    // moving no more than is forgotten costs next to nothing, and the garbage collector moves whatever stays
    if (2 * share.first < waiting.length) return waiting[share.first] as Entry
    share.waiting = waiting.slice(share.first)
    share.first = 0
    return share.waiting[0] as Entry | undefined
  }

  function remove(entry: Entry) {
    const share = entry.share as Share
    entry.share = undefined
    share.items--
    share.bytes -= entry.bytes
    all.items--
    all.bytes -= entry.bytes
  }

  return {
    all,
    shareOf: (owner) => shares.get(owner),

    push(owner, entry) {
      let share = shares.get(owner)
      if (!share) {
        share = { owner, waiting: [], first: 0, items: 0, bytes: 0, credit: 0, isInTurn: false }
        shares.set(owner, share)
      }
      if (!share.isInTurn) turns.push(share)
      share.isInTurn = true
      share.waiting.push(entry)
      entry.share = share
      share.items++
      share.bytes += entry.bytes
      all.items++
      all.bytes += entry.bytes
    },

    peek() {
      for (let share = turns[0]; share; share = turns[0]) {
        const entry = head(share)
        if (!entry) {
          turns.shift()
          hasCredit = false
          share.credit = 0
          share.isInTurn = false
          if (shares.size > maxIdle) shares.delete(share.owner)
          continue
        }
        if (turns.length === 1) return entry
        if (!hasCredit) {
          share.credit += turnBytes
          hasCredit = true
        }
        if (entry.bytes <= share.credit) return entry
        turns.push(turns.shift() as Share)
        hasCredit = false
      }
      return undefined
    },

    take(entry) {
      const { share } = entry
      if (share && turns.length > 1) share.credit -= entry.bytes
      remove(entry)
    },

    leave(entry) {
      const { share } = entry
      remove(entry)
      // what is left of many that gave up must not stay in memory
      if (share) head(share)
    },
  }
}
