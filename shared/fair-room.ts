export type FairRoom = {
  /** Whether an owner may hold so much more. */
  hasRoom(owner: string, amount: number): boolean
  /** Takes note of what an owner holds from now on, or less of it if the amount is negative. */
  hold(owner: string, amount: number): void
}

/**
 * An owner may have this many times what is free, so the more of it is taken, the less an owner may have, and whoever
 * wants much always leaves room for those who have little (a dynamic threshold: Choudhury and Hahne, INFOCOM 1996).
 */
export const spareShare = 4
/** All owners together may have so many times what one of them may have alone. */
export const withSpare = 1 + 1 / spareShare

/** Bounds what all owners hold, so that there is room for those who hold little, however much another one wants. */
export function createFairRoom(maxOfOne: number): FairRoom {
  const held = countByOwner()
  return {
    hasRoom: (owner, amount) => held.all() + amount + (held.of(owner) + amount) / spareShare <= maxOfOne * withSpare,
    hold: held.hold,
  }
}

export type HeldByOwner = {
  all(): number
  of(owner: string): number
  hold: FairRoom['hold']
  /** Those who hold anything. */
  owners(): Iterable<string>
}

/** Counts what each owner holds, and all of them together. */
export function countByOwner(): HeldByOwner {
  const byOwner = new Map<string, number>()
  let all = 0
  const of = (owner: string) => byOwner.get(owner) ?? 0
  return {
    all: () => all,
    of,
    hold(owner, amount) {
      const own = of(owner) + amount
      all += amount
      if (own === 0) byOwner.delete(owner)
      else byOwner.set(owner, own)
    },
    owners: () => byOwner.keys(),
  }
}
