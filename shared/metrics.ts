/**
 * A histogram that Prometheus can read. It is written by hand because a library would cost time at each cold start.
 */
export type Histogram = {
  observe(value: number): void
  /** Writes the histogram in Prometheus' text format, version 0.0.4. */
  text(): string
}

/** `bounds` are the upper bounds of its buckets, ascending. Values beyond the last bound are counted in +Inf. */
export function histogram(name: string, help: string, bounds: readonly number[]): Histogram {
  const counts = bounds.map(() => 0)
  let count = 0
  let sum = 0
  return {
    observe(value) {
      const bucket = bounds.findIndex((bound) => value <= bound)
      if (bucket !== -1) counts[bucket] = (counts[bucket] as number) + 1
      count++
      sum += value
    },
    text() {
      let below = 0
      const buckets = bounds.map((bound, at) => {
        below += counts[at] as number
        return `${name}_bucket{le="${bound}"} ${below}\n`
      })
      const all = `${name}_bucket{le="+Inf"} ${count}\n${name}_sum ${sum}\n${name}_count ${count}\n`
      return `# HELP ${name} ${help}\n# TYPE ${name} histogram\n${buckets.join('')}${all}`
    },
  }
}

/** Metrics of a group commit: how many items are committed together, and how long the first of them waited. */
export function createGroupMetrics(name: string) {
  const items = histogram(`${name}_group_items`, 'Items of one commit', [1, 2, 5, 10, 20, 50, 100, 200, 500])
  const bounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]
  const wait = histogram(`${name}_group_wait_seconds`, 'How long the first item of a commit had waited', bounds)
  return {
    onGroup(count: number, waitedMs: number) {
      items.observe(count)
      wait.observe(waitedMs / 1000)
    },
    text: () => items.text() + wait.text(),
  }
}
