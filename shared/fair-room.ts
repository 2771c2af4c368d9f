export type FairRoom = {
  /** Whether an owner may hold so much more. */
  hasRoom(owner: string, amount: number): boolean
  /** Takes note of what an owner holds from now on, or less of it if the amount is negative. */
  hold(owner: string, amount: number): void
}

/**
 * All owners together may hold a quarter more than one of them alone, and the more of it is taken, the less an owner may
 * hold: `spareShare` times what is free (a dynamic threshold: Choudhury and Hahne, INFOCOM 1996).
 */
const spareShare = 4
const withSpare = 1 + 1 / spareShare

/** Bounds what all owners hold, so that there is room for those who hold little, however much another one wants. */
export function createFairRoom(maxOfOne: number): FairRoom {
  const byOwner = new Map<string, number>()
  let all = 0
  return {
    hasRoom(owner, amount) {
      const own = byOwner.get(owner) ?? 0
      return all + amount + (own + amount) / spareShare <= maxOfOne * withSpare
    },
    hold(owner, amount) {
      const own = (byOwner.get(owner) ?? 0) + amount
      all += amount
      if (own === 0) byOwner.delete(owner)
      else byOwner.set(owner, own)
    },
  }
}
