import { parseArgs } from 'node:util'
import { type Environment, StartError } from '@activity-log/shared/config.ts'
import { mutants } from './mutant-list.ts'
import type { Scenario } from './scenarios/scenario.ts'
import { scenarios } from './scenarios.ts'

export const usage = `Usage: npm run system -- faults --all | --short | --scenario NAME … [--embedded | --real] [--events 5000] [--seeds 1 | --seed S] [--report FOLDER]

Runs the activity log as real processes, does to them, to their links and to their servers what happens to such, and
compares everything that clients were told with what the log says afterwards. Fails when anything was lost, doubled or
is not accounted for.

  --all            every scenario                     --short      the few that run everywhere
  --scenario NAME  one of them; may be repeated
  --embedded       only those of the log in one process, which need nothing
  --real           only those over Kafka and MongoDB
  --events N       how many activities each run sends
  --seeds N        so many runs of each, with the seeds 1 to N
  --seed S         one run, with this seed: the same plan of faults as before
  --jobs N         as many at a time, of those that leave the servers alone (1)
  --moves N        leader-moves: so many moves of leaders and deaths of brokers
  --mutations      takes each safeguard out, and expects a violation
  --file F         a-file-four-times: of activities, one as JSON a line (.gz); made up without one
  --without NAME   takes out this one only; may be repeated
  --report FOLDER  writes report.md and report.json there

Those over Kafka and MongoDB need three brokers and, to stop and start servers, a command for each of them:

  KAFKA_BROKERS, MONGODB_URI       as for npm run test:integration
  KAFKA_CONTROL, MONGODB_CONTROL   such as "tools/kafka --port 9092"; they take kill, pause, resume, restart, start, move`

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
      const without = 'With --embedded nothing is needed.'
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
      if (!scenarios.some((one) => one.name === name)) throw mistake(`There is no scenario ${name}`)
    return scenarios.filter(({ name }) => names.includes(name))
  }
  if (short) return scenarios.filter((one) => one.short && isWanted(one))
  if (!all && !embedded && !real && !mutations && !without)
    throw mistake('Which scenarios? --all, --short or --scenario NAME')
  return scenarios.filter(isWanted)
}

const wanted =
  ({ embedded, real }: { embedded?: boolean | undefined; real?: boolean | undefined }) =>
  ({ on }: Pick<Scenario, 'on'>) =>
    on === 'embedded' ? !real : !embedded

function mutantNamed(name: string): string {
  if (!mutants.some((one) => one.name === name)) {
    throw mistake(`There is no safeguard ${name}; there are ${mutants.map((one) => one.name).join(', ')}`)
  }
  return name
}

function wholeNumber(name: string, text: string | undefined, preset: number): number {
  if (text === undefined) return preset
  if (!/^[1-9]\d{0,8}$/.test(text)) throw mistake(`--${name} must be a whole number from 1`)
  return Number(text)
}

const mistake = (what: string) => new StartError(`${what}.\n\n${usage}`)
