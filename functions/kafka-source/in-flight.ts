/** The deliveries under way, of all partitions together. */
export type InFlight = {
  size(): number
  add(delivery: Promise<unknown>): void
  /** Resolves when one of them ends, or somebody is to look again for another reason. */
  changed(): Promise<void>
  change(): void
  /** Resolves when all of them have ended. */
  idle(): Promise<void>
}

/** `add` is given promises that do not reject. */
export function openInFlight(): InFlight {
  const underWay = new Set<Promise<void>>()
  let { promise, resolve } = Promise.withResolvers<void>()

  function change() {
    resolve()
    ;({ promise, resolve } = Promise.withResolvers<void>())
  }
  return {
    size: () => underWay.size,
    add(delivery) {
      const ended = delivery.then(() => {
        underWay.delete(ended)
        change()
      })
      underWay.add(ended)
    },
    changed: () => promise,
    change,
    async idle() {
      await Promise.all(underWay)
    },
  }
}
