import { createFairScheduler } from '../fair-scheduler.ts'
import { TooBroad } from './activities.ts'
import { StoreUnavailable } from './store.ts'

/**
 * How long a read may work, and how long it may take where others have their turns as well. Beyond the grace, an answer or
 * a sign of life is not waited for.
 */
export type ReadLimits = { workMs: number; answerMs: number; graceMs: number }
export const readLimits: ReadLimits = { workMs: 4000, answerMs: 5000, graceMs: 1000 }

/** Comes before each step of a long read. Rejects when the read has had its time. */
export type TimeSlicer = () => Promise<void>

/**
 * Reads that take turns, step by step, so that none has to wait until another is done. Too much work for one read is
 * TooBroad; where the others leave it too little time, it is StoreUnavailable.
 */
export function createPaces({ workMs, answerMs }: Omit<ReadLimits, 'graceMs'>): () => TimeSlicer {
  const nextTurn = createFairScheduler()
  return () => {
    const late = performance.now() + answerMs
    let worked = 0
    let stepAt: number | undefined
    return async () => {
      if (stepAt !== undefined) worked += performance.now() - stepAt
      if (worked >= workMs) throw new TooBroad('There are too many activities to read them like this')
      await nextTurn()
      stepAt = performance.now()
      if (stepAt > late) throw new StoreUnavailable('There is too much to read at once')
    }
  }
}
