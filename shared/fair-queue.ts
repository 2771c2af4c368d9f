import { type InOrder, inOrder, type Place } from './in-order.ts'

/** What waits, and how large it is. The queue sets the share and the place while it waits. */
export type Waiting = { readonly bytes: number; share: Share | undefined; place: Place<Waiting> | undefined }

/** What waits for one owner. */
export type Share = {
  owner: string
  waiting: InOrder<Waiting>
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

/**
 * An owner may take this much at each turn: few enough that a group of 512 KiB has room for many owners. Of entries of
 * this size, an owner takes one at each turn.
 */
export const turnBytes = 8 * 1024

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

  function remove(entry: Entry) {
    const { share, place } = entry
    if (!share || !place) return
    share.waiting.remove(place)
    entry.share = undefined
    entry.place = undefined
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
        share = { owner, waiting: inOrder(), items: 0, bytes: 0, credit: 0, isInTurn: false }
        shares.set(owner, share)
      }
      if (!share.isInTurn) turns.push(share)
      share.isInTurn = true
      entry.share = share
      entry.place = share.waiting.add(entry)
      share.items++
      share.bytes += entry.bytes
      all.items++
      all.bytes += entry.bytes
    },

    peek() {
      for (let share = turns[0]; share; share = turns[0]) {
        const entry = share.waiting.first()?.item as Entry | undefined
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

    leave: remove,
  }
}
