import { setTimeout as wait } from 'node:timers/promises'
import type { Position } from '../receipt.ts'
import type { WaitingDelivery } from '../waiting-deliveries.ts'

/** At most this many retries are in flight at the same time, whatever else is delivered. */
const maxRetriesInFlight = 25

type Due = { attempts: number; start: () => void }

/**
 * The deliveries that wait for their next attempt. They hold no slot of new records. Of those that are due, the ones
 * with fewer attempts come first.
 */
export function openRetries(signal: AbortSignal, now: () => Date = () => new Date()) {
  const waiting = new Map<Position, WaitingDelivery>()
  const due: Due[] = []
  let inFlight = 0

  function startDue() {
    while (inFlight < maxRetriesInFlight && due.length > 0) {
      let next = 0
      for (const [index, { attempts }] of due.entries()) if (attempts < (due[next] as Due).attempts) next = index
      const [{ start }] = due.splice(next, 1) as [Due]
      inFlight++
      start()
    }
  }

  return {
    count: () => waiting.size,
    /** Lists deliveries; those that have waited longest come first. */
    list: (max: number): WaitingDelivery[] => [...waiting.values()].slice(0, max),
    /** Resolves when a delivery may be attempted again; rejects when the signal aborts. */
    async wait(position: Position, attempts: number, delayMs: number, reason: string): Promise<void> {
      const failedAt = now()
      const since = waiting.get(position)?.since ?? failedAt
      const nextAttempt = new Date(failedAt.getTime() + delayMs)
      waiting.set(position, { position, since, attempts, nextAttempt, reason })
      await wait(delayMs, undefined, { signal })
      await new Promise<void>((start) => {
        due.push({ attempts, start })
        startDue()
      })
      signal.throwIfAborted()
    },
    /** Must be called when an attempt that `wait` let start has ended. */
    attempted() {
      inFlight--
      startDue()
    },
    forget: (position: Position) => void waiting.delete(position),
    /** Resumes all deliveries that are due; each then finds that the signal has aborted. */
    stop() {
      for (const { start } of due.splice(0)) start()
    },
  }
}
