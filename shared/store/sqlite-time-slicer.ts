import { Aborted, type Gone } from '../aborted.ts'
import { TooBroad } from './activities.ts'
import { createReadTurns } from './read-turns.ts'
import { StoreUnavailable } from './store.ts'

/**
 * How long a read may work, and how long it may take while others have their turns. After the grace period, neither an
 * answer nor a sign of life is expected.
 */
export type ReadLimits = { workMs: number; answerMs: number; graceMs: number }
export const readLimits: ReadLimits = { workMs: 4000, answerMs: 5000, graceMs: 1000 }

/** Call it before each step of a long read. It rejects when the read has used up its time, or nobody waits for it. */
export type TimeSlicer = () => Promise<void>

/** Whose read it is, how long it may take, and whether somebody still waits for it. */
export type Pace = { tenant: string; withinMs?: number | undefined; gone?: Gone | undefined }

export type Paces = {
  /** Limits the time of one read. */
  pace(of: Pace): TimeSlicer
  /** Gives a read its turns, whose time is limited elsewhere. */
  turns(of: Omit<Pace, 'withinMs'>): TimeSlicer
}

/**
 * Lets reads take turns step by step, so that none waits for the end of another. A read that works too long, or is not
 * over within its own time, rejects with TooBroad; one that gets too little time because of others rejects with
 * StoreUnavailable.
 */
export function createPaces({ workMs, answerMs }: Omit<ReadLimits, 'graceMs'>): Paces {
  const join = createReadTurns()

  function turns({ tenant, gone }: Omit<Pace, 'withinMs'>): TimeSlicer {
    const nextStep = join(tenant)
    const signal = gone?.()
    return async () => {
      await nextStep()
      if (signal?.aborted) throw new Aborted('Nobody waits for the answer')
    }
  }

  function pace({ withinMs = Number.POSITIVE_INFINITY, ...of }: Pace): TimeSlicer {
    const nextTurn = turns(of)
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

  return { pace, turns }
}
