import type { Mutant } from './mutant.ts'
import { mutants } from './mutant-list.ts'
import { hasStrace, powerLoss } from './power-loss.ts'
import { type RunOptions, runScenario } from './run-scenario.ts'
import type { Scenario } from './scenarios/scenario.ts'
import { scenarios } from './scenarios.ts'

/** The scenarios that detect a missing safeguard, or `power loss` when the state of the disk after one reveals it. */
export const detectedBy: { [mutant: string]: readonly string[] | 'power loss' } = {
  'one-partition-per-acknowledgement': ['leader-moves'],
  acks: ['a-leader-dies-alone'],
  'unique-id': ['the-same-id-at-once', 'log-the-same-id-at-once'],
  conflict: ['other-content-under-an-id', 'log-other-content'],
  'dead-lettering': ['poison', 'log-other-content'],
  'outcome-of-a-duplicate': ['the-same-id-at-once', 'log-the-same-id-at-once'],
  'outcome-of-a-dead-letter': ['other-content-under-an-id', 'log-other-content'],
  'dead-letter-before-outcome': ['crash-after-outcome'],
  'save-before-answer': ['crash-before-insert', 'log-other-content'],
  'write-concern': ['store-paused-then-killed'],
  'commit-after-outcome': ['source-killed-while-persist-refuses'],
  'settle-after-delivery': ['log-crash-store-before-save-commit'],
  'retry-rule': ['store-killed'],
  fsync: 'power loss',
  'fsync-store': 'power loss',
  'publish-deadline': ['all-brokers-paused'],
  'store-deadline': ['store-paused-for-long'],
  drain: ['ingest-terminated'],
  'bounded-waiting': ['more-than-can-wait'],
  'bounded-group': ['large-activities'],
}

export type MutationResult = { safeguard: string; mutant: string; by: string; killed: boolean; violation: string }

export type MutationOptions = Omit<RunOptions, 'seed' | 'mutant'> & {
  /** The seeds to try until one of them finds a violation. */
  seeds: readonly number[]
  /** Tries only these safeguards. */
  without: readonly string[] | undefined
  isWanted: (scenario: Pick<Scenario, 'on'>) => boolean
  onMutation: (result: MutationResult) => void
}

/** Removes one safeguard after another, and reports which scenario noticed. */
export async function tryMutations({
  seeds,
  without,
  isWanted,
  onMutation,
  ...options
}: MutationOptions): Promise<MutationResult[]> {
  const results: MutationResult[] = []
  const note = (result: MutationResult) => {
    results.push(result)
    onMutation(result)
  }
  for (const { name: mutant, safeguard } of mutants) {
    if (without && !without.includes(mutant)) continue
    const by = detectedBy[mutant] ?? []
    if (by === 'power loss') {
      if (isWanted({ on: 'embedded' })) note({ safeguard, mutant, by, ...(await losePower(mutant)) })
      continue
    }
    for (const scenario of by.flatMap((name) => scenarios.find((one) => one.name === name) ?? [])) {
      if (isWanted(scenario)) note({ safeguard, mutant, by: scenario.name, ...(await tryToKill(scenario, mutant)) })
    }
  }
  return results

  async function tryToKill(scenario: Scenario, mutant: Mutant['name']) {
    for (const seed of seeds) {
      const { problems } = await runScenario(scenario, { moves: 12, ...options, seed, mutant })
      const [first] = problems
      if (first) return { killed: true, violation: `${problems.length}: ${first.rule} ${first.about}` }
    }
    return { killed: false, violation: '' }
  }
}

/**
 * Cuts the power under a load as small as in durability.long.test.ts: with more unsynced data, files are damaged so
 * badly that no log can open them.
 */
async function losePower(mutant: string) {
  if (!hasStrace()) return { killed: false, violation: 'needs strace' }
  const { lost, damaged } = await powerLoss({ seed: '1', activities: 100, bytes: 2000, instants: 12, mutant })
  return { killed: lost.length + damaged.length > 0, violation: `${lost.length} lost, ${damaged.length} damaged` }
}

export function mutationTable(results: readonly MutationResult[]): string {
  const rows = results.map(
    ({ safeguard, mutant, by, killed, violation }) =>
      `| ${safeguard} | ${mutant} | ${by} | ${killed ? 'killed' : 'SURVIVED'} | ${violation} |`,
  )
  const head = ['| removed safeguard | name | scenario | | violations |', '| --- | --- | --- | --- | --- |']
  return [...head, ...rows].join('\n')
}
