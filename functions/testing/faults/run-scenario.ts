import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { randomFrom } from '../seeded-random.ts'
import { type AnswerTimes, honestTimes } from './answer-times.ts'
import { deliverAgainAndAgain, readAgainAndAgain } from './background-load.ts'
import { check, type Verdict } from './checker.ts'
import { describe, type Step } from './fault.ts'
import { type Attempt, openHistory } from './history.ts'
import { observe, settle } from './observe.ts'
import { postAll } from './post-load.ts'
import { pagesShowNothingTwice, receiptsNameWhatIsThere } from './requirements.ts'
import type { Scenario } from './scenarios/scenario.ts'
import { loadOf } from './scenarios.ts'
import { startSystem } from './start-system.ts'

export type RunOptions = {
  seed: number
  events: number
  /** The folder for the histories. */
  folder: string
  mutant?: string | undefined
  moves?: number | undefined
  /** A file of activities, one JSON object a line. Without it, activities are made up. */
  file?: string | undefined
  onProgress?: (what: string) => void
}

export type Run = Verdict & {
  /** How many faults were injected, and how many could not be, usually because of an earlier one. */
  faults: number
  missed: number
  scenario: string
  seed: number
  seconds: number
  /** The longest time without an acknowledgment. */
  longestGapMs: number
  /** How long the clients that do no harm waited, in milliseconds. */
  answers: { posts: AnswerTimes; pages: AnswerTimes }
  /** The path of the history, if there are problems. */
  history?: string
}

const stillMs = 60_000

/** Runs one scenario, from an empty log to the verdict. */
export async function runScenario(scenario: Scenario, options: RunOptions): Promise<Run> {
  const { seed, events, mutant, onProgress = () => {} } = options
  const startedAt = performance.now()
  const random = randomFrom(`${scenario.name}/${seed}`)
  const folder = join(options.folder, `${scenario.name}-${seed}`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  await using history = openHistory(join(folder, 'history.ndjson'))

  const load = loadOf(scenario, { events, moves: options.moves })
  const plan = scenario.plan({ random, ms: load.seconds * 1000, moves: options.moves }).toSorted((a, b) => a.at - b.at)
  history.note({ scenario: scenario.name, seed, load, mutant, plan })
  onProgress('starting')
  const setup = scenario.setup?.(random) ?? {}
  await using system = await startSystem(scenario.on, { ...setup, mutant, file: options.file, history, random })

  const healed = new AbortController()
  let missed = 0
  async function injectFaults() {
    const began = performance.now()
    for (const { at, ...fault } of plan as Step[]) {
      const rest = at - (performance.now() - began)
      if (rest > 0) await wait(rest)
      const injectedAt = history.now()
      try {
        await system.suffer(fault)
        history.injected(injectedAt, fault)
      } catch (error) {
        missed++
        history.note({ fault: describe(fault), failed: (error as Error).message })
      }
    }
  }
  const loadedFrom = history.now()
  const loaded = wait(load.seconds * 1000)
  const posting = postAll(system.ingest, load, {
    history,
    random,
    giveUp: healed.signal,
    onProgress: (sent) => onProgress(`sent ${sent}`),
  })
  const background = Promise.all([
    readAgainAndAgain(system, { history, until: posting }),
    deliverAgainAndAgain(system, { history, random: randomFrom(`deliver/${seed}`), until: posting }),
  ])
  await injectFaults()
  const sending = posting.then(() => history.now())
  await Promise.race([posting, loaded])
  onProgress('healing')
  await system.heal()
  history.note({ healed: true })
  // activities whose outcome is still unknown may be sent again for a while
  const grace = setTimeout(() => healed.abort(), 20_000)
  const loadedTo = await sending
  clearTimeout(grace)
  await background
  onProgress('settling')
  const settled = await settle(system, stillMs)
  history.note({ settled })
  onProgress('comparing')
  const observed = await observe(system, history, random)
  const checked = check(history, observed)
  const unmet = [pagesShowNothingTwice, receiptsNameWhatIsThere, ...(scenario.requirements ?? [])].flatMap(
    (requirement) => requirement(history),
  )
  const verdict = { ...checked, problems: [...checked.problems, ...unmet] }
  history.note({ verdict, ledger: observed.ledger })
  if (verdict.problems.length > 0) system.keepOutput(folder)
  else if (!options.mutant) rmSync(folder, { recursive: true, force: true })
  return {
    ...verdict,
    faults: history.faults.length,
    missed,
    scenario: scenario.name,
    seed,
    seconds: Math.round((performance.now() - startedAt) / 100) / 10,
    longestGapMs: longestGap(history.attempts, loadedFrom, loadedTo),
    answers: honestTimes(history),
    ...(verdict.problems.length > 0 && { history: history.path }),
  }
}

function longestGap(attempts: readonly Attempt[], from: number, to: number): number {
  const ends = attempts.flatMap(({ outcome, endedAt }) => (outcome === 'ok' ? endedAt : [])).toSorted((a, b) => a - b)
  let longest = 0
  let last = from
  for (const end of [...ends, to]) {
    longest = Math.max(longest, end - last)
    last = end
  }
  return longest
}
