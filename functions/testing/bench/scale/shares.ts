/** How many took how long, to three digits that count. */
export type Shares = {
  add(seconds: number, count: number): void
  /** ms that this share of them did not exceed; undefined without any. */
  quantile(share: number): number | undefined
}

export function createShares(): Shares {
  const counts = new Map<number, number>()
  let total = 0
  return {
    add(seconds, count) {
      const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(seconds * 1000, 1))) - 2)
      const ms = Math.round((seconds * 1000) / unit) * unit
      counts.set(ms, (counts.get(ms) ?? 0) + count)
      total += count
    },
    quantile(share) {
      let below = 0
      for (const [ms, count] of [...counts].toSorted(([a], [b]) => a - b)) {
        below += count
        if (below >= share * total) return ms
      }
      return undefined
    },
  }
}
