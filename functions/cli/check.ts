import { join } from 'node:path'
import * as v from 'valibot'
import { type Command, defineCommand } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import { startProgress } from './progress-line.ts'

/** How many differences to print. */
const maxPrinted = 20

export const checkCommand: Command = defineCommand({
  name: 'check',
  summary: 'compare the counters of a data folder with its activities',
  details: `
The log in one process counts its activities as it saves them: by action in each quarter of an hour, and by user. This
command counts them again and prints the counters that differ. It only reads, so you may run it beside a running log.

With --repair it counts everything again if a counter differs. Stop the log first, because it can save nothing in the meantime.`,
  arguments: {},
  options: {
    dataDir: {
      value: 'FOLDER',
      summary: 'the data folder',
      schema: v.optional(v.string(), './data'),
      variable: 'DATA_DIR',
    },
    repair: { summary: 'count everything again if a counter differs' },
  },
  environment: {},
  async run({ dataDir, repair }) {
    const { countAgain, differencesIn } = await import('@activity-log/shared/store/sqlite-check.ts')
    const path = join(dataDir, 'store.db')
    using progress = startProgress('Checking')
    const { checked, uncounted, differences } = await differencesIn(path, (done, of) => progress.update(done, of))
    progress.stop()
    for (const { what, counted, actual } of differences.slice(0, maxPrinted)) {
      console.log(`${what}: the counter says ${counted}, but it is ${actual}`)
    }
    const number = differences.length.toLocaleString('en')
    if (differences.length === 0) {
      const more = `${uncounted.toLocaleString('en')} more ${uncounted === 1 ? 'is' : 'are'} not counted yet.`
      const others = uncounted === 0 ? '' : ` ${more}`
      console.log(`All counters agree with ${checked.toLocaleString('en')} activities.${others}`)
      return exitCodes.done
    }
    console.log(differences.length === 1 ? '1 counter differs.' : `${number} counters differ.`)
    if (!repair) return exitCodes.negative
    await countAgain(path)
    console.log('All counters are right again.')
    return exitCodes.done
  },
})
