/** The deliveries in flight, of all partitions together. */
export type InFlight = {
  size(): number
  add(delivery: Promise<unknown>): void
  /** Resolves when a delivery ends or `change` is called. */
  changed(): Promise<void>
  change(): void
  /** Resolves when all deliveries have ended. */
  idle(): Promise<void>
}

/** Expects that promises given to `add` never reject. */
export function openInFlight(): InFlight {
  const pending = new Set<Promise<void>>()
  let { promise, resolve } = Promise.withResolvers<void>()

  function change() {
    resolve()
    ;({ promise, resolve } = Promise.withResolvers<void>())
  }
  return {
    size: () => pending.size,
    add(delivery) {
      const ended = delivery.then(() => {
        pending.delete(ended)
        change()
      })
      pending.add(ended)
    },
    changed: () => promise,
    change,
    async idle() {
      await Promise.all(pending)
    },
  }
}
