import { mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StartError } from '@activity-log/shared/config.ts'
import { run } from '@activity-log/shared/http/run.ts'
import { runCampaign } from './campaign.ts'
import { type Options, readOptions, usage } from './campaign-options.ts'
import { mutationReport, summary, table, writeReport } from './campaign-report.ts'
import { type MutationResult, mutationTable, tryMutations } from './mutations.ts'
import type { Run } from './run-scenario.ts'

async function main() {
  const options = readOptions(process.argv.slice(2), process.env)
  if (options === 'help') return console.log(usage)
  if (options.report) makeFolder(options.report)
  const folder = join(tmpdir(), `activity-log-faults-${process.pid}`)
  mkdirSync(folder, { recursive: true })
  if (options.mutations) return tryAll(options, folder)
  const stop = new AbortController()
  process.once('SIGINT', () => {
    console.log('stopping after the runs that are in progress')
    stop.abort()
  })
  const runs = await runCampaign({ ...options, folder, onProgress, onRun, stop: stop.signal })
  console.log(`\n${table(runs)}\n\n${summary(runs)}`)
  if (options.report) {
    writeReport(options.report, { command: options.command, runs })
    console.log(`Written to ${options.report}`)
  }
  if (runs.some(({ problems }) => problems.length > 0)) process.exitCode = 1
}

/** Runs first: after hours it would be too late to report that the folder cannot be written. */
function makeFolder(folder: string) {
  try {
    mkdirSync(folder, { recursive: true })
  } catch (error) {
    throw new StartError(`--report ${folder} cannot be created: ${(error as Error).message}`)
  }
}

async function tryAll(options: Options, folder: string) {
  const onMutation = ({ mutant, by, killed, violation }: MutationResult) =>
    console.log(`without ${mutant}, ${by}: ${killed ? `killed (${violation})` : 'SURVIVED'}`)
  const results = await tryMutations({ ...options, folder, onMutation })
  console.log(`\n${mutationTable(results)}`)
  if (options.report) writeFileSync(join(options.report, 'mutations.md'), mutationReport(options.command, results))
  if (results.some(({ killed }) => !killed)) process.exitCode = 1
}

/** Keeps one line up to date on a terminal. */
function onProgress(label: string, what: string) {
  if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K${label}: ${what}\r`)
}

function onRun(label: string, { acknowledged, unknown, found, lost, duplicates, seconds, problems, history }: Run) {
  console.log(
    `${label}: ${acknowledged} acknowledged, ${unknown} unknown, ${found} found, ${lost} lost, ${duplicates} duplicated, ${seconds} s`,
  )
  for (const { rule, about } of problems.slice(0, 5)) console.log(`    ${rule}: ${about}`)
  if (history) console.log(`    ${problems.length} problems; history: ${history}`)
}

// kafkajs may continue attempts that nobody waits for
run(() => main().then(() => process.exit()))
