import { createFairScheduler } from '../fair-scheduler.ts'
import { TooBroad } from './activities.ts'
import { StoreUnavailable } from './store.ts'

/**
 * How long a read may work, and how long it may take while others have their turns. After the grace period, neither an
 * answer nor a sign of life is expected.
 */
export type ReadLimits = { workMs: number; answerMs: number; graceMs: number }
export const readLimits: ReadLimits = { workMs: 4000, answerMs: 5000, graceMs: 1000 }

/** Call it before each step of a long read. It rejects when the read has used up its time. */
export type TimeSlicer = () => Promise<void>

/**
 * Lets reads take turns step by step, so that none waits for the end of another. A read that works too long, or is not
 * over within its own time, rejects with TooBroad; one that gets too little time because of others rejects with
 * StoreUnavailable.
 */
export function createPaces({ workMs, answerMs }: Omit<ReadLimits, 'graceMs'>): (withinMs?: number) => TimeSlicer {
  const nextTurn = createFairScheduler()
  return (withinMs = Number.POSITIVE_INFINITY) => {
    const start = performance.now()
    const late = start + answerMs
    let worked = 0
    let stepAt: number | undefined
    return async () => {
      if (stepAt !== undefined) worked += performance.now() - stepAt
      const isOver = stepAt !== undefined && performance.now() - start >= withinMs
      if (worked >= workMs || isOver) throw new TooBroad('There are too many activities to read')
      await nextTurn()
      stepAt = performance.now()
      if (stepAt > late) throw new StoreUnavailable('There are too many reads at the same time')
    }
  }
}
