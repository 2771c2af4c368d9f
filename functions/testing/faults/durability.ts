import { parseArgs } from 'node:util'
import { StartError } from '@activity-log/shared/config.ts'
import { run } from '@activity-log/shared/http/run.ts'
import { SingleBar } from 'cli-progress'
import { holds, type Verdict } from './durability-check.ts'
import { killLoop } from './kill-loop.ts'
import { readMutant } from './mutants.ts'
import { hasStrace, powerLoss } from './power-loss.ts'

const usage = `Usage: npm run system -- durability [OPTIONS]

Kills npm start again and again while it receives activities, and checks its files after each kill. At the end, the log
must have every acknowledged activity exactly once. Then simulates power losses, which lose unsynced data, at random
instants.

  --kills N        how often to kill the log (500)
  --activities N   how many activities are acknowledged in all (100000)
  --instants N     how many power losses to simulate (60); needs strace
  --seed TEXT      repeats the choices of an earlier run; otherwise a new seed is chosen and printed
  --mutant NAME    runs without a safeguard (mutant-list.ts), and should fail`

async function main() {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '500' },
      activities: { type: 'string', default: '100000' },
      instants: { type: 'string', default: '60' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      mutant: { type: 'string' },
      help: { type: 'boolean' },
    },
  })
  if (values.help) return console.log(usage)
  const [kills, activities, instants] = [values.kills, values.activities, values.instants].map(wholeNumber) as [
    number,
    number,
    number,
  ]
  const { seed } = values
  const mutant = values.mutant && readMutant(values.mutant).name
  const chosen = { seed, ...(mutant && { mutant }) }
  console.log(`seed ${seed}${mutant ? `, without ${mutant}` : ''}`)
  const outcomes = [
    kills === 0 || (await killing({ ...chosen, kills, activities })),
    instants === 0 || (await losingPower({ ...chosen, instants })),
  ]
  if (outcomes.includes(false)) process.exitCode = 1
}

async function killing(options: { seed: string; mutant?: string; kills: number; activities: number }) {
  const bar = aBar('kills', options.kills)
  const startedAt = performance.now()
  const onProgress = (kills: number, acknowledged: number) => bar.update(kills, { acknowledged })
  const result = await killLoop({ ...options, onProgress })
  bar.stop()
  const seconds = Math.round((performance.now() - startedAt) / 1000)
  console.log(
    `${result.kills} kills in ${seconds} s; ${result.acknowledged} acknowledged, ${result.unknown} unknown; ${said(result)}; ${result.missing.length === 0 ? 'the ledger is complete' : `THE LEDGER IS INCOMPLETE: ${result.missing.join(', ')}`}`,
  )
  return holds(result) && result.damaged.length === 0 && result.missing.length === 0
}

async function losingPower(options: { seed: string; mutant?: string; instants: number }) {
  if (!hasStrace()) {
    console.log('strace is not installed: power losses were skipped.')
    return true
  }
  const bar = aBar('instants', options.instants)
  const onProgress = (instants: number) => bar.update(instants, {})
  const result = await powerLoss({ ...options, activities: 600, bytes: 30_000, onProgress })
  bar.stop()
  console.log(
    `power lost at ${result.instants} instants of ${result.acknowledged} acknowledged activities and ${result.syncs} syncs; ${said(result)}`,
  )
  return holds(result) && result.damaged.length === 0
}

function said({ lost, twice, changed, damaged }: Verdict & { damaged: readonly string[] }): string {
  const some = (what: string, ids: readonly string[]) =>
    `${ids.length} ${what}${ids.length > 0 ? ` (${ids.slice(0, 5).join(', ')})` : ''}`
  return [some('lost', lost), some('twice', twice), some('changed', changed), some('damaged', damaged)].join(', ')
}

function aBar(what: string, total: number): SingleBar {
  const format = `{bar} {value}/{total} ${what} | {acknowledged} acknowledged | {duration_formatted}`
  const bar = new SingleBar({ format, noTTYOutput: true, notTTYSchedule: 15_000, hideCursor: true })
  bar.start(total, 0, { acknowledged: '' })
  return bar
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new StartError(`${text} is not a whole number\n\n${usage}`)
  return Number(text)
}

run(main)
