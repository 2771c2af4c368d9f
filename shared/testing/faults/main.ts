import { mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../http/run.ts'
import { type Options, readOptions, usage } from './options.ts'
import { summary, table, teethReport, writeReport } from './report.ts'
import { type Run, runScenario } from './run-scenario.ts'
import { type Bite, teethTable, tryTeeth } from './teeth.ts'

async function main() {
  const options = readOptions(process.argv.slice(2), process.env)
  if (options === 'help') return console.log(usage)
  const folder = join(tmpdir(), `activity-log-faults-${process.pid}`)
  mkdirSync(folder, { recursive: true })
  const runs: Run[] = []
  if (options.teeth) return teeth(options, folder)
  const total = options.scenarios.length * options.seeds.length
  for (const seed of options.seeds) {
    for (const scenario of options.scenarios) {
      const label = `[${runs.length + 1}/${total}] ${scenario.name}, seed ${seed}`
      const one = await runScenario(scenario, { ...options, seed, folder, onProgress: progress(label) })
      runs.push(one)
      const { acknowledged, unknown, found, lost, duplicates, seconds, problems } = one
      console.log(
        `${label}: ${acknowledged} acknowledged, ${unknown} unknown, ${found} found, ${lost} lost, ${duplicates} duplicated, ${seconds} s`,
      )
      for (const { rule, about } of problems.slice(0, 5)) console.log(`    ${rule}: ${about}`)
      if (one.history) console.log(`    ${problems.length} problems; the history: ${one.history}`)
    }
  }
  console.log(`\n${table(runs)}\n\n${summary(runs)}`)
  if (options.report) {
    writeReport(options.report, { command: options.command, runs })
    console.log(`Written to ${options.report}`)
  }
  if (runs.some(({ problems }) => problems.length > 0)) process.exitCode = 1
}

async function teeth(options: Options, folder: string) {
  const onBite = ({ mutant, by, caught, objection }: Bite) =>
    console.log(`without ${mutant}, ${by}: ${caught ? `caught (${objection})` : 'NOT CAUGHT'}`)
  const bites = await tryTeeth({ ...options, folder, onBite })
  console.log(`\n${teethTable(bites)}`)
  if (options.report) writeFileSync(join(options.report, 'teeth.md'), teethReport(options.command, bites))
  if (bites.some(({ caught }) => !caught)) process.exitCode = 1
}

/** One line that is written over, where somebody looks at it. */
function progress(label: string): (what: string) => void {
  if (!process.stdout.isTTY) return () => {}
  return (what) => process.stdout.write(`\r\x1b[K${label}: ${what}\r`)
}

run(main)
