import type { Random } from '../../seeded-random.ts'
import type { Step } from '../fault.ts'
import type { Load } from '../post-load.ts'
import type { Setup } from '../real.ts'
import type { Requirement } from '../requirements.ts'

/** `ms` is how long the load lasts if nothing delays it. */
export type Moments = { random: Random; ms: number; moves?: number | undefined }

export type Scenario = {
  name: string
  on: 'real' | 'embedded'
  /** Rows of the fault matrix. */
  rows: readonly number[]
  /** The property that keeps activities from being lost or duplicated. */
  safeguard: string
  load?: Partial<Load>
  setup?: (random: Random) => Setup
  plan: (moments: Moments) => readonly Step[]
  /** Requirements beyond those that always hold. */
  requirements?: readonly Requirement[]
  /** Belongs to the short run, which works everywhere. */
  short?: true
}

export const real = (scenario: Omit<Scenario, 'on'>): Scenario => ({ on: 'real', ...scenario })
export const embedded = (scenario: Omit<Scenario, 'on'>): Scenario => ({ on: 'embedded', ...scenario })
