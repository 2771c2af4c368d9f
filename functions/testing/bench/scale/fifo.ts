/** Activities in the order in which they go on: when a lot of them was posted, and how many it is. */
export type Fifo = {
  size(): number
  add(postedAtS: number, count: number): void
  /** Takes up to `count` from the front, lot by lot. */
  take(count: number, each: (postedAtS: number, count: number) => void): void
  /** Turns away up to `count` from the end: those who came last. */
  drop(count: number, each: (count: number) => void): void
}

/** Less than this is what rounding leaves of nothing. */
const crumb = 1e-6

export function createFifo(): Fifo {
  let lots: { postedAtS: number; count: number }[] = []
  let [front, size] = [0, 0]

  /** Up to `wanted` of a lot; returns what of `wanted` is left. */
  function part(lot: { count: number }, wanted: number, each: (count: number) => void): number {
    const count = lot.count - wanted < crumb ? lot.count : wanted
    lot.count -= count
    size -= count
    each(count)
    return wanted - count
  }
  function tidy() {
    if (front === lots.length) [lots, front, size] = [[], 0, 0]
    else if (front > 10_000) [lots, front] = [lots.slice(front), 0]
  }

  return {
    size: () => size,
    add(postedAtS, count) {
      if (count < crumb) return
      lots.push({ postedAtS, count })
      size += count
    },
    take(count, each) {
      let wanted = count
      for (let lot = lots[front]; lot && wanted > crumb; lot = lots[front]) {
        const { postedAtS } = lot
        wanted = part(lot, wanted, (taken) => each(postedAtS, taken))
        if (lot.count === 0) front++
      }
      tidy()
    },
    drop(count, each) {
      let wanted = count
      for (let lot = lots.at(-1); lot && wanted > crumb && lots.length > front; lot = lots.at(-1)) {
        wanted = part(lot, wanted, each)
        if (lot.count === 0) lots.pop()
      }
      tidy()
    },
  }
}
