import type { Random } from '../../seeded-random.ts'
import type { Step } from '../fault.ts'
import type { Load } from '../post-load.ts'
import type { Setup } from '../real.ts'
import type { Requirement } from '../requirements.ts'

/** `ms`: how long the load lasts, if nothing holds it up. */
export type Moments = { random: Random; ms: number; moves?: number | undefined }

export type Scenario = {
  name: string
  on: 'real' | 'embedded'
  /** Of the fault matrix. */
  rows: readonly number[]
  /** What has to hold, so that nothing is lost and nothing doubled. */
  safeguard: string
  load?: Partial<Load>
  setup?: (random: Random) => Setup
  plan: (moments: Moments) => readonly Step[]
  /** Beyond what holds always. */
  requirements?: readonly Requirement[]
  /** One of the few that run everywhere. */
  short?: true
}

export const real = (scenario: Omit<Scenario, 'on'>): Scenario => ({ on: 'real', ...scenario })
export const embedded = (scenario: Omit<Scenario, 'on'>): Scenario => ({ on: 'embedded', ...scenario })
