import { parseArgs } from 'node:util'
import { type Environment, StartError } from '@activity-log/shared/config.ts'
import { mutants } from './mutant-list.ts'
import type { Scenario } from './scenarios/scenario.ts'
import { scenarios } from './scenarios.ts'

export const usage = `Usage: npm run system -- faults --all | --short | --scenario NAME … [--embedded | --real] [--events 5000]
       [--seeds 1 | --seed S] [--report FOLDER]

Runs the activity log as real processes, injects faults into them, their links and their servers, and compares the
answers that clients got with the reports of the log afterwards. Fails if an activity was lost or duplicated, or if the
ledger does not account for it.

  --all            every scenario                     --short      the few that run everywhere
  --scenario NAME  this scenario; may be repeated
  --embedded       only the scenarios of the log in one process, which need no servers
  --real           only the scenarios over Kafka and MongoDB
  --events N       how many activities each run sends
  --seeds N        N runs of each scenario, with the seeds 1 to N
  --seed S         one run with this seed, which gives the same plan of faults every time
  --jobs N         how many runs may go on at once (1); a run that disturbs a server goes on alone
  --moves N        how often a leader moves or a broker dies in the scenario leader-moves
  --mutations      removes one safeguard at a time, and expects a violation
  --without NAME   removes only this safeguard; may be repeated
  --file F         the activities for a-file-four-times, one JSON object a line (.gz); default: made-up ones
  --report FOLDER  writes report.md and report.json to the folder

The scenarios over Kafka and MongoDB need three brokers, and a command for each server that stops and starts it:

  KAFKA_BROKERS, MONGODB_URI       as for npm run test:integration
  KAFKA_CONTROL, MONGODB_CONTROL   such as "tools/kafka --port 9092"; each takes kill, pause, resume, restart, start and
                                   move`

export type Options = {
  scenarios: readonly Scenario[]
  seeds: readonly number[]
  events: number
  moves: number | undefined
  jobs: number
  report: string | undefined
  file: string | undefined
  isWanted: (scenario: Pick<Scenario, 'on'>) => boolean
  command: string
  mutations: boolean
  without: readonly string[] | undefined
}

const known = {
  all: { type: 'boolean' },
  short: { type: 'boolean' },
  scenario: { type: 'string', multiple: true },
  embedded: { type: 'boolean' },
  real: { type: 'boolean' },
  events: { type: 'string' },
  seeds: { type: 'string' },
  seed: { type: 'string' },
  moves: { type: 'string' },
  jobs: { type: 'string' },
  mutations: { type: 'boolean' },
  without: { type: 'string', multiple: true },
  report: { type: 'string' },
  file: { type: 'string' },
  help: { type: 'boolean' },
} as const

const needed = ['KAFKA_BROKERS', 'MONGODB_URI', 'KAFKA_CONTROL', 'MONGODB_CONTROL']

/** Throws StartError when the options are invalid, or a variable is missing. */
export function readOptions(args: readonly string[], environment: Environment): Options | 'help' {
  const values = parse(args)
  if (values.help) return 'help'
  const events = wholeNumber('events', values.events, 5000)
  const moves = values.moves === undefined ? undefined : wholeNumber('moves', values.moves, 0)
  if (values.seeds !== undefined && values.seed !== undefined) throw mistake('--seeds and --seed exclude each other')
  const seed = values.seed === undefined ? undefined : wholeNumber('seed', values.seed, 1)
  const count = wholeNumber('seeds', values.seeds, 1)
  const seeds = seed === undefined ? Array.from({ length: count }, (_, n) => n + 1) : [seed]

  const jobs = wholeNumber('jobs', values.jobs, 1)
  const chosen = choose(values)
  const missing = needed.filter((name) => !environment[name])
  if (chosen.some(({ on }) => on === 'real')) {
    if (missing.length > 0) {
      const without = '--embedded needs none of them.'
      throw new StartError(`${missing.join(' and ')} not set. ${without}\n\n${usage}`)
    }
    if (environment['KAFKA_BROKERS']?.split(',').length !== 3) throw mistake('KAFKA_BROKERS must name three brokers')
  }
  return {
    scenarios: chosen,
    seeds,
    events,
    moves,
    jobs,
    report: values.report,
    file: values.file,
    isWanted: wanted(values),
    command: ['npm run system -- faults', ...args].join(' '),
    mutations: values.mutations ?? values.without !== undefined,
    without: values.without?.map((name) => mutantNamed(name)),
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: known }).values
  } catch (error) {
    throw mistake((error as Error).message)
  }
}

function choose({
  all,
  short,
  scenario: names,
  embedded,
  real,
  mutations,
  without,
}: ReturnType<typeof parse>): readonly Scenario[] {
  if (embedded && real) throw mistake('--embedded and --real exclude each other')
  const isWanted = wanted({ embedded, real })
  if (names) {
    for (const name of names)
      if (!scenarios.some((one) => one.name === name)) throw mistake(`Unknown scenario: ${name}`)
    return scenarios.filter(({ name }) => names.includes(name))
  }
  if (short) return scenarios.filter((one) => one.short && isWanted(one))
  if (!all && !embedded && !real && !mutations && !without)
    throw mistake('Choose the scenarios: --all, --short or --scenario NAME')
  return scenarios.filter(isWanted)
}

const wanted =
  ({ embedded, real }: { embedded?: boolean | undefined; real?: boolean | undefined }) =>
  ({ on }: Pick<Scenario, 'on'>) =>
    on === 'embedded' ? !real : !embedded

function mutantNamed(name: string): string {
  if (!mutants.some((one) => one.name === name)) {
    throw mistake(`Unknown safeguard: ${name}. The safeguards are ${mutants.map((one) => one.name).join(', ')}`)
  }
  return name
}

function wholeNumber(name: string, text: string | undefined, preset: number): number {
  if (text === undefined) return preset
  if (!/^[1-9]\d{0,8}$/.test(text)) throw mistake(`--${name} must be a whole number from 1`)
  return Number(text)
}

const mistake = (what: string) => new StartError(`${what}.\n\n${usage}`)
