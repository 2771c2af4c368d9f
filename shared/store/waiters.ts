import { fewPerTurn } from '../few-per-turn.ts'
import type { Position } from '../receipt.ts'

/** A thousand may wait for the same time, or for the same record. */
const gradually = fewPerTurn(32)

/** Wakes callers that wait for the outcomes of records, in the process that writes the outcomes. */
export function createWaiters() {
  const waiting = new Map<string, Set<() => void>>()
  const nameOf = ({ partition, offset }: Position) => `${partition}/${offset}`

  return {
    /** Resolves at the next outcome of this position, or when the signal aborts. */
    async wait(position: Position, signal: AbortSignal): Promise<void> {
      const name = nameOf(position)
      const others = waiting.get(name) ?? new Set()
      const { promise, resolve } = Promise.withResolvers<void>()
      const wake = () => gradually(resolve)
      waiting.set(name, others.add(wake))
      signal.addEventListener('abort', wake)
      if (signal.aborted) wake()
      await promise
      signal.removeEventListener('abort', wake)
      others.delete(wake)
      if (others.size === 0 && waiting.get(name) === others) waiting.delete(name)
    },
    wake(position: Position) {
      for (const wake of waiting.get(nameOf(position)) ?? []) wake()
    },
  }
}
