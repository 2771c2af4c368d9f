/**
 * The kinds of work that have slots of their own, so that none of them can take the slots of another: short reads and
 * writes, pages of the viewer, reads that no index covers, waits for a record, live followers, exports, and exact counts.
 */
export const slotKinds = ['reads', 'writes', 'pages', 'searches', 'waits', 'follows', 'exports', 'counts'] as const
export type SlotKind = (typeof slotKinds)[number]
export type SlotSizes = { readonly [kind in SlotKind]: number }

export const slotSizes: SlotSizes = {
  reads: 2_000,
  writes: 2_000,
  // each takes milliseconds, and a list may wait for all of them
  pages: 256,
  searches: 64,
  waits: 1_000,
  follows: 1_000,
  exports: 16,
  counts: 16,
}

export const noneTaken = (): { [kind in SlotKind]: number } => ({
  reads: 0,
  writes: 0,
  pages: 0,
  searches: 0,
  waits: 0,
  follows: 0,
  exports: 0,
  counts: 0,
})

/** One peer gets at most this part of the slots of each kind. */
const shareOfPeer = 1 / 4

export type Slots = {
  /** Takes a slot, if there is one, and the peer has not used up its share. A peer that is not known has no share. */
  take(kind: SlotKind, peer: string | undefined): boolean
  /** Whether a slot could be taken if there is one. */
  hasShare(kind: SlotKind, peer: string | undefined): boolean
  /** Returns a slot that was taken with the same arguments. */
  release(kind: SlotKind, peer: string | undefined): void
}

export function openSlots(sizes: SlotSizes): Slots {
  const taken = noneTaken()
  const byPeer = new Map<string, ReturnType<typeof noneTaken>>()
  const hasShare: Slots['hasShare'] = (kind, peer) =>
    peer === undefined || (byPeer.get(peer)?.[kind] ?? 0) < Math.ceil(sizes[kind] * shareOfPeer)
  return {
    hasShare,
    take(kind, peer) {
      if (taken[kind] >= sizes[kind] || !hasShare(kind, peer)) return false
      if (peer !== undefined) {
        const own = byPeer.get(peer) ?? noneTaken()
        own[kind]++
        byPeer.set(peer, own)
      }
      taken[kind]++
      return true
    },
    release(kind, peer) {
      taken[kind]--
      const own = peer === undefined ? undefined : byPeer.get(peer)
      if (!own || peer === undefined) return
      own[kind]--
      if (slotKinds.every((each) => own[each] === 0)) byPeer.delete(peer)
    },
  }
}
