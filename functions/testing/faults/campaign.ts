import { randomFrom } from '../seeded-random.ts'
import { honestTimes } from './answer-times.ts'
import { check } from './checker.ts'
import type { Fault } from './fault.ts'
import { type Run, type RunOptions, runScenario } from './run-scenario.ts'
import type { Scenario } from './scenarios/scenario.ts'

export type CampaignOptions = Omit<RunOptions, 'seed' | 'onProgress'> & {
  scenarios: readonly Scenario[]
  seeds: readonly number[]
  /** How many runs may go on at the same time, if they leave the servers alone. */
  jobs: number
  onProgress: (label: string, what: string) => void
  onRun: (label: string, run: Run) => void
  /** No further run begins once this has aborted. */
  stop: AbortSignal
}

type Planned = { scenario: Scenario; seed: number }

/** Runs every scenario with every seed, in their order. */
export async function runCampaign({
  scenarios,
  seeds,
  jobs,
  onProgress,
  onRun,
  stop,
  ...options
}: CampaignOptions): Promise<Run[]> {
  const planned = seeds.flatMap((seed) => scenarios.map((scenario): Planned => ({ scenario, seed })))
  const runs = new Map<Planned, Run>()
  let begun = 0

  async function one(each: Planned) {
    const { scenario, seed } = each
    const label = `[${++begun}/${planned.length}] ${scenario.name}, seed ${seed}`
    const run = await runScenario(scenario, { ...options, seed, onProgress: (what) => onProgress(label, what) }).catch(
      (error: Error) => didNotRun(each, error),
    )
    runs.set(each, run)
    onRun(label, run)
  }
  async function all(some: readonly Planned[], atOnce: number) {
    const rest = some.values()
    const worker = async () => {
      for (const each of rest) if (!stop.aborted) await one(each)
    }
    await Promise.all(Array.from({ length: atOnce }, worker))
  }

  for (const seed of seeds) {
    const ofSeed = planned.filter((each) => each.seed === seed)
    await all(
      ofSeed.filter(({ scenario }) => !stopsServers(scenario)),
      jobs,
    )
    await all(
      ofSeed.filter(({ scenario }) => stopsServers(scenario)),
      1,
    )
  }
  return planned.flatMap((each) => runs.get(each) ?? [])
}

/** A run that breaks does not stop the others. */
function didNotRun({ scenario, seed }: Planned, { stack, message }: Error): Run {
  const nothing = check({ attempts: [], poison: [] }, { found: [] })
  const problems = [{ rule: 'did not run' as const, about: stack ?? message }]
  const times = { seconds: 0, longestGapMs: 0, answers: honestTimes({ attempts: [], reads: [] }) }
  return { ...nothing, problems, scenario: scenario.name, seed, faults: 0, missed: 0, ...times }
}

const ofServers: readonly Fault['do'][] = ['broker', 'brokers', 'move', 'store']

/** Whether a scenario stops or slows down a server, which every run that uses the server would feel. */
export function stopsServers({ plan, setup }: Pick<Scenario, 'plan' | 'setup'>): boolean {
  const random = randomFrom('any')
  return plan({ random, ms: 6000 }).some((step) => ofServers.includes(step.do)) || setup?.(random).absent !== undefined
}
